// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include "base/text.h"
#include "catalog/source_migrations.h"

namespace contraflow::catalog {

namespace {

struct Marker {
  std::string_view up;
  std::string_view down;
  std::string_view layout;
};

// What stands behind "--" at the start of a line, in lower case, blanks squeezed.
constexpr std::array kMarkers = {
    Marker{"migrate:up", "migrate:down", "dbmate"},
    Marker{"+goose up", "+goose down", "goose"},
    Marker{"+migrate up", "+migrate down", "sql-migrate"},
    Marker{"+micrate up", "+micrate down", "micrate"},
    Marker{"up migration", "down migration", "node-pg-migrate"},
    Marker{"rambler up", "rambler down", "rambler"},
    Marker{"!ups", "!downs", "play"},
    Marker{"//@do", "//@undo", "mybatis"},
};

// The words of a comment line, or empty where it is none. Play writes `# --- !Ups`, MyBatis `--//@UNDO`.
std::string marker_text(std::string_view line) {
  if (line.find("--") == std::string_view::npos) return {};
  line = trim(line);
  if (line.starts_with('#')) line = trim(line.substr(1));
  if (!line.starts_with("--")) return {};
  while (line.starts_with('-')) line.remove_prefix(1);
  std::string out;
  for (const char c : trim(line)) {
    if (c == '\t' || c == ' ') {
      if (!out.ends_with(' ')) out += ' ';
    } else {
      out += c;
    }
  }
  return to_lower(out);
}

bool has_word(std::string_view text, std::string_view word) {
  const bool starts = text.starts_with(word);
  return starts && (text.size() == word.size() || text[word.size()] == ' ');
}

bool forbids_transaction(std::string_view marker) {
  return has_word(marker, "+goose no transaction") || has_word(marker, "no-transaction") ||
         has_word(marker, "atlas:txmode none") || has_word(marker, "+migrate up notransaction") ||
         marker.find("disable-transaction") == 0 ||
         (has_word(marker, "migrate:up") && marker.find("transaction:false") != std::string_view::npos);
}

}  // namespace

namespace {

UpPart part_of(const std::string& text, bool wanted) {
  UpPart part;
  part.text.reserve(text.size());
  bool up = true, begun = false;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::string marker = marker_text(line);
    bool is_marker = false;
    if (!marker.empty()) {
      for (const Marker& known : kMarkers) {
        const bool goes_up = has_word(marker, known.up);
        if (!goes_up && !has_word(marker, known.down)) continue;
        // Only node-pg-migrate takes an indented marker. One for the way back without one for the way up is a comment, in a function's body perhaps, but for the two
        // whose way up needs none.
        const bool node = known.layout == "node-pg-migrate";
        if (!node && (line.starts_with(' ') || line.starts_with('\t'))) continue;
        if (!goes_up && !begun && !node && known.layout != "mybatis") continue;
        begun = true;
        up = goes_up;
        is_marker = true;
        part.layout = known.layout;
      }
      if (forbids_transaction(marker)) part.transaction = false;
    }
    if (up == wanted && !is_marker) part.text += line;
    if (end < text.size()) part.text += '\n';
    begin = end + 1;
  }
  return part;
}

}  // namespace

UpPart up_part(const std::string& text) { return part_of(text, true); }

UpPart down_part(const std::string& text) { return part_of(text, false); }

}  // namespace contraflow::catalog
