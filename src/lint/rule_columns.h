// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "lint/rule.h"

namespace contraflow::lint {

// Every column that CREATE TABLE or ADD COLUMN defines, with its type as format_type() writes it.
void each_column(const Statement& statement, const std::function<void(const PgQuery__ColumnDef&, const std::string&)>& visit);
bool is_primary_key(const PgQuery__ColumnDef& column);

}  // namespace contraflow::lint
