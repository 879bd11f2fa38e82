// SPDX-License-Identifier: Apache-2.0
#include "sql/nesting.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/text.h"
#include "sql/scan.h"

namespace contraflow::sql {
namespace {

// What stands between one pair of parentheses. Operators nest to the next element of a list; set operations
// and joins nest through the lists of their queries.
struct Level {
  std::size_t operators = 0;
  std::size_t queries = 0;
  std::size_t depth() const { return 1 + operators + queries; }
};

// At least as many as the symbols and keywords of the text: a keyword is, or ends, a run of letters, and a symbol holds one of the other bytes.
std::size_t most_tokens(std::string_view text) {
  enum : std::uint8_t { sign,
                        space,
                        letter };
  static constexpr std::array<std::uint8_t, 256> kKinds = [] {
    std::array<std::uint8_t, 256> out{};
    for (std::size_t c = 0; c < out.size(); ++c) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80) out[c] = letter;
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') out[c] = space;
    }
    return out;
  }();
  std::size_t count = 0;
  std::uint8_t before = space;
  for (const char c : text) {
    const std::uint8_t kind = kKinds[static_cast<unsigned char>(c)];
    count += kind == sign || (kind == letter && before != letter);
    before = kind;
  }
  return count;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::optional<std::size_t> nests_deeper_than(std::string_view text, std::size_t limit) {
  if (text.size() < 2 * limit) return std::nullopt;    // every level takes two bytes at least: "+1"
  if (most_tokens(text) < limit) return std::nullopt;  // as with a file of short statements
  std::vector<Level> levels(1);
  std::size_t enclosing = 0;  // the depth of all levels but the innermost
  for (const Token& token : scan(text)) {
    if (token.kind != TokenKind::symbol && token.kind != TokenKind::keyword) continue;
    const std::string word = to_lower(text.substr(token.begin, token.end - token.begin));
    Level& level = levels.back();
    if (word == ";") {
      levels.assign(1, {});
      enclosing = 0;
    } else if (word == "(" || word == "[") {
      enclosing += level.depth();
      levels.emplace_back();
    } else if (word == ")" || word == "]") {
      if (levels.size() > 1) levels.pop_back(), enclosing -= levels.back().depth();
    } else if (is_one_of(word, {",", "and", "or", "when", "then", "else"})) {
      level.operators = 0;  // the parser keeps these as flat lists
    } else if (is_one_of(word, {"union", "intersect", "except", "join"})) {
      level.operators = 0;
      ++level.queries;
    } else if (word != ".") {
      ++level.operators;
    }
    if (enclosing + levels.back().depth() > limit) return token.begin;
  }
  return std::nullopt;
}

}  // namespace contraflow::sql
