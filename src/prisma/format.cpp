// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/utf8.h"
#include "prisma/schema.h"

namespace contraflow::prisma {
namespace {

std::string arguments_text(const std::vector<Argument>& arguments);

std::string value_text(const std::string& value) {
  if (value.empty() || value.front() == '"') return value;
  if (value.front() == '[') {
    std::vector<std::string> elements;
    for (const std::string& element : list_elements(value)) elements.push_back(value_text(element));
    return "[" + join(elements, ", ") + "]";
  }
  const Call call = call_value(value);
  if (call.name.empty()) return value;
  return call.name + "(" + arguments_text(call.arguments) + ")";
}

std::string arguments_text(const std::vector<Argument>& arguments) {
  std::vector<std::string> out;
  for (const Argument& argument : arguments) out.push_back((argument.name.empty() ? "" : argument.name + ": ") + value_text(argument.value));
  return join(out, ", ");
}

std::string attribute_text(const Attribute& attribute, bool block_level, std::string_view source) {
  const bool brackets = source.substr(attribute.span.begin, attribute.span.end - attribute.span.begin).ends_with(')');
  return (block_level ? "@@" : "@") + attribute.name + (brackets ? "(" + arguments_text(attribute.arguments) + ")" : "");
}

// The order in which prisma format puts attributes (observed with Prisma 7).
int rank(const std::string& name, bool block_level) {
  static constexpr std::array<std::string_view, 7> kField{"id", "unique", "default", "updatedAt", "map", "relation", "ignore"};
  static constexpr std::array<std::string_view, 6> kBlock{"id", "unique", "index", "fulltext", "map", "ignore"};
  const auto place = [&](const auto& list) {
    const auto it = std::find(list.begin(), list.end(), name);
    return static_cast<int>(it - list.begin());
  };
  if (block_level) return place(kBlock);
  return name.find('.') != std::string::npos ? 8 : place(kField);
}

// A table of rows whose columns are aligned; lines between them are not.
class Rows {
 public:
  void row(std::vector<std::string> columns, std::string comment) { lines_.push_back({std::move(columns), std::move(comment), {}}); }
  void line(std::string text) { lines_.push_back({{}, {}, std::move(text)}); }
  bool empty() const { return lines_.empty(); }

  std::string text() const {
    std::vector<std::size_t> widths;
    for (const Line& line : lines_) {
      widths.resize(std::max(widths.size(), line.columns.size()));
      for (std::size_t i = 0; i < line.columns.size(); ++i) widths[i] = std::max(widths[i], count_characters(line.columns[i]));
    }
    std::string out;
    for (const Line& line : lines_) {
      std::string row = line.free;
      std::size_t last = line.columns.size();
      while (last > 0 && line.columns[last - 1].empty()) --last;
      for (std::size_t i = 0; i < last; ++i) {
        row += line.columns[i];
        if (i + 1 < last) row.append(widths[i] - count_characters(line.columns[i]) + 1, ' ');
      }
      if (!line.comment.empty()) row += (row.empty() ? "" : " ") + line.comment;
      out += "  " + row + "\n";
    }
    return out;
  }

 private:
  struct Line {
    std::vector<std::string> columns;
    std::string comment, free;
  };
  std::vector<Line> lines_;
};

class Formatter {
 public:
  explicit Formatter(const Schema& schema) : schema_(schema), text_(schema.text) {}

  std::string format() {
    std::size_t at = 0;
    for (const Block& block : schema_.blocks) {
      between(at, block.span.begin);
      this->block(block);
      at = block.span.end;
    }
    between(at, text_.size());
    while (out_.ends_with("\n\n")) out_.pop_back();
    if (out_.empty()) out_ = "\n";
    return std::move(out_);
  }

 private:
  // Comments outside of blocks: kept, with at most one empty line in a row, and one before what follows a block.
  void between(std::size_t begin, std::size_t end) {
    bool after_block = begin > 0, blank = false;
    for (const std::string& raw : split(text_.substr(begin, end - begin), '\n')) {
      std::string line(trim(raw));
      if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
      if (line.empty()) {
        blank = true;
        continue;
      }
      if (out_.empty() || after_block || blank) {
        if (!out_.empty()) out_ += "\n";
      }
      out_ += line + "\n";
      after_block = blank = false;
    }
    if (!out_.empty() && (after_block || blank || out_.ends_with("}\n")) && end < text_.size()) {
      // The empty line that keeps a comment apart from the block below stays.
      const std::string_view tail = text_.substr(begin, end - begin);
      const std::size_t last = tail.find_last_not_of(" \t\r\n");
      const bool apart = last == std::string_view::npos || std::count(tail.begin() + static_cast<std::ptrdiff_t>(last), tail.end(), '\n') > 1;
      if ((apart || out_.ends_with("}\n")) && !out_.ends_with("\n\n")) out_ += "\n";
    }
  }

