// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "prisma/schema.h"

namespace contraflow::prisma {
namespace {

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 0;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Schema schema() {
    Schema out{.text = std::string(text_), .file = file_};
    out.parts.push_back({file_, {0, text_.size()}});
    for (skip_blank(true); at_ < text_.size(); skip_blank(true)) out.blocks.push_back(block());
    return out;
  }

  // The parts of a list or of an argument list that is not between brackets any more.
  std::vector<Argument> arguments_until(char close) {
    std::vector<Argument> out;
    while (true) {
      skip_blank(true);
      if (peek() == close || (close == '\0' && at_ >= text_.size())) break;
      Argument argument;
      const std::size_t begin = at_;
      std::string name = word();
      skip_blank(true);
      if (!name.empty() && peek() == ':') {
        ++at_;
        argument.name = std::move(name);
        skip_blank(true);
      } else {
        at_ = begin;
      }
      argument.value = value();
      out.push_back(std::move(argument));
      skip_blank(true);
      if (peek() == ',') {
        ++at_;
        continue;
      }
      if (peek() != close) fail(fmt::format("expected , or {}", close == '\0' ? "the end" : std::string(1, close)));
    }
    return out;
  }

  std::size_t position() const { return at_; }
  bool at_end() {
    skip_blank(true);
    return at_ >= text_.size();
  }

  // One value: a string, a number, a name with dots, a call, a list. Its source text.
  std::string value() {
    const std::size_t begin = at_;
    const char c = peek();
    if (c == '"') {
      string();
    } else if (c == '[' || c == '{') {
      brackets(c, c == '[' ? ']' : '}');
    } else {
      while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.' || text_[at_] == '+')) ++at_;
      if (at_ == begin) fail("a value is missing");
      if (peek() == '(') brackets('(', ')');
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t offset, const std::string& what) const {
    throw Error(ErrorCode::usage, what, "prisma validate says what a Prisma schema may hold").at(locate(text_, offset, file_));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // Blanks and comments, and line ends where `lines`.
  void skip_blank(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const std::size_t end = text_.find("*/", at_);
        if (end == std::string_view::npos) fail("this comment does not end");
        at_ = end + 2;
      } else if (static_cast<unsigned char>(c) == 0xEF && text_.substr(at_, 3) == "\xEF\xBB\xBF" && at_ == 0) {
        at_ += 3;
      } else {
        break;
      }
    }
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  void string() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') ++at_;
      if (peek() == '\n') break;
      ++at_;
    }
    if (peek() != '"') fail_at(begin, "this string does not end");
    ++at_;
  }

  void brackets(char open, char close) {
    const std::size_t begin = at_;
    if (++depth_ > 200) fail("brackets nest too deeply");
    ++at_;
    while (at_ < text_.size() && text_[at_] != close) {
      const char c = text_[at_];
      if (c == '"')
        string();
      else if (c == '(')
        brackets('(', ')');
      else if (c == '[')
        brackets('[', ']');
      else if (c == '{')
        brackets('{', '}');
      else if (c == ')' || c == ']' || c == '}')
        fail(fmt::format("{} without its opening bracket", c));
      else if (text_.substr(at_, 2) == "//")
        at_ = std::min(text_.find('\n', at_), text_.size());
      else
        ++at_;
    }
    if (peek() != close) fail_at(begin, fmt::format("this {} is not closed", open));
    ++at_;
    --depth_;
  }

  Attribute attribute(bool block_level) {
    Attribute out;
    out.span.begin = at_;
    at_ += block_level ? 2 : 1;
    out.name = word();
    while (peek() == '.') {
      ++at_;
      out.name += '.' + word();
    }
    if (out.name.empty()) fail("an attribute needs a name");
    if (peek() == '(') {
      const std::size_t open = at_;
      ++at_;
      out.arguments = arguments_until(')');
      if (peek() != ')') fail_at(open, "this ( is not closed");
      ++at_;
    }
    out.span.end = at_;
    return out;
  }

