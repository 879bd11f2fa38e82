// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_reference(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_reference_scan}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding {} with a foreign key and a default checks every row of {} under ACCESS EXCLUSIVE", action.column, table_text(action)));
    finding.why = fmt::format("Both tables are locked meanwhile: {} against everything, {} against writes.", table_text(action), action.other ? quoted(*action.other) : "the referenced one");
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2} DEFAULT …;\nALTER TABLE {0} ADD CONSTRAINT {3} FOREIGN KEY ({1}) REFERENCES {4} NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {3};", table_text(action), action.column, action.to, action.object, action.other ? quoted(*action.other) : "…");
  });
}

}  // namespace

extern const Rule add_column_reference_rule;
const Rule add_column_reference_rule{"add-column-reference", Category::lock, Severity::error, "a new column with REFERENCES and a default has every row checked", true, check_add_column_reference};

}  // namespace contraflow::lint
