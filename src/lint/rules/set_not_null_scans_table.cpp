// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_set_not_null_scans_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::set_not_null, Operation::add_not_null}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("NOT NULL on {} reads all of {} under ACCESS EXCLUSIVE", action.column, table_text(action)));
    finding.why = action.object.empty() ? "Nothing proves beforehand that no row holds NULL." : fmt::format("Constraint {} is NOT VALID: it proves nothing until it is validated.", action.object);
    finding.fix = fmt::format("ALTER TABLE {0} ADD CONSTRAINT {1}_not_null CHECK ({1} IS NOT NULL) NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {1}_not_null;  -- in a transaction of its own\nALTER TABLE {0} ALTER COLUMN {1} SET NOT NULL;\nALTER TABLE {0} DROP CONSTRAINT {1}_not_null;", table_text(action), action.column);
    if (context.majors.from >= 18) finding.fix = fmt::format("ALTER TABLE {0} ADD CONSTRAINT {1}_not_null NOT NULL {1} NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {1}_not_null;  -- in a transaction of its own", table_text(action), action.column);
  });
}

}  // namespace

extern const Rule set_not_null_scans_table_rule;
const Rule set_not_null_scans_table_rule{"set-not-null-scans-table", Category::lock, Severity::error, "SET NOT NULL reads the whole table under ACCESS EXCLUSIVE", true, check_set_not_null_scans_table};

}  // namespace contraflow::lint
