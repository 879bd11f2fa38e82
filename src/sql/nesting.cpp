// SPDX-License-Identifier: Apache-2.0
#include "sql/nesting.h"

#include <algorithm>
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
// Comparisons of bytes alone, in blocks whose sum fits into one: compilers make vectors of them.
std::size_t most_tokens(std::string_view text) {
  const auto is_letter = [](std::uint8_t c) {
    const auto letter = static_cast<std::uint8_t>((c | 0x20U) - 'a'), digit = static_cast<std::uint8_t>(c - '0');
    return static_cast<std::uint8_t>((letter < 26) | (digit < 10) | (c == '_') | (c >= 0x80));
  };
  const auto is_space = [](std::uint8_t c) { return static_cast<std::uint8_t>((c == ' ') | (c == '\n') | (c == '\t') | (c == '\r') | (c == '\f')); };
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t count = text.empty() ? 0 : 1;  // the first byte, which has none before it
  constexpr std::size_t kBlock = 128;
  for (std::size_t at = 1; at < text.size(); at += kBlock) {
    const std::size_t size = std::min(kBlock, text.size() - at);
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint8_t letter = is_letter(bytes[at + i]), sign = letter | is_space(bytes[at + i]);
      sum = static_cast<std::uint8_t>(sum + ((letter & (is_letter(bytes[at + i - 1]) ^ 1)) | (sign ^ 1)));
    }
    count += sum;
  }
  return count;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::optional<std::size_t> nests_deeper_than(std::string_view text, std::size_t limit) {
  if (!may_nest_deeper_than(text.size(), limit)) return std::nullopt;
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
