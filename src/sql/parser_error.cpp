// SPDX-License-Identifier: Apache-2.0
#include "sql/parser_error.h"

#include "base/error.h"
#include "base/utf8.h"

namespace contraflow::sql {

void throw_parser_error(const PgQueryError& error, std::string_view text, const std::string& file) {
  Error thrown(ErrorCode::usage, error.message != nullptr ? error.message : "syntax error");
  if (error.cursorpos <= 0) throw thrown.at(locate(text, 0, file));
  // As in the server's messages, the position counts characters from 1.
  const std::size_t offset = byte_of_character(text, static_cast<std::size_t>(error.cursorpos) - 1);
  throw thrown.at(locate(text, offset, file));
}

}  // namespace contraflow::sql
