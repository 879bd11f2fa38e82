// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace contraflow::catalog {

enum class TokenKind {
  word,    // identifier or keyword without quotes
  quoted,  // "identifier"
  string,  // '…', E'…', $$…$$ and the like
  number,
  comment,    // -- … without its line end, or /* … */ (nested)
  symbol,     // one character of anything else
  backslash,  // where psql would read a meta-command
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool terminated = true;  // false: the text ends inside of a quote or comment
};

// Splits SQL into tokens by psql's lexical rules (psqlscan.l), which know no grammar: so that text of any
// server version, with meta-commands and COPY data in between, is cut where psql cuts it. The text must
// outlive the scanner.
class SqlScanner {
 public:
  explicit SqlScanner(std::string_view text, std::size_t position = 0) : text_(text), position_(position) {}
  Token next();  // skips white space
  std::size_t position() const { return position_; }
  void seek(std::size_t position) { position_ = position; }
  std::string_view text(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

 private:
  Token quoted(TokenKind kind, std::size_t begin, std::size_t open, char quote, bool escapes);
  Token block_comment();
  bool dollar_string(Token& token);

  std::string_view text_;
  std::size_t position_;
};

// The name that an identifier token stands for: folded to lower case, or without its quotes.
std::string identifier_of(std::string_view token);

}  // namespace contraflow::catalog