  Field field(BlockKind kind) {
    Field out;
    out.span.begin = at_;
    out.name = word();
    if (out.name.empty()) fail("expected the name of a field");
    out.span.end = at_;
    skip_blank(false);
    if (kind != BlockKind::enumeration) {
      if (peek() == ':') {  // an old form that Prisma still reads
        ++at_;
        skip_blank(false);
      }
      const std::size_t type = at_;
      out.type = word();
      if (out.type.empty()) fail_at(type, fmt::format("field {} has no type", out.name));
      if (out.type == "Unsupported" && peek() == '(') {
        brackets('(', ')');
        out.type = std::string(text_.substr(type, at_ - type));
      }
      if (text_.substr(at_, 2) == "[]") {
        out.list = true;
        at_ += 2;
      }
      if (peek() == '?') {
        out.optional = true;
        ++at_;
      } else if (peek() == '!') {
        ++at_;
      }
      out.span.end = at_;
      skip_blank(false);
    }
    while (peek() == '@') {
      if (text_.substr(at_, 2) == "@@") fail("an attribute with @@ stands on a line of its own");
      out.attributes.push_back(attribute(false));
      out.span.end = at_;
      skip_blank(false);
    }
    return out;
  }

  void settings(Block& block) {
    Argument out;
    out.name = word();
    if (out.name.empty()) fail("expected a setting");
    skip_blank(false);
    if (peek() != '=') fail(fmt::format("expected = after {}", out.name));
    ++at_;
    skip_blank(false);
    out.value = value();
    block.settings.push_back(std::move(out));
  }

  Block block() {
    static constexpr struct {
      std::string_view word;
      BlockKind kind;
    } kKinds[] = {{"model", BlockKind::model}, {"view", BlockKind::view}, {"type", BlockKind::composite_type}, {"enum", BlockKind::enumeration}, {"datasource", BlockKind::datasource}, {"generator", BlockKind::generator}};
    Block out;
    out.span.begin = at_;
    const std::string keyword = word();
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& k) { return k.word == keyword; });
    if (kind == std::end(kKinds)) fail_at(out.span.begin, keyword.empty() ? "expected a block" : fmt::format("unknown block {}", keyword));
    out.kind = kind->kind;
    skip_blank(false);
    out.name = word();
    if (out.name.empty()) fail(fmt::format("this {} has no name", keyword));
    skip_blank(true);
    if (peek() != '{') fail("expected {");
    ++at_;
    out.body.begin = at_;
    for (skip_blank(true); at_ < text_.size() && peek() != '}'; skip_blank(true)) {
      if (text_.substr(at_, 2) == "@@")
        out.attributes.push_back(attribute(true));
      else if (out.kind == BlockKind::datasource || out.kind == BlockKind::generator)
        settings(out);
      else
        out.fields.push_back(field(out.kind));
      skip_blank(false);
      if (peek() != '\n' && peek() != '}' && at_ < text_.size()) fail("expected the end of the line");
    }
    if (peek() != '}') fail_at(out.span.begin, fmt::format("{} {} is not closed", keyword, out.name));
    out.body.end = at_++;
    out.span.end = at_;
    return out;
  }

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

template <class T>
const T* by_name(const std::vector<T>& list, std::string_view name) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const T& t) { return t.name == name; });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace

Schema parse(std::string_view text, const std::string& file) {
  if (const std::size_t bad = first_invalid_utf8(text); bad != text.size()) {
    Location at = locate(text, bad, file);
    at.source_line.clear();  // not printable
    throw Error(ErrorCode::usage, fmt::format("\"{}\" is not valid UTF-8", file), "convert it, for instance: iconv -f ISO-8859-1 -t UTF-8 FILE").at(at);
  }
  return Parser(text, file).schema();
}

Schema parse_files(const std::vector<std::pair<std::string, std::string>>& files, const std::string& folder) {
  Schema out;
  out.file = files.size() == 1 ? files.front().first : folder;
  const auto shift = [&](Span& span) {
    span.begin += out.text.size();
    span.end += out.text.size();
  };
  for (const auto& [name, text] : files) {
    Schema one = parse(text, name);
    for (Block& block : one.blocks) {
      shift(block.span);
      shift(block.body);
      for (Attribute& attribute : block.attributes) shift(attribute.span);
      for (Field& field : block.fields) {
        shift(field.span);
        for (Attribute& attribute : field.attributes) shift(attribute.span);
      }
      out.blocks.push_back(std::move(block));
    }
    for (Part& part : one.parts) {
      shift(part.span);
      out.parts.push_back(std::move(part));
    }
    out.text += text;
  }
  return out;
}

