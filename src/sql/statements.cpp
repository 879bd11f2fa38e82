// SPDX-License-Identifier: Apache-2.0
#include "sql/statements.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "sql/scan.h"

namespace contraflow::sql {
namespace {

// Line and column of ascending offsets in one pass over the text.
class Position {
 public:
  explicit Position(std::string_view text) : text_(text) {}

  void move_to(std::size_t offset) {
    const std::string_view passed = text_.substr(at_, offset - at_);
    line += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    if (const std::size_t newline = passed.rfind('\n'); newline != std::string_view::npos) {
      column = static_cast<int>(count_characters(passed.substr(newline + 1))) + 1;
    } else {
      column += static_cast<int>(count_characters(passed));
    }
    at_ = offset;
  }

  int line = 1;
  int column = 1;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_comment(const Token& token) {
  return token.kind == TokenKind::line_comment || token.kind == TokenKind::block_comment;
}

// Says whether a semicolon ends the statement. Bodies of SQL-standard functions (PostgreSQL 14) hold
// semicolons between BEGIN ATOMIC and its END; CASE … END nests inside.
class Nesting {
 public:
  void feed(std::string_view token, TokenKind kind) {
    if (token == "(") ++parentheses_;
    if (token == ")" && parentheses_ > 0) --parentheses_;
    if (kind != TokenKind::keyword) {
      previous_was_begin_ = false;
      return;
    }
    const std::string word = to_lower(token);
    if (word == "atomic" && previous_was_begin_) {
      blocks_ = 1;
    } else if (blocks_ > 0 && word == "case") {
      ++blocks_;
    } else if (blocks_ > 0 && word == "end") {
      --blocks_;
    }
    previous_was_begin_ = word == "begin";
  }
  bool is_top_level() const { return parentheses_ == 0 && blocks_ == 0; }

 private:
  int parentheses_ = 0;
  int blocks_ = 0;
  bool previous_was_begin_ = false;
};

}  // namespace

std::vector<Statement> split_statements(std::string_view text, const std::string& file) {
  std::vector<Statement> statements;
  std::vector<Comment> pending;
  std::optional<Statement> open;
  std::size_t last_end = 0;
  int line_of_last_end = 0;
  Nesting nesting;
  Position position(text);
  const auto finish = [&](bool terminated) {
    open->text = std::string(text.substr(open->offset, last_end - open->offset));
    open->terminated = terminated;
    statements.push_back(*std::move(open));
    open.reset();
  };
  for (const Token& token : scan(text, file)) {
    const std::string_view token_text = text.substr(token.begin, token.end - token.begin);
    position.move_to(token.begin);
    if (is_comment(token)) {
      if (!open && position.line != line_of_last_end) {
        pending.push_back({token.begin, position.line, position.column, std::string(token_text)});
      }
      continue;
    }
    if (token_text == ";" && nesting.is_top_level()) {
      if (open) finish(true);
      pending.clear();
      line_of_last_end = position.line;
      nesting = {};
      continue;
    }
    if (!open) {
      open.emplace();
      open->offset = token.begin;
      open->line = position.line;
      open->column = position.column;
      open->comments = std::exchange(pending, {});
    }
    nesting.feed(token_text, token.kind);
    last_end = token.end;
  }
  if (open) finish(false);
  return statements;
}

std::vector<Comment> comments(std::string_view text, const std::string& file) {
  std::vector<Comment> found;
  Position position(text);
  for (const Token& token : scan(text, file)) {
    if (!is_comment(token)) continue;
    position.move_to(token.begin);
    found.push_back({token.begin, position.line, position.column,
                     std::string(text.substr(token.begin, token.end - token.begin))});
  }
  return found;
}

}  // namespace contraflow::sql
