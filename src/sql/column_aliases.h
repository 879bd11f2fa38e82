// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "sql/name.h"

namespace contraflow::sql {

// Relations of a query that have an alias with a list of columns, `FROM public.t AS a (x, y)`: it names them by position. As written, each once.
// Throws Error{usage} where the text is not a query.
std::vector<QualifiedName> relations_with_column_aliases(std::string_view query);

}  // namespace contraflow::sql
