// SPDX-License-Identifier: Apache-2.0
#include "code/string_expression.h"

#include <algorithm>

#include "base/text.h"

namespace contraflow::code {
namespace {

constexpr int kMaxDepth = 64;  // of expressions inside of expressions, and of constants that name constants

void append_code_point(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Decodes the escape that begins at `at` (a backslash) into `out` and returns where it ends.
std::size_t decode_escape(std::string_view source, std::size_t at, std::size_t end, std::string& out) {
  if (at + 1 >= end) {
    out += '\\';
    return at + 1;
  }
  const char c = source[at + 1];
  const auto digits = [&](std::size_t begin, std::size_t count) {
    unsigned long code = 0;
    std::size_t i = begin;
    for (; i < end && i < begin + count && hexadecimal(source[i]) >= 0; ++i) code = code * 16 + static_cast<unsigned long>(hexadecimal(source[i]));
    append_code_point(out, code);
    return i;
  };
  switch (c) {
    case 'n': out += '\n'; return at + 2;
    case 't': out += '\t'; return at + 2;
    case 'r': out += '\r'; return at + 2;
    case 's': out += ' '; return at + 2;  // Ruby and Java's text blocks
    case '0': return at + 2;
    case '\r': return at + (at + 2 < end && source[at + 2] == '\n' ? 3 : 2);
    case '\n': return at + 2;  // a continued line
    case 'x': return digits(at + 2, 2);
    case 'U': return digits(at + 2, 8);
    case 'u':
      if (at + 2 < end && source[at + 2] == '{') {
        const std::size_t close = std::min(source.find('}', at), end);
        digits(at + 3, close - at - 3);
        return close < end ? close + 1 : end;
      }
      return digits(at + 2, 4);
    default: out += c; return at + 2;
  }
}

bool all_capitals(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string_view last_name(std::string_view callee) {
  const std::size_t dot = callee.find_last_of(".?!");
  return dot == std::string_view::npos ? callee : callee.substr(dot + 1);
}

// `id<Type>`: the name alone.
std::string without_type_arguments(std::string_view callee) {
  callee = trim(callee.substr(0, callee.find('<')));
  if (callee.starts_with("await ")) callee = trim(callee.substr(6));
  return std::string(callee);
}

// Libraries whose template tag binds what is interpolated: Prisma, postgres.js, slonik, drizzle, @vercel/postgres, kysely, sql-template-strings.
bool binds_values(std::string_view tag) {
  const std::string name = to_lower(last_name(tag));
  return name == "sql" || name == "$queryraw" || name == "$executeraw" || name == "tx" || name == "query" || name == "one" || name == "any" || name == "maybeone";
}

// Interpolations that such a library takes as SQL: Prisma.raw(x), Prisma.join(x), Prisma.empty, sql(x), sql.identifier(x), sql.raw(x).
bool is_fragment(const Node& expression) {
  if (expression.is("call_expression")) {
    const std::string name = to_lower(last_name(without_type_arguments(expression.field("function").text())));
    if (expression.field("arguments").is("template_string")) return true;
    return name == "raw" || name == "join" || name == "sql" || name == "identifier" || name == "unsafe" || name == "fragment" || name == "ref" ||
           name == "table" || name == "id" || name == "lit" || name == "unnest" || name == "and" || name == "or";
  }
  if (expression.is("member_expression")) return to_lower(expression.field("property").text()) == "empty";
  return expression.is("ternary_expression") || expression.is("binary_expression");
}

Node unwrapped(Node node) {
  while (node.is("parenthesized_expression") || node.is("as_expression") || node.is("satisfies_expression") || node.is("non_null_expression") ||
         node.is("parenthesized_statements")) {
    const Node inner = node.first_named();
    if (!inner) break;
    node = inner;
  }
  return node;
}

bool is_scope(std::string_view type) {
  return type == "program" || type == "module" || type == "source_file" || type == "statement_block" || type == "block" || type == "class_body" ||
         type == "function_definition" || type == "class_definition" || type == "body_statement" || type == "method" || type == "class" ||
         type == "function_declaration" || type == "method_declaration" || type == "arrow_function" || type == "method_definition" || type == "class_declaration";
}

Node scope_of(const Node& node) {
  Node at = node.parent();
  while (at && !is_scope(at.type())) at = at.parent();
  return at;
}

}  // namespace

void StringValue::append(StringValue other) {
  const std::size_t offset = text.size();
  text += other.text;
  for (Piece& piece : other.pieces) {
    piece.at += offset;
    pieces.push_back(piece);
  }
  for (std::size_t i = 0; i < other.holes.size(); ++i) {
    other.holes[i].begin += offset;
    other.holes[i].end += offset;
    holes.push_back(other.holes[i]);
    hole_sources.push_back(other.hole_sources[i]);
  }
  if (tag.empty()) tag = other.tag;
}

const Piece* StringValue::piece_at(std::size_t offset) const {
  const Piece* last = nullptr;  // an offset at the end of a piece belongs to it where no other begins there
  for (const Piece& piece : pieces) {
    if (offset >= piece.at && offset < piece.at + piece.length) return &piece;
    if (offset == piece.at + piece.length) last = &piece;
  }
  return last;
}

void append_literal(StringValue& value, std::string_view source, std::size_t begin, std::size_t end, const LiteralRules& rules) {
  std::size_t at = begin, run = begin;
  const auto flush = [&](std::size_t until) {
    if (until <= run) return;
    value.pieces.push_back({value.text.size(), until - run, run, rules.quote, rules.raw});
    value.text.append(source.substr(run, until - run));
  };
  while (at < end) {
    const char c = source[at];
    if (c == '\\' && !rules.raw) {
      flush(at);
      at = run = decode_escape(source, at, end, value.text);
    } else if (rules.doubled_braces && (c == '{' || c == '}') && at + 1 < end && source[at + 1] == c) {
      flush(at + 1);
      at = run = at + 2;
    } else {
      ++at;
    }
  }
  flush(end);
}

Constants::Constants(const Tree& tree) {
  const auto declare = [&](const Node& name, const Node& value) {
    if (!name || !value || name.text().size() > 200) return;
    const Node scope = scope_of(name);
    declared_[std::string(name.text())].push_back({value, scope ? scope.begin() : 0, scope ? scope.end() : tree.source().size()});
  };
  walk(tree.root(), [&](Node node) {
    const std::string_view type = node.type();
    if (type == "variable_declarator") {
      if (node.field("name").is("identifier")) declare(node.field("name"), node.field("value"));
    } else if (type == "assignment" || type == "assignment_expression") {
      const Node left = node.field("left");
      if (left.is("identifier") || left.is("constant")) declare(left, node.field("right"));
    } else if (type == "public_field_definition" || type == "field_definition") {
      declare(node.field("name") ? node.field("name") : node.field("property"), node.field("value"));
    } else if (type == "pair" && all_capitals(node.field("key").text())) {
      declare(node.field("key"), node.field("value"));
    } else if (type == "const_spec" || type == "var_spec" || type == "short_var_declaration") {
      Node name = node.field(type == "short_var_declaration" ? "left" : "name");
      Node value = node.field(type == "short_var_declaration" ? "right" : "value");
      if (name.is("expression_list")) name = name.named_children().size() == 1 ? name.first_named() : Node();
      if (value.is("expression_list")) value = value.named_children().size() == 1 ? value.first_named() : Node();
      if (name.is("identifier")) declare(name, value);
    }
    return true;
  });
}

Node Constants::find(std::string_view name, const Node& use) const {
  const auto it = declared_.find(name);
  if (it == declared_.end()) return {};
  const Declaration* best = nullptr;
  for (const Declaration& declaration : it->second) {
    const bool visible = use.begin() >= declaration.scope_begin && use.end() <= declaration.scope_end && declaration.value.end() <= use.begin();
    const bool module_level = declaration.scope_begin == 0;
    if (!visible && !module_level) continue;
    if (declaration.value.begin() <= use.begin() && use.end() <= declaration.value.end()) continue;  // x = x + "…"
    if (best == nullptr || declaration.scope_begin > best->scope_begin ||
        (declaration.scope_begin == best->scope_begin && declaration.value.begin() > best->value.begin() && declaration.value.end() <= use.begin()))
      best = &declaration;
  }
  return best == nullptr ? Node() : best->value;
}

bool StringReader::is_string(const Node& node) const {
  const std::string_view type = node.type();
  if (type == "string" || type == "template_string" || type == "string_literal" || type == "interpreted_string_literal" || type == "raw_string_literal" ||
      type == "concatenated_string" || type == "chained_string" || type == "heredoc_body" || type == "binary_expression" || type == "binary_operator" ||
      type == "binary")
    return true;
  return type == "call_expression" || type == "call" || type == "method_invocation";  // tags, join, format
}

std::optional<StringValue> StringReader::read(const Node& given, int depth) const {
  if (depth > kMaxDepth || !given) return std::nullopt;
  const Node node = unwrapped(given);
  switch (tree_.language()) {
    case Language::typescript:
    case Language::tsx:
    case Language::javascript: return read_ecmascript(node, depth);
    case Language::python: return read_python(node, depth);
    case Language::go: return read_go(node, depth);
    case Language::java: return read_java(node, depth);
    case Language::ruby: return read_ruby(node, depth);
    case Language::none:
    case Language::sql:
    case Language::prisma: break;
  }
  return std::nullopt;
}

// What of a concatenation is no string is a hole. `need_string`: nothing where no part is one (a sum of numbers).
std::optional<StringValue> StringReader::concatenated(const std::vector<Node>& parts, int depth, bool need_string) const {
  StringValue out;
  bool any = false;
  for (const Node& part : parts) {
    if (auto value = read(part, depth + 1)) {
      out.append(std::move(*value));
      any = true;
    } else {
      out.holes.push_back({out.text.size(), out.text.size()});
      out.hole_sources.push_back(part);
    }
  }
  if (need_string && !any) return std::nullopt;
  return out;
}

std::optional<StringValue> StringReader::joined(const Node& list, const std::string& separator, int depth) const {
  StringValue out;
  bool first = true, any = false;
  for (const Node& element : list.named_children()) {
    if (!first) out.text += separator;
    first = false;
    if (auto value = read(element, depth + 1)) {
      out.append(std::move(*value));
      any = true;
    } else {
      out.holes.push_back({out.text.size(), out.text.size()});
      out.hole_sources.push_back(element);
    }
  }
  if (!any) return std::nullopt;
  return out;
}

std::optional<StringValue> StringReader::named(std::string_view name, const Node& use, int depth) const {
  const Node value = constants_.find(name, use);
  if (!value) return std::nullopt;
  auto out = read(value, depth + 8);  // constants that name each other end soon
  if (out) {
    for (Piece& piece : out->pieces) piece.local = false;
  }
  return out;
}

// A template literal, an f-string, a Ruby string with #{}: literal text with interpolations in it.
StringValue StringReader::template_value(const Node& node, const std::string& tag, int depth) const {
  StringValue out;
  out.tag = tag;
  const bool binds = binds_values(tag);
  LiteralRules rules{.quote = '`', .raw = last_name(tag) == "raw" && tag.starts_with("String")};
  std::size_t at = node.begin() + 1, end = node.end() > node.begin() + 1 ? node.end() - 1 : node.end();
  for (const Node& child : node.children()) {
    if (!child.is("template_substitution")) continue;
    append_literal(out, tree_.source(), at, child.begin(), rules);
    at = child.end();
    const Node expression = unwrapped(child.first_named());
    // What is itself SQL or a constant of this file is put in its place; in a tag that binds, a plain string is a value.
    const bool nested_tag = expression.is("call_expression") && expression.field("arguments").is("template_string");
    if (!binds || nested_tag) {
      if (auto value = read(expression, depth + 1)) {
        out.append(std::move(*value));
        continue;
      }
    }
    const bool fragment = is_fragment(expression);
    out.holes.push_back({out.text.size(), out.text.size(), binds && !fragment, fragment});
    out.hole_sources.push_back(expression);
  }
  append_literal(out, tree_.source(), at, end, rules);
  return out;
}

std::optional<StringValue> StringReader::read_ecmascript(const Node& node, int depth) const {
  const std::string_view type = node.type();
  if (type == "string") {
    StringValue out;
    if (node.end() < node.begin() + 2) return out;
    append_literal(out, tree_.source(), node.begin() + 1, node.end() - 1, {.quote = tree_.source()[node.begin()]});
    return out;
  }
  if (type == "template_string") return template_value(node, {}, depth);
  if (type == "call_expression") {
    const Node arguments = node.field("arguments");
    const Node function = node.field("function");
    if (arguments.is("template_string")) return template_value(arguments, without_type_arguments(function.text()), depth);
    if (function.is("member_expression") && function.field("property").text() == "join" && unwrapped(function.field("object")).is("array")) {
      const std::optional<StringValue> separator = read(arguments.first_named(), depth + 1);
      return joined(unwrapped(function.field("object")), separator ? separator->text : ",", depth);
    }
    if (function.is("member_expression") && function.field("property").text() == "concat") {
      if (auto value = read(function.field("object"), depth + 1)) {
        if (auto rest = concatenated(arguments.named_children(), depth, false)) value->append(std::move(*rest));
        return value;
      }
    }
    return std::nullopt;
  }
  if (type == "binary_expression" && node.field("operator").text() == "+") return concatenated({node.field("left"), node.field("right")}, depth, true);
  // The grammar reads tag<Type>`…` as two comparisons.
  if (type == "binary_expression" && node.field("operator").text() == ">" && node.field("right").is("template_string") &&
      node.field("left").is("binary_expression") && node.field("left").field("operator").text() == "<")
    return template_value(node.field("right"), without_type_arguments(node.field("left").field("left").text()), depth);
  if (type == "identifier") return named(node.text(), node, depth);
  if (type == "member_expression") {
    const Node property = node.field("property");
    const bool own = node.field("object").is("this");
    if (own || all_capitals(property.text())) return named(property.text(), node, depth);
  }
  return std::nullopt;
}

std::optional<StringValue> StringReader::read_python(const Node& node, int depth) const {
  const std::string_view type = node.type();
  if (type == "string") {
    StringValue out;
    std::size_t begin = node.begin(), end = node.end();
    std::string prefix;
    for (const Node& child : node.children()) {
      if (child.is("string_start")) {
        prefix = to_lower(child.text());
        begin = child.end();
      } else if (child.is("string_end")) {
        end = child.begin();
      }
    }
    if (prefix.find('b') != std::string::npos) return std::nullopt;
    const bool formatted = prefix.find('f') != std::string::npos;
    const LiteralRules rules{.quote = prefix.empty() ? '"' : prefix.back(), .raw = prefix.find('r') != std::string::npos, .doubled_braces = formatted};
    std::size_t at = begin;
    for (const Node& child : node.children()) {
      if (!child.is("interpolation")) continue;
      append_literal(out, tree_.source(), at, child.begin(), rules);
      at = child.end();
      const Node expression = child.first_named();
      if (auto value = read(expression, depth + 1)) {
        out.append(std::move(*value));
        continue;
      }
      out.holes.push_back({out.text.size(), out.text.size()});
      out.hole_sources.push_back(expression);
    }
    append_literal(out, tree_.source(), at, end, rules);
    return out;
  }
  if (type == "concatenated_string") return concatenated(node.named_children(), depth, true);
  if (type == "binary_operator") {
    const std::string_view op = node.field("operator").text();
    if (op == "+") return concatenated({node.field("left"), node.field("right")}, depth, true);
    if (op == "%") return read(node.field("left"), depth + 1);
    return std::nullopt;
  }
  if (type == "call") {
    const Node function = node.field("function");
    if (!function.is("attribute")) return std::nullopt;
    const std::string_view method = function.field("attribute").text();
    if (method == "format" || method == "strip") return read(function.field("object"), depth + 1);
    if (method == "join") {
      const std::optional<StringValue> separator = read(function.field("object"), depth + 1);
      const Node list = node.field("arguments").first_named();
      if (separator && (list.is("list") || list.is("tuple"))) return joined(list, separator->text, depth);
    }
    return std::nullopt;
  }
  if (type == "identifier") return named(node.text(), node, depth);
  if (type == "attribute" && (all_capitals(node.field("attribute").text()) || node.field("object").text() == "self" || node.field("object").text() == "cls"))
    return named(node.field("attribute").text(), node, depth);
  return std::nullopt;
}

std::optional<StringValue> StringReader::read_go(const Node& node, int depth) const {
  const std::string_view type = node.type();
  if (type == "interpreted_string_literal" || type == "raw_string_literal") {
    StringValue out;
    if (node.end() < node.begin() + 2) return out;
    const bool raw = type == "raw_string_literal";
    append_literal(out, tree_.source(), node.begin() + 1, node.end() - 1, {.quote = raw ? '`' : '"', .raw = raw});
    return out;
  }
  if (type == "binary_expression" && node.field("operator").text() == "+") return concatenated({node.field("left"), node.field("right")}, depth, true);
  if (type == "identifier") return named(node.text(), node, depth);
  return std::nullopt;
}

std::optional<StringValue> StringReader::read_java(const Node& node, int depth) const {
  const std::string_view type = node.type();
  if (type == "string_literal") {
    StringValue out;
    const bool block = node.text().starts_with("\"\"\"");
    const std::size_t quotes = block ? 3 : 1;
    if (node.end() < node.begin() + 2 * quotes) return out;
    append_literal(out, tree_.source(), node.begin() + quotes, node.end() - quotes, {.quote = '"'});
    return out;
  }
  if (type == "binary_expression" && node.field("operator").text() == "+") return concatenated({node.field("left"), node.field("right")}, depth, true);
  if (type == "method_invocation") {
    const std::string_view method = node.field("name").text();
    if (method == "formatted" || method == "strip" || method == "trim" || method == "stripIndent") return read(node.field("object"), depth + 1);
    return std::nullopt;
  }
  if (type == "identifier") return named(node.text(), node, depth);
  if (type == "field_access" && all_capitals(node.field("field").text())) return named(node.field("field").text(), node, depth);
  return std::nullopt;
}

std::optional<StringValue> StringReader::read_ruby(const Node& node, int depth) const {
  const std::string_view type = node.type();
  if (type == "string" || type == "heredoc_body") {
    StringValue out;
    const std::vector<Node> children = node.children();
    const bool heredoc = type == "heredoc_body";
    std::size_t at = node.begin(), end = node.end();
    char quote = '\0';
    if (!heredoc && !children.empty()) {
      quote = children.front().text().empty() ? '"' : children.front().text().back();
      at = children.front().end();
      end = std::max(at, children.back().begin());
    }
    const LiteralRules rules{.quote = quote, .raw = quote == '\''};
    for (const Node& child : children) {
      if (child.is("heredoc_end")) {
        end = child.begin();
      } else if (child.is("interpolation")) {
        append_literal(out, tree_.source(), at, child.begin(), rules);
        at = child.end();
        const Node expression = child.first_named();
        if (auto value = read(expression, depth + 1)) {
          out.append(std::move(*value));
          continue;
        }
        out.holes.push_back({out.text.size(), out.text.size()});
        out.hole_sources.push_back(expression);
      }
    }
    append_literal(out, tree_.source(), at, std::max(at, end), rules);
    return out;
  }
  if (type == "chained_string") return concatenated(node.named_children(), depth, true);
  if (type == "binary" && (node.field("operator").text() == "+" || node.field("operator").text() == "<<"))
    return concatenated({node.field("left"), node.field("right")}, depth, true);
  if (type == "identifier" || type == "constant") return named(node.text(), node, depth);
  return std::nullopt;
}

}  // namespace contraflow::code
