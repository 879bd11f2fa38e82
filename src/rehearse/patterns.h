// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace contraflow::rehearse {

// An SQL expression, over the number that `n` gives, for texts that match the regular expression; empty where it holds what is not understood here (lookaround, back
// references). Other numbers give other texts as far as the pattern has room near its last place.
std::string text_for_pattern(std::string_view pattern, const std::string& n);

// LIKE's pattern as a regular expression.
std::string pattern_of_like(std::string_view like);

// The value of a string constant as the server prints it: 'it''s', E'\\d'; nothing for any other token.
std::optional<std::string> string_value(std::string_view token);

}  // namespace contraflow::rehearse
