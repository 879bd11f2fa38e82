// SPDX-License-Identifier: Apache-2.0
#include "intent/cursor.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"

namespace contraflow::intent {

namespace {

constexpr std::string_view kArrow = "\xe2\x86\x92";  // →, which the scanner reads as a word

std::string unquote_string(std::string_view token) {
  if (token.starts_with('$') || token.size() < 2) return std::string(token);
  if (!token.starts_with('\'')) token.remove_prefix(1);
  return replace_all(token.substr(1, token.size() - 2), "''", "'");
}

}  // namespace

Cursor::Cursor(const std::string& text, std::size_t begin, std::size_t end, std::string file)
    : text_(text), end_(end), file_(std::move(file)) {
  catalog::SqlScanner scanner(std::string_view(text).substr(0, end), begin);
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind == TokenKind::comment) continue;
    if (!token.terminated) throw error_at(token.begin, "this quote is never closed");
    add_token(token);
  }
}

// a→b: the arrow is no letter here.
void Cursor::add_token(Token token) {
  const std::string_view all(text_);
  while (token.kind == TokenKind::word) {
    const std::size_t arrow = all.substr(token.begin, token.end - token.begin).find(kArrow);
    if (arrow == std::string_view::npos || token.end - token.begin == kArrow.size()) break;
    const std::size_t cut = token.begin + (arrow == 0 ? kArrow.size() : arrow);
    tokens_.push_back({TokenKind::word, token.begin, cut, true});
    token.begin = cut;
  }
  tokens_.push_back(token);
}

bool Cursor::is_word(std::string_view word, std::size_t ahead) const {
  return next_ + ahead < tokens_.size() && tokens_[next_ + ahead].kind == TokenKind::word &&
         to_lower(token_text(ahead)) == word;
}

bool Cursor::is_symbol(char c, std::size_t ahead) const {
  return next_ + ahead < tokens_.size() && tokens_[next_ + ahead].kind == TokenKind::symbol &&
         token_text(ahead)[0] == c;
}

bool Cursor::is_name(std::size_t ahead) const {
  if (next_ + ahead >= tokens_.size()) return false;
  const TokenKind kind = tokens_[next_ + ahead].kind;
  return (kind == TokenKind::word && token_text(ahead) != kArrow) || kind == TokenKind::quoted;
}

bool Cursor::accept_word(std::string_view word) {
  if (!is_word(word)) return false;
  ++next_;
  return true;
}

bool Cursor::accept_words(std::string_view first, std::string_view second) {
  if (!is_word(first) || !is_word(second, 1)) return false;
  next_ += 2;
  return true;
}

bool Cursor::accept_symbol(char c) {
  if (!is_symbol(c)) return false;
  ++next_;
  return true;
}

bool Cursor::accept_arrow() {
  if (!at_end() && token_text() == kArrow) {
    ++next_;
    return true;
  }
  if (!is_symbol('-') || !is_symbol('>', 1)) return false;
  next_ += 2;
  return true;
}

void Cursor::expect_symbol(char c, std::string_view after) {
  if (!accept_symbol(c)) fail_expected(fmt::format("\"{}\" after {}", c, after));
}

void Cursor::expect_end() {
  if (!at_end()) fail_expected("the end of the intent (a line end or \";\")");
}

std::string Cursor::command() {
  if (!is_name()) fail_expected("an intent");
  std::string out = replace_all(to_lower(token_text()), "_", "-");
  std::size_t end = tokens_[next_++].end;
  while (is_symbol('-') && offset() == end && is_name(1) && offset(1) == end + 1) {
    out += "-" + to_lower(token_text(1));
    end = tokens_[next_ + 1].end;
    next_ += 2;
  }
  return out;
}

std::string Cursor::identifier(std::string_view what) {
  if (!is_name()) fail_expected(what);
  std::string out = catalog::identifier_of(token_text());
  ++next_;
  return out;
}

Name Cursor::name(std::string_view what, bool ends_in_label) {
  Name out;
  out.at = location();
  out.parts.push_back(identifier(what));
  while (accept_symbol('.')) {
    if (ends_in_label && !at_end() && tokens_[next_].kind == TokenKind::string) {
      out.parts.push_back(unquote_string(token_text()));
      ++next_;
      break;
    }
    out.parts.push_back(identifier("a name after \".\""));
    if (out.parts.size() > 3) throw Error(ErrorCode::usage, "a name has at most three parts").at(out.at);
  }
  return out;
}

