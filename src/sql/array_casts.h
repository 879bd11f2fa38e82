// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::sql {

// `x IN ('a', 'b')` on a varchar column is stored as `x::text = ANY ((ARRAY['a'::varchar, …])::text[])`: one cast of the whole array. Read back, the
// parser pushes that cast into the elements (transformTypeCast() on an ARRAY[]), and the server spells the expression differently from then
// on. With the array's own type said first the cast stays where it was. Text in quotes is left alone.
std::string keep_array_casts(std::string_view text);

}  // namespace contraflow::sql
