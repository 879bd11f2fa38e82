// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace contraflow {

bool is_valid_utf8(std::string_view text);
// Byte offset of the first sequence that is not UTF-8; text.size() where there is none.
std::size_t first_invalid_utf8(std::string_view text);
std::size_t count_characters(std::string_view text);

// Byte offset of the character with this index (from 0); text.size() where there are fewer. The server's
// error positions count characters from 1: byte_of_character(sql, position - 1).
std::size_t byte_of_character(std::string_view text, std::size_t character);

// File, line, column (in characters) and source line of a byte offset; an offset past the end points at the
// end.
Location locate(std::string_view text, std::size_t offset, std::string file = {});

// Columns that the text takes on a terminal: combining marks take none, wide East Asian characters and emoji
// two.
std::size_t display_width(std::string_view text);

}  // namespace contraflow