  std::string comment_at(std::size_t& at) const {
    const std::size_t end = std::min(text_.find('\n', at), text_.size());
    std::string out(trim(text_.substr(at, end - at)));
    at = end;
    return out;
  }

  void block(const Block& block) {
    std::string head(trim(text_.substr(block.span.begin, block.body.begin - 1 - block.span.begin)));
    std::string clean;
    for (const char c : head) {
      if ((c == ' ' || c == '\t' || c == '\n' || c == '\r') && clean.ends_with(' ')) continue;
      clean += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    }
    out_ += clean + " {\n";
    Rows rows;
    bool any = false, blank = false;
    struct Kept {
      std::vector<std::string> comments;  // lines above it
      std::string text, comment;
      int rank;
    };
    std::vector<Kept> kept;
    std::vector<std::string> waiting;  // comments that may belong to a block attribute
    const auto flush_rows = [&] {
      out_ += rows.text();
      rows = Rows();
    };
    const auto new_line = [&] {
      if (blank && any) {
        flush_rows();
        out_ += "\n";
      }
      blank = false;
      any = true;
    };
    const auto flush_waiting = [&] {
      for (const std::string& comment : waiting) rows.line(comment);
      waiting.clear();
    };
    std::size_t at = block.body.begin, field = 0, attribute = 0, setting = 0;
    const auto trailing = [&](std::size_t& from) {
      while (from < block.body.end && (text_[from] == ' ' || text_[from] == '\t')) ++from;
      return text_.substr(from, 2) == "//" ? comment_at(from) : std::string();
    };
    int breaks = 0;
    while (at < block.body.end) {
      const char c = text_[at];
      if (c == '\n') {
        if (++breaks > 1) blank = true;
        ++at;
        continue;
      }
      if (c == ' ' || c == '\t' || c == '\r') {
        ++at;
        continue;
      }
      breaks = 0;
      if (text_.substr(at, 2) == "//") {
        if (waiting.empty()) {
          new_line();
          blank = false;
        } else if (blank) {
          flush_waiting();
          new_line();
        }
        waiting.push_back(comment_at(at));
        continue;
      }
      if (text_.substr(at, 2) == "@@" && attribute < block.attributes.size()) {
        const Attribute& a = block.attributes[attribute++];
        at = a.span.end;
        Kept one{.comments = std::move(waiting), .text = attribute_text(a, true, text_), .comment = trailing(at), .rank = rank(a.name, true)};
        waiting.clear();
        kept.push_back(std::move(one));
        blank = false;
        continue;
      }
      if (!waiting.empty()) {
        if (blank) {
          flush_waiting();
          new_line();
        } else {
          flush_waiting();
        }
      } else {
        new_line();
      }
      if (field < block.fields.size() && block.fields[field].span.begin == at) {
        const Field& f = block.fields[field++];
        at = f.span.end;
        std::vector<Attribute> sorted = f.attributes;
        std::stable_sort(sorted.begin(), sorted.end(), [](const Attribute& l, const Attribute& r) { return rank(l.name, false) < rank(r.name, false); });
        std::vector<std::string> attributes;
        for (const Attribute& a : sorted) attributes.push_back(attribute_text(a, false, text_));
        std::vector<std::string> columns{f.name};
        if (block.kind != BlockKind::enumeration) columns.push_back(f.type + (f.list ? "[]" : "") + (f.optional ? "?" : ""));
        columns.push_back(join(attributes, " "));
        rows.row(std::move(columns), trailing(at));
      } else if (setting < block.settings.size()) {
        const Argument& s = block.settings[setting++];
        at = text_.find('=', at) + 1;
        while (text_[at] == ' ' || text_[at] == '\t') ++at;
        at += s.value.size();
        rows.row({s.name, "= " + value_text(s.value)}, trailing(at));
      } else {
        ++at;
      }
    }
    if (!kept.empty()) {
      // Comments that stand alone before the attributes stay with the fields.
      flush_rows();
      std::stable_sort(kept.begin(), kept.end(), [](const Kept& l, const Kept& r) { return l.rank < r.rank; });
      if (any && !out_.ends_with("\n\n")) out_ += "\n";
      for (const Kept& one : kept) {
        for (const std::string& comment : one.comments) out_ += "  " + comment + "\n";
        out_ += "  " + one.text + (one.comment.empty() ? "" : " " + one.comment) + "\n";
      }
      for (const std::string& comment : waiting) out_ += "  " + comment + "\n";
    } else {
      flush_waiting();
      flush_rows();
    }
    out_ += "}\n";
  }

  const Schema& schema_;
  std::string_view text_;
  std::string out_;
};

}  // namespace

std::string format(std::string_view text, const std::string& file) { return Formatter(parse(text, file)).format(); }

}  // namespace contraflow::prisma
