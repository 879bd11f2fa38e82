// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

struct Comment {
  std::size_t offset = 0;  // bytes
  int line = 1;
  int column = 1;    // characters
  std::string text;  // with its "--" or "/* */"
};

// One statement of a script. Nothing says that it parses: statements of newer majors pass through as they
// are.
struct Statement {
  std::size_t offset = 0;  // bytes, of the first token
  int line = 1;
  int column = 1;                 // characters
  std::string text;               // from the first token to the last, without the semicolon
  std::vector<Comment> comments;  // those between the statement before and this one, on lines of their own
  bool terminated = true;         // false for a last statement without its semicolon
  std::size_t end() const { return offset + text.size(); }
};

// Splits at top-level semicolons by the server's own scanner: not in quotes, comments, parentheses (CREATE
// RULE … DO (…; …)) or the body of a function that BEGIN ATOMIC opens. Empty statements are left out. psql's
// meta-commands and COPY data are not SQL: the caller takes them out first. Error{usage} with the location
// for an unterminated quote.
std::vector<Statement> split_statements(std::string_view text, const std::string& file = {});

// Every comment, in order.
std::vector<Comment> comments(std::string_view text, const std::string& file = {});

}  // namespace contraflow::sql
