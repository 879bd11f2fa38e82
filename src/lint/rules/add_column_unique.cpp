// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_unique(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_unique}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding {} as {} builds an index on {} under ACCESS EXCLUSIVE", action.column, action.what, table_text(action)));
    finding.why = "Nobody reads or writes the table until the index is built.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2};\nCREATE UNIQUE INDEX CONCURRENTLY {3} ON {0} ({1});\nALTER TABLE {0} ADD CONSTRAINT {3} {4} USING INDEX {3};", table_text(action), action.column, action.to, action.object, action.what);
  });
}

}  // namespace

extern const Rule add_column_unique_rule;
const Rule add_column_unique_rule{"add-column-unique", Category::lock, Severity::error, "a new column with UNIQUE or PRIMARY KEY builds an index under ACCESS EXCLUSIVE", true, check_add_column_unique};

}  // namespace contraflow::lint
