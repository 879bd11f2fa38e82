// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace contraflow::sql {

// The parser's output code recurses without a limit: some thousand operators in a row overflow the stack.
// This is the byte offset where the tree of `text` may become deeper than `limit`, from its tokens alone, or
// nothing. An upper bound: chains are counted as if every operator nested.
std::optional<std::size_t> nests_deeper_than(std::string_view text, std::size_t limit);

// Whether a text of so many bytes may: every level takes two of them at least ("+1").
constexpr bool may_nest_deeper_than(std::size_t size, std::size_t limit) { return size >= 2 * limit; }

}  // namespace contraflow::sql
