// SPDX-License-Identifier: Apache-2.0
#include "rehearse/column_hints.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/patterns.h"
#include "sql/scan.h"

namespace contraflow::rehearse {
namespace {

using sql::Token;
using sql::TokenKind;

// Reads a condition by its tokens: the server prints every operator's operands in brackets, and casts behind what they cast.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text), tokens_(sql::scan(text)) {}

  std::map<std::string, ColumnHints> read() {
    condition({0, tokens_.size()});
    return std::move(hints_);
  }

 private:
  struct Part {
    std::size_t begin, end;  // tokens
    std::size_t size() const { return end - begin; }
  };

  std::string_view at(std::size_t token) const { return std::string_view(text_).substr(tokens_[token].begin, tokens_[token].end - tokens_[token].begin); }
  std::string word(std::size_t token) const { return to_lower(at(token)); }
  std::string text(Part part) const {
    return part.size() == 0 ? "" : text_.substr(tokens_[part.begin].begin, tokens_[part.end - 1].end - tokens_[part.begin].begin);
  }

  static int depth_change(std::string_view token) { return token == "(" || token == "[" ? 1 : token == ")" || token == "]" ? -1
                                                                                                                           : 0; }

  Part without_brackets(Part part) const {
    while (part.size() >= 2 && at(part.begin) == "(" && at(part.end - 1) == ")") {
      int depth = 0;
      std::size_t i = part.begin;
      for (; i < part.end; ++i) {
        depth += depth_change(at(i));
        if (depth == 0) break;
      }
      if (i != part.end - 1) break;
      part = {part.begin + 1, part.end - 1};
    }
    return part;
  }

  // "(name)::text" -> name
  Part without_casts(Part part) const {
    for (;;) {
      part = without_brackets(part);
      int depth = 0;
      std::size_t cast = part.end;
      for (std::size_t i = part.begin; i < part.end; ++i) {
        depth += depth_change(at(i));
        if (depth == 0 && at(i) == "::") cast = i;
      }
      if (cast == part.end) return part;
      part.end = cast;
    }
  }

  std::vector<Part> split(Part part, std::string_view separator) const {
    std::vector<Part> out;
    int depth = 0;
    std::size_t begin = part.begin;
    for (std::size_t i = part.begin; i < part.end; ++i) {
      depth += depth_change(at(i));
      if (depth == 0 && word(i) == separator) {
        out.push_back({begin, i});
        begin = i + 1;
      }
    }
    out.push_back({begin, part.end});
    return out;
  }

  void condition(Part part) {
    part = without_brackets(part);
    if (part.size() < 3) return;
    if (const auto choices = split(part, "or"); choices.size() > 1) return one_of(choices);
    if (const auto all = split(part, "and"); all.size() > 1) {
      for (const Part one : all) condition(one);
      return;
    }
    comparison(part);
  }

  // "a IS NULL OR …" asks of values what stands behind it; values that are listed one by one are a list.
  void one_of(const std::vector<Part>& choices) {
    std::vector<Part> kept;
    for (const Part choice : choices) {
      const Part bare = without_brackets(choice);
      const bool null_test = bare.size() >= 2 && word(bare.end - 1) == "null" && word(bare.end - 2) == "is";
      if (!null_test) kept.push_back(choice);
    }
    if (kept.size() == 1) return condition(kept[0]);
    std::string column;
    std::vector<std::string> values;
    for (const Part choice : kept) {
      Reader one(text(choice));
      const auto hints = one.read();
      if (hints.size() != 1 || hints.begin()->second.listed.empty() || (!column.empty() && hints.begin()->first != column)) return;
      column = hints.begin()->first;
      values.insert(values.end(), hints.begin()->second.listed.begin(), hints.begin()->second.listed.end());
    }
    if (!column.empty()) hints_[column].listed = values;
  }

  std::string column(Part part) const {
    part = without_casts(part);
    if (part.size() != 1) return {};
    const Token& token = tokens_[part.begin];
    if (token.kind == TokenKind::keyword && word(part.begin) == "value") return "VALUE";
    if (token.kind != TokenKind::identifier && token.kind != TokenKind::keyword) return {};
    if (const std::string name = word(part.begin); name == "true" || name == "false" || name == "null" || name.starts_with("current_")) return {};
    return sql::identifier_value(at(part.begin));
  }

  // The text of a constant, its casts included; the time of day counts as one.
  std::string constant(Part part) const {
    const Part bare = without_casts(part);
    const bool now = (bare.size() == 3 && word(bare.begin) == "now") || (bare.size() == 1 && (word(bare.begin) == "current_date" || word(bare.begin) == "current_timestamp"));
    const bool negative = bare.size() == 2 && at(bare.begin) == "-" && tokens_[bare.begin + 1].kind == TokenKind::constant;
    if (!now && !negative && (bare.size() != 1 || tokens_[bare.begin].kind != TokenKind::constant)) return {};
    return text(part);
  }

