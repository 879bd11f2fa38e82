// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace contraflow::sql {

struct FunctionCall {
  std::string schema;  // empty: as written, without schema
  std::string name;
};

// The functions that an expression calls by name, SQL value functions (CURRENT_TIMESTAMP) left out. Error{usage} where it does not parse.
std::vector<FunctionCall> functions_in(std::string_view expression);

// Whether pg_catalog has a function or aggregate of this name (folded, without schema), in some supported major.
bool is_built_in(std::string_view name);

// Calls a function of pg_catalog that is volatile, which makes ADD COLUMN rewrite the table: random(), nextval(), clock_timestamp(), …
bool is_volatile_built_in(std::string_view name);

}  // namespace contraflow::sql
