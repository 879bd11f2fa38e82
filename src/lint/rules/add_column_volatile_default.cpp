// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_volatile_default(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_rewrite}, [&](const Action& action) {
    if (action.what != "default") return;
    Finding& finding = reporter.report(action, fmt::format("adding {} rewrites {} and all its indexes: {}", action.column, table_text(action), action.reason));
    finding.why = "Each row is given its own value, under ACCESS EXCLUSIVE: nobody reads or writes the table until the copy is done.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2};\nALTER TABLE {0} ALTER COLUMN {1} SET DEFAULT …;  -- for new rows\nthen fill the old rows in batches", table_text(action), action.column, action.to);
  });
}

}  // namespace

extern const Rule add_column_volatile_default_rule;
const Rule add_column_volatile_default_rule{"add-column-volatile-default", Category::lock, Severity::error, "a new column whose default differs from row to row rewrites the table", true, check_add_column_volatile_default};

}  // namespace contraflow::lint
