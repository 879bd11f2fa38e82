// SPDX-License-Identifier: Apache-2.0
//
// Edits of a statement for a table that gets soft delete: reads see live rows only, deletes become updates. Found by the parse tree, made as
// insertions into the text, so that its formatting and comments stay.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/edit.h"
#include "sql/name.h"

namespace contraflow::sql {

struct StatementEdits {
  std::vector<TextEdit> edits;        // byte ranges of the statement
  std::vector<std::string> refusals;  // what could not be edited, and why
};

using IsTable = std::function<bool(const QualifiedName&)>;

// Every place of the statement that reads, updates or deletes the table: `column IS NULL` where the server will apply it: in WHERE, or in ON where an
// outer join may leave the table's row out. Places that mention the column already are left alone. Error{usage} where the statement does not parse.
StatementEdits live_rows_only(std::string_view statement, const IsTable& is_table, std::string_view column);

// `*` and `t.*` as the list of the columns that the table has, where every relation of the level is known. `columns_of`: nothing where it is not known.
StatementEdits expand_stars(std::string_view statement, const IsTable& is_table,
                            const std::function<std::optional<std::vector<std::string>>(const QualifiedName&)>& columns_of);

}  // namespace contraflow::sql
