// SPDX-License-Identifier: Apache-2.0
//
// Names as people type them in options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

// Where `separator` stands outside of what is quoted as an identifier or a string; quotes begin a part, after `.`, `=` or `:`. In any other place (`it's`), and where
// nothing closes them, they are characters.
std::vector<std::string> split_outside_quotes(std::string_view text, char separator);

// `"Kind"."old one"` -> Kind, old one: the parts of a name as it is typed, each with or without its quotes.
std::vector<std::string> name_parts(std::string_view text);

}  // namespace contraflow::sql