Name Cursor::label(std::string_view what) {
  Name out;
  out.at = location();
  if (at_end()) fail_expected(what);
  const TokenKind kind = tokens_[next_].kind;
  if (kind == TokenKind::string) {
    out.parts.push_back(unquote_string(token_text()));
    ++next_;
    return out;
  }
  if (!is_name() && kind != TokenKind::number) fail_expected(what);
  if (kind == TokenKind::quoted) {
    out.parts.push_back(identifier(what));
    return out;
  }
  // Labels are text, not identifiers: their case stays, and a hyphen belongs to them.
  std::string word(token_text());
  std::size_t end = tokens_[next_++].end;
  while (is_symbol('-') && offset() == end && next_ + 1 < tokens_.size() && offset(1) == end + 1 &&
         !is_symbol('>', 1)) {
    word += "-" + std::string(token_text(1));
    end = tokens_[next_ + 1].end;
    next_ += 2;
  }
  out.parts.push_back(std::move(word));
  return out;
}

std::vector<Name> Cursor::names_in_parentheses(std::string_view what) {
  expect_symbol('(', previous_text());
  std::vector<Name> out;
  do {
    Name one;
    one.at = location();
    one.parts.push_back(identifier(what));
    out.push_back(std::move(one));
  } while (accept_symbol(','));
  if (!accept_symbol(')')) fail_expected("\",\" or \")\"");
  return out;
}

std::vector<Name> Cursor::labels_in_parentheses(std::string_view what) {
  expect_symbol('(', previous_text());
  std::vector<Name> out;
  do {
    out.push_back(label(what));
  } while (accept_symbol(','));
  if (!accept_symbol(')')) fail_expected("\",\" or \")\"");
  return out;
}

std::vector<Text> Cursor::texts_in_parentheses(std::string_view what) {
  expect_symbol('(', previous_text());
  std::vector<Text> out;
  do {
    out.push_back(text_until(what, [this] { return is_symbol(',') || is_symbol(')'); }));
  } while (accept_symbol(','));
  if (!accept_symbol(')')) fail_expected("\",\" or \")\"");
  return out;
}

Text Cursor::text_until(std::string_view what, const std::function<bool()>& stop) {
  Text out;
  out.at = location();
  const std::size_t begin = offset();
  std::size_t end = begin;
  int depth = 0;
  while (!at_end()) {
    if (depth == 0 && stop()) break;
    if (is_symbol('(') || is_symbol('[')) ++depth;
    if (is_symbol(')') || is_symbol(']')) --depth;
    if (depth < 0) throw error_at(offset(), "this parenthesis closes nothing");
    end = tokens_[next_++].end;
  }
  if (depth > 0) throw error_at(end, "a parenthesis is never closed");
  if (end == begin) fail_expected(what);
  out.sql = text_.substr(begin, end - begin);
  return out;
}

void Cursor::fail_expected(std::string_view what) const {
  const std::string found = at_end() ? "the intent ends here" : fmt::format("found \"{}\"", token_text());
  throw error_at(offset(), fmt::format("expected {}, {}", what, found));
}

Error Cursor::error_at(std::size_t offset, const std::string& message, const std::string& hint) const {
  return Error(ErrorCode::usage, message, hint).at(locate(text_, offset, file_));
}

Location Cursor::location(std::size_t ahead) const { return locate(text_, offset(ahead), file_); }

std::size_t Cursor::offset(std::size_t ahead) const {
  if (next_ + ahead < tokens_.size()) return tokens_[next_ + ahead].begin;
  return tokens_.empty() ? end_ : tokens_.back().end;
}

std::string_view Cursor::token_text(std::size_t ahead) const {
  const Token& token = tokens_[next_ + ahead];
  return std::string_view(text_).substr(token.begin, token.end - token.begin);
}

std::string_view Cursor::previous_text() const {
  const Token* token = previous();
  return token == nullptr ? std::string_view()
                          : std::string_view(text_).substr(token->begin, token->end - token->begin);
}

}  // namespace contraflow::intent
