// SPDX-License-Identifier: Apache-2.0
#include "cli/error_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"

namespace contraflow::cli {
namespace {

constexpr std::size_t kMaxShown = 110;  // characters of a source line

// The part of a long line around the column, and where the column is in it (in characters, from 0).
struct Excerpt {
  std::string text;
  std::size_t column;
};

Excerpt excerpt_of(const Location& location) {
  const std::string line = replace_all(location.source_line, "\t", " ");  // one character stays one column
  const std::size_t column = location.column > 0 ? static_cast<std::size_t>(location.column - 1) : 0;
  const std::size_t length = count_characters(line);
  if (length <= kMaxShown) return {line, std::min(column, length)};
  const std::size_t first = column > kMaxShown / 2 ? std::min(column - kMaxShown / 2, length) : 0;
  const std::size_t begin = byte_of_character(line, first);
  const std::size_t end = byte_of_character(line, first + kMaxShown);
  std::string text = line.substr(begin, end - begin);
  if (end < line.size()) text += "…";
  if (first == 0) return {text, column};
  return {"…" + text, column - first + 1};
}

std::string place_of(const Location& location) {
  std::string place = location.file.empty() ? "<input>" : location.file;
  if (location.line > 0) place += fmt::format(":{}", location.line);
  if (location.line > 0 && location.column > 0) place += fmt::format(":{}", location.column);
  return place;
}

bool at_word_start(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\n'\"([{,;&?").find(text[at - 1]) != std::string_view::npos;
}

// scheme://user:SECRET@host
void hide_in_uris(std::string& text) {
  for (std::size_t at = 0; (at = text.find("://", at)) != std::string::npos;) {
    at += 3;
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'/", at), text.size());
    const std::size_t host = text.rfind('@', end);
    const std::size_t colon = text.find(':', at);
    if (host == std::string::npos || host < at || colon == std::string::npos || colon > host) continue;
    text.replace(colon + 1, host - colon - 1, "***");
  }
}

// password=SECRET, password='SEC RET', ?password=SECRET
void hide_in_settings(std::string& text) {
  constexpr std::string_view kName = "password";
  for (std::size_t at = 0; (at = text.find(kName, at)) != std::string::npos;) {
    const std::size_t name = at;
    at += kName.size();
    std::size_t value = text.find_first_not_of(' ', at);
    if (!at_word_start(text, name) || value == std::string::npos || text[value] != '=') continue;
    value = std::min(text.find_first_not_of(' ', value + 1), text.size());
    std::size_t end = std::min(text.find_first_of(" \t\n&\"'", value), text.size());
    if (value < text.size() && text[value] == '\'') {
      end = value + 1;
      while (end < text.size() && text[end] != '\'') end += text[end] == '\\' ? 2U : 1U;
      end = std::min(end + 1, text.size());
    }
    text.replace(value, end - value, "***");
    at = value + 3;
  }
}

}  // namespace

std::string hide_passwords(std::string_view text) {
  std::string out(text);
  hide_in_uris(out);
  hide_in_settings(out);
  return out;
}

std::string render_report(std::string_view label, std::string_view message, const Location* location,
                          std::string_view hint, bool color) {
  const auto blue = [&](std::string_view text) { return styled(text, Style::blue, color); };
  const std::vector<std::string> lines = split_lines(message);
  std::string out = fmt::format("{}{} {}\n", label, styled(":", Style::bold, color),
                                styled(lines.empty() ? "" : lines.front(), Style::bold, color));
  const std::string number =
      location != nullptr && !location->source_line.empty() ? std::to_string(location->line) : std::string();
  const std::string margin(number.size(), ' ');
  if (location != nullptr) out += fmt::format("{}{} {}\n", margin, blue(" -->"), place_of(*location));
  if (!number.empty()) {
    const Excerpt excerpt = excerpt_of(*location);
    const std::size_t before = display_width(
        std::string_view(excerpt.text).substr(0, byte_of_character(excerpt.text, excerpt.column)));
    out += fmt::format(" {} {}\n", margin, blue("|"));
    out += fmt::format(" {} {} {}\n", blue(number), blue("|"), excerpt.text);
    if (location->column > 0) {
      out += fmt::format(" {} {} {}{}\n", margin, blue("|"), std::string(before, ' '),
                         styled("^", Style::red, color));
    }
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!lines[i].empty()) out += fmt::format(" {} {} {}\n", margin, blue("="), lines[i]);
  }
  bool first = true;
  for (const std::string& line : split_lines(hint)) {
    out += first ? fmt::format(" {} {} {} {}\n", margin, blue("="), styled("help:", Style::cyan, color), line)
                 : fmt::format(" {}         {}\n", margin, line);
    first = false;
  }
  return hide_passwords(out);
}

std::string render_error(const Error& error, bool color) {
  std::string label = "error";
  if (!error.sqlstate().empty()) label += fmt::format("[{}]", error.sqlstate());
  return render_report(styled(label, Style::red, color), error.message(),
                       error.location() ? &*error.location() : nullptr, error.hint(), color);
}

}  // namespace contraflow::cli
