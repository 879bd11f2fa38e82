// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/source_scan.h"
#include "intent/intent.h"

// Inside the module only: reads the tokens of one intent.
namespace contraflow::intent {

using catalog::Token;
using catalog::TokenKind;

class Cursor {
 public:
  // The intent is text[begin, end).
  Cursor(const std::string& text, std::size_t begin, std::size_t end, std::string file);

  bool at_end() const { return next_ >= tokens_.size(); }
  bool is_word(std::string_view word, std::size_t ahead = 0) const;  // a bare word, in any case
  bool is_symbol(char c, std::size_t ahead = 0) const;
  bool is_name(std::size_t ahead = 0) const;
  bool accept_word(std::string_view word);
  bool accept_words(std::string_view first, std::string_view second);
  bool accept_symbol(char c);
  bool accept_arrow();  // -> or →
  void expect_symbol(char c, std::string_view after);
  void expect_end();

  // `soft-delete`: words joined by hyphens without blanks between, `_` read as a hyphen.
  std::string command();
  std::string identifier(std::string_view what);                 // one name without dots
  Name name(std::string_view what, bool ends_in_label = false);  // one to three parts; the last one may be a '…' string
  Name label(std::string_view what);                             // a word or a '…' string, as it is (not folded)
  std::vector<Name> names_in_parentheses(std::string_view what);
  std::vector<Name> labels_in_parentheses(std::string_view what);
  std::vector<Text> texts_in_parentheses(std::string_view what);
  // SQL up to the end or the first token, outside of parentheses, for which `stop` holds. Never empty.
  Text text_until(std::string_view what, const std::function<bool()>& stop);

  [[noreturn]] void fail_expected(std::string_view what) const;
  Error error_at(std::size_t offset, const std::string& message, const std::string& hint = {}) const;
  Location location(std::size_t ahead = 0) const;
  std::size_t offset(std::size_t ahead = 0) const;
  std::string_view token_text(std::size_t ahead = 0) const;
  const Token* previous() const { return next_ == 0 ? nullptr : &tokens_[next_ - 1]; }
  std::string_view previous_text() const;
  void advance() { ++next_; }

 private:
  void add_token(Token token);

  const std::string& text_;
  std::size_t end_;
  std::string file_;
  std::vector<Token> tokens_;  // without comments
  std::size_t next_ = 0;
};

}  // namespace contraflow::intent
