// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_check_constraint_scans_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_check}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding CHECK {} reads all of {} under ACCESS EXCLUSIVE", action.object, table_text(action)));
    finding.why = "Every row is checked while nobody else can use the table.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD CONSTRAINT {1} CHECK (…) NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {1};  -- in a transaction of its own", table_text(action), action.object);
  });
}

}  // namespace

extern const Rule check_constraint_scans_table_rule;
const Rule check_constraint_scans_table_rule{"check-constraint-scans-table", Category::lock, Severity::error, "ADD CHECK without NOT VALID reads the whole table under ACCESS EXCLUSIVE", true, check_check_constraint_scans_table};

}  // namespace contraflow::lint
