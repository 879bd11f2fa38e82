// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_foreign_key_scans_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_foreign_key}, [&](const Action& action) {
    const std::string other = action.other ? quoted(*action.other) : "the referenced table";
    Finding& finding = reporter.report(action, fmt::format("adding foreign key {} checks every row of {} while it and {} take no writes", action.object, table_text(action), other));
    finding.why = "SHARE ROW EXCLUSIVE on both tables lasts until the last row is looked up.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD CONSTRAINT {1} FOREIGN KEY (…) REFERENCES {2} NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {1};  -- in a transaction of its own", table_text(action), action.object, other);
  });
}

}  // namespace

extern const Rule foreign_key_scans_table_rule;
const Rule foreign_key_scans_table_rule{"foreign-key-scans-table", Category::lock, Severity::error, "ADD FOREIGN KEY without NOT VALID checks every row while both tables are locked", true, check_foreign_key_scans_table};

}  // namespace contraflow::lint
