// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_stored_column_rewrites_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_rewrite, Operation::set_expression}, [&](const Action& action) {
    const bool added = action.operation == Operation::add_column_rewrite;
    if (added && action.what != "generated") return;
    Finding& finding = reporter.report(action, added ? fmt::format("adding the stored generated column {} rewrites {}", action.column, table_text(action))
                                                     : fmt::format("SET EXPRESSION computes {} anew for every row of {}", action.column, table_text(action)));
    finding.why = "Every row is computed and written under ACCESS EXCLUSIVE.";
    finding.fix = fmt::format("a plain column {}, a trigger that keeps it, and a backfill in batches; from PostgreSQL 18 on a VIRTUAL column is free", action.column);
  });
}

}  // namespace

extern const Rule stored_column_rewrites_table_rule;
const Rule stored_column_rewrites_table_rule{"stored-column-rewrites-table", Category::lock, Severity::error, "a stored generated column, or a new expression for one, rewrites the table", true, check_stored_column_rewrites_table};

}  // namespace contraflow::lint
