// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

enum class TokenKind { identifier,
                       keyword,
                       constant,
                       symbol,
                       line_comment,
                       block_comment };

// A token of the server's own scanner; `begin` and `end` are byte offsets into the scanned text.
struct Token {
  TokenKind kind;
  std::size_t begin;
  std::size_t end;
};

// All tokens, comments included. Error{usage} with the location where the text cannot be cut into tokens (a
// quote or comment that does not end).
std::vector<Token> scan(std::string_view text, const std::string& file = {});

// The name that an identifier token stands for: folded to lower case, or unquoted.
std::string identifier_value(std::string_view token_text);

}  // namespace contraflow::sql
