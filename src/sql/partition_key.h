// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

// The columns that a partition key names, also inside its expressions: `RANGE (made, lower(region))` -> made, region. The text is that of
// pg_get_partkeydef(). Throws Error{usage} where it is none.
std::vector<std::string> partition_key_columns(std::string_view key);

}  // namespace contraflow::sql
