// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_scan.h"

#include <array>
#include <cstdint>

#include "base/text.h"

namespace contraflow::catalog {

namespace {

// What a character may be, as bits: every character of every script is asked.
constexpr std::uint8_t kSpace = 1, kDigit = 2, kStartsWord = 4, kContinuesWord = 8;
constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> out{};
  for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'}) out[static_cast<unsigned char>(c)] = kSpace;
  for (std::size_t c = 0; c < out.size(); ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) out[c] = kStartsWord | kContinuesWord;
    if (c >= '0' && c <= '9') out[c] = kDigit | kContinuesWord;
  }
  out['$'] = kContinuesWord;
  return out;
}();

bool is(std::uint8_t classes, char c) { return (kClasses[static_cast<unsigned char>(c)] & classes) != 0; }
bool is_digit(char c) { return is(kDigit, c); }
bool starts_word(char c) { return is(kStartsWord, c); }
bool continues_word(char c) { return is(kContinuesWord, c); }

}  // namespace

Token SqlScanner::quoted(TokenKind kind, std::size_t begin, std::size_t open, char quote, bool escapes) {
  std::size_t i = open + 1;
  while (i < text_.size()) {
    if (escapes && text_[i] == '\\') {
      i += 2;
    } else if (text_[i] != quote) {
      ++i;
    } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
      i += 2;
    } else {
      position_ = i + 1;
      return {kind, begin, position_, true};
    }
  }
  position_ = text_.size();
  return {kind, begin, position_, false};
}

Token SqlScanner::block_comment() {
  const std::size_t begin = position_;
  int depth = 0;
  std::size_t i = begin;
  while (i + 1 < text_.size()) {
    if (text_[i] == '/' && text_[i + 1] == '*') {
      ++depth;
      i += 2;
    } else if (text_[i] == '*' && text_[i + 1] == '/') {
      i += 2;
      if (--depth == 0) {
        position_ = i;
        return {TokenKind::comment, begin, i, true};
      }
    } else {
      ++i;
    }
  }
  position_ = text_.size();
  return {TokenKind::comment, begin, position_, false};
}

bool SqlScanner::dollar_string(Token& token) {
  std::size_t i = position_ + 1;
  if (i < text_.size() && starts_word(text_[i])) {
    while (i < text_.size() && (starts_word(text_[i]) || is_digit(text_[i]))) ++i;
  }
  if (i >= text_.size() || text_[i] != '$') return false;
  const std::string_view tag = text_.substr(position_, i + 1 - position_);
  const std::size_t close = text_.find(tag, i + 1);
  token = {TokenKind::string, position_, close == std::string_view::npos ? text_.size() : close + tag.size(),
           close != std::string_view::npos};
  position_ = token.end;
  return true;
}

Token SqlScanner::next() {
  while (position_ < text_.size() && is(kSpace, text_[position_])) ++position_;
  const std::size_t begin = position_;
  if (begin >= text_.size()) return {TokenKind::end, begin, begin, true};
  const char c = text_[begin];
  const char following = begin + 1 < text_.size() ? text_[begin + 1] : '\0';
  std::size_t end = begin + 1;
  if (starts_word(c) && following != '\'' && following != '&') {  // most tokens
    while (end < text_.size() && continues_word(text_[end])) ++end;
    position_ = end;
    return {TokenKind::word, begin, end, true};
  }

  if (c == '-' && following == '-') {
    end = text_.find('\n', begin);
    if (end == std::string_view::npos) end = text_.size();
    position_ = end;
    return {TokenKind::comment, begin, end, true};
  }
  if (c == '/' && following == '*') return block_comment();
  if (c == '\'') return quoted(TokenKind::string, begin, begin, '\'', false);
  if (c == '"') return quoted(TokenKind::quoted, begin, begin, '"', false);
  if (c == '\\') {
    position_ = begin + 1;
    return {TokenKind::backslash, begin, position_, true};
  }
  if (c == '$') {
    Token token;
    if (dollar_string(token)) return token;
  }
  if ((c == 'e' || c == 'E' || c == 'b' || c == 'B' || c == 'x' || c == 'X' || c == 'n' || c == 'N') &&
      following == '\'') {
    return quoted(TokenKind::string, begin, begin + 1, '\'', c == 'e' || c == 'E');
  }
  if ((c == 'u' || c == 'U') && following == '&' && begin + 2 < text_.size()) {
    if (text_[begin + 2] == '\'') return quoted(TokenKind::string, begin, begin + 2, '\'', false);
    if (text_[begin + 2] == '"') return quoted(TokenKind::quoted, begin, begin + 2, '"', false);
  }
  if (starts_word(c)) {
    while (end < text_.size() && continues_word(text_[end])) ++end;
    position_ = end;
    return {TokenKind::word, begin, end, true};
  }
  if (is_digit(c)) {
    while (end < text_.size() && (continues_word(text_[end]) || text_[end] == '.')) ++end;
    position_ = end;
    return {TokenKind::number, begin, end, true};
  }
  position_ = end;
  return {TokenKind::symbol, begin, end, true};
}

std::string identifier_of(std::string_view token) {
  if (token.size() < 2 || token.front() != '"') return to_lower(token);
  if (token.back() == '"') token.remove_suffix(1);
  return replace_all(token.substr(1), "\"\"", "\"");
}

}  // namespace contraflow::catalog