std::string unknown_type(const Schema& schema) {
  static const std::set<std::string_view> kScalars{"String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes"};
  for (const Block& block : schema.blocks) {
    if (block.kind == BlockKind::enumeration) continue;
    for (const Field& field : block.fields) {
      if (field.type.starts_with("Unsupported") || kScalars.contains(field.type) || schema.model(field.type) || schema.enumeration(field.type) || schema.find(BlockKind::composite_type, field.type)) continue;
      return field.type;
    }
  }
  return {};
}

const Part& Schema::part_at(std::size_t offset) const {
  for (const Part& part : parts) {
    if (offset < part.span.end) return part;
  }
  return parts.back();
}

Location Schema::place(std::size_t offset) const {
  const Part& part = part_at(offset);
  return locate(std::string_view(text).substr(part.span.begin, part.span.end - part.span.begin), offset - part.span.begin, part.file);
}

const Argument* Attribute::find(std::string_view argument) const { return by_name(arguments, argument); }
const Argument* Attribute::first(std::string_view argument) const {
  if (const Argument* named = find(argument)) return named;
  return by_name(arguments, "");
}
const Attribute* Field::find(std::string_view attribute) const { return by_name(attributes, attribute); }
std::string Field::column() const {
  const Attribute* map = find("map");
  const Argument* value = map != nullptr ? map->first("name") : nullptr;
  return value != nullptr ? string_value(value->value).value_or(name) : name;
}
const Field* Block::field(std::string_view wanted) const { return by_name(fields, wanted); }
const Attribute* Block::find(std::string_view attribute) const { return by_name(attributes, attribute); }
std::string Block::mapped_name() const {
  const Attribute* map = find("map");
  const Argument* value = map != nullptr ? map->first("name") : nullptr;
  return value != nullptr ? string_value(value->value).value_or(name) : name;
}
std::string Block::schema() const {
  const Attribute* attribute = find("schema");
  const Argument* value = attribute != nullptr ? attribute->first("map") : nullptr;
  return value != nullptr ? string_value(value->value).value_or("") : "";
}
const std::string* Block::setting(std::string_view wanted) const {
  const Argument* found = by_name(settings, wanted);
  return found != nullptr ? &found->value : nullptr;
}
const Block* Schema::find(BlockKind kind, std::string_view name) const {
  for (const Block& block : blocks) {
    if (block.kind == kind && block.name == name) return &block;
  }
  return nullptr;
}
const Block* Schema::model(std::string_view name) const {
  const Block* found = find(BlockKind::model, name);
  return found != nullptr ? found : find(BlockKind::view, name);
}
const Block* Schema::enumeration(std::string_view name) const { return find(BlockKind::enumeration, name); }
const Block* Schema::datasource() const {
  for (const Block& block : blocks) {
    if (block.kind == BlockKind::datasource) return &block;
  }
  return nullptr;
}

std::optional<std::string> string_value(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] != '\\' || i + 2 >= value.size()) {
      out += value[i];
      continue;
    }
    switch (value[++i]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'u': {  // \uXXXX in the basic plane
        unsigned code = 0;
        for (int digit = 0; digit < 4 && i + 2 < value.size(); ++digit) code = code * 16 + static_cast<unsigned>(hexadecimal(value[++i]));
        if (code < 0x80) {
          out += static_cast<char>(code);
        } else if (code < 0x800) {
          out += static_cast<char>(0xC0 | (code >> 6));
          out += static_cast<char>(0x80 | (code & 0x3F));
        } else {
          out += static_cast<char>(0xE0 | (code >> 12));
          out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
          out += static_cast<char>(0x80 | (code & 0x3F));
        }
        break;
      }
      default: out += value[i];
    }
  }
  return out;
}

std::vector<std::string> list_elements(std::string_view value) {
  std::vector<std::string> out;
  if (value.empty()) return out;
  if (value.front() != '[') return {std::string(value)};
  const std::string inside(value.substr(1, value.size() - 2));
  Parser parser(inside, "");
  for (Argument& argument : parser.arguments_until('\0')) out.push_back(std::move(argument.value));
  return out;
}

Call call_value(std::string_view value) {
  Call out;
  const std::size_t open = value.find('(');
  if (open == std::string_view::npos || value.front() == '"' || value.front() == '[' || value.back() != ')') return out;
  out.name = std::string(value.substr(0, open));
  const std::string inside(value.substr(open + 1, value.size() - open - 2));
  out.arguments = Parser(inside, "").arguments_until('\0');
  return out;
}

}  // namespace contraflow::prisma
