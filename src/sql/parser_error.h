// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pg_query.h>

#include <string>
#include <string_view>

namespace contraflow::sql {

// Throws the parser's error as Error{usage} with its location in `text`, as the server would word it.
[[noreturn]] void throw_parser_error(const PgQueryError& error, std::string_view text,
                                     const std::string& file);

}  // namespace contraflow::sql
