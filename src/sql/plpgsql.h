// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::sql {

// The tree of a PL/pgSQL body as the parser's JSON (an array of functions), or empty where it does not parse.
std::string plpgsql_tree(std::string_view body);

}  // namespace contraflow::sql
