// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::rehearse {

// Which rows of a database do not fulfil what the schema `after` asks of them and `before`, its own, does not: NULLs, duplicates, orphans, rows that a check or a
// new type refuses. A line for each with their number and, with `samples`, the keys of some. Only of columns that both schemas have; empty where nothing is found.
std::vector<std::string> violations(const std::string& conninfo, const catalog::Database& before,
                                    const catalog::Database& after, bool samples);

// Columns of both schemas that are NOT NULL in `after` alone.
std::set<catalog::ObjectId> columns_made_not_null(const catalog::Database& before, const catalog::Database& after);

// Takes all rows out of a copy, so that a migration that the rows refuse runs to its end there.
void empty_tables(const std::string& conninfo);

}  // namespace contraflow::rehearse
