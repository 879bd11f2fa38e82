// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace contraflow::agent {

// How many tokens a language model may make of the text, estimated from above: nobody knows the reader's tokenizer. A run of letters counts
// one for every three, a digit one, a sign one, a line end one, a byte outside of ASCII one; a single space belongs to the word behind it.
std::size_t estimate_tokens(std::string_view text);

}  // namespace contraflow::agent