  // The argument of a function of one argument, or nothing.
  std::optional<Part> call(Part part, std::initializer_list<std::string_view> names) const {
    part = without_casts(part);
    if (part.size() < 4 || at(part.begin + 1) != "(" || at(part.end - 1) != ")") return std::nullopt;
    if (std::find(names.begin(), names.end(), word(part.begin)) == names.end()) return std::nullopt;
    return Part{part.begin + 2, part.end - 1};
  }

  std::string string_of(Part part) const {
    const Part bare = without_casts(part);
    return bare.size() == 1 ? string_value(at(bare.begin)).value_or("") : "";
  }

  void comparison(Part part) {
    static constexpr std::string_view kOperators[] = {">=", "<=", ">", "<", "=", "~", "~*", "~~", "~~*"};
    int depth = 0;
    for (std::size_t i = part.begin + 1; i + 1 < part.end; ++i) {
      depth += depth_change(at(i));
      if (i == part.begin + 1) depth += depth_change(at(part.begin));
      if (depth != 0 || std::find(std::begin(kOperators), std::end(kOperators), at(i)) == std::end(kOperators)) continue;
      return compare({part.begin, i}, std::string(at(i)), {i + 1, part.end});
    }
  }

  void compare(Part left, std::string op, Part right) {
    if (op == "=" && right.size() > 2 && word(right.begin) == "any") return list(left, {right.begin + 1, right.end});
    if (const auto of = call(left, {"length", "char_length", "character_length"})) return length(column(*of), op, constant(right));
    for (const auto& [call_side, other] : {std::pair(right, left), std::pair(left, right)}) {
      const auto small = call(call_side, {"lower"}), capital = call(call_side, {"upper"});
      if (op != "=" || (!small && !capital)) continue;
      const std::string name = column(small ? *small : *capital);
      if (!name.empty() && name == column(other)) (small ? hints_[name].small_letters : hints_[name].capitals) = true;
      return;
    }
    const std::string name = column(left);
    if (name.empty()) return;
    if (op.front() == '~') {
      const std::string pattern = string_of(right);
      if (!pattern.empty()) hints_[name].pattern = op.starts_with("~~") ? pattern_of_like(pattern) : pattern;
      return;
    }
    if (const std::string other = column(right); !other.empty() && op != "=") {
      const bool later = op.front() == '>';
      ColumnHints& hints = hints_[later ? name : other];
      hints.after = later ? other : name;
      hints.strictly = op.size() == 1;
      return;
    }
    const std::string value = constant(right);
    if (value.empty()) return;
    ColumnHints& hints = hints_[name];
    if (op == "=") hints.listed = {value};
    if (op.front() == '>') hints.lower = value, hints.above = op == ">";
    if (op.front() == '<') hints.upper = value, hints.below = op == "<";
  }

  void length(const std::string& name, const std::string& op, const std::string& limit) {
    if (name.empty() || limit.empty()) return;
    const int value = std::atoi(limit.c_str());
    ColumnHints& hints = hints_[name];
    if (op == "=") hints.shortest = hints.longest = value;
    if (op.front() == '>') hints.shortest = value + (op == ">" ? 1 : 0);
    if (op.front() == '<') hints.longest = value - (op == "<" ? 1 : 0);
  }

  // "(ARRAY['a'::text, 'b'::text])", with casts around: the first constant of each element is its value.
  void list(Part left, Part right) {
    const std::string name = column(left);
    right = without_casts(right);
    if (name.empty() || right.size() < 4 || word(right.begin) != "array" || at(right.begin + 1) != "[") return;
    std::vector<std::string> values;
    for (const Part element : split({right.begin + 2, right.end - 1}, ",")) {
      const Part value = without_casts(element);
      const bool negative = value.size() == 2 && at(value.begin) == "-";
      if (value.size() != (negative ? 2U : 1U) || tokens_[value.end - 1].kind != TokenKind::constant) return;
      values.push_back(text(value));
    }
    hints_[name].listed = values;
  }

  const std::string text_;
  std::vector<Token> tokens_;
  std::map<std::string, ColumnHints> hints_;
};

}  // namespace

void ColumnHints::take(const ColumnHints& more) {
  if (listed.empty()) listed = more.listed;
  if (lower.empty()) lower = more.lower, above = more.above;
  if (upper.empty()) upper = more.upper, below = more.below;
  shortest = std::max(shortest, more.shortest);
  if (longest < 0 || (more.longest >= 0 && more.longest < longest)) longest = more.longest;
  if (pattern.empty()) pattern = more.pattern;
  small_letters = small_letters || more.small_letters;
  capitals = capitals || more.capitals;
  if (after.empty()) after = more.after, strictly = more.strictly;
}

std::map<std::string, ColumnHints> hints_in(const std::string& condition) {
  try {
    return Reader(condition).read();
  } catch (const Error&) {
    return {};  // newer syntax than the scanner's: the condition filters the rows all the same
  }
}

}  // namespace contraflow::rehearse
