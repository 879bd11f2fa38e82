// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow::pg {

// The elements of an array in the server's output format (documentation 8.15.6: braces, commas, double quotes
// with backslashes, optional `[l:u]=` bounds). NULL elements become ""; nested arrays are flattened in order.
// Throws std::logic_error for text that is no array: the query asked for the wrong column.
std::vector<std::string> parse_text_array(std::string_view text);

}  // namespace contraflow::pg
