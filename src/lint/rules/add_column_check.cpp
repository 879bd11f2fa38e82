// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_check(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_check}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding {} with a CHECK reads all of {} under ACCESS EXCLUSIVE", action.column, table_text(action)));
    finding.why = "The constraint is verified for every row, although all of them hold the same value.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2};\nALTER TABLE {0} ADD CONSTRAINT {3} CHECK (…) NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {3};", table_text(action), action.column, action.to, action.object);
  });
}

}  // namespace

extern const Rule add_column_check_rule;
const Rule add_column_check_rule{"add-column-check", Category::lock, Severity::error, "a new column with a CHECK has every row read under ACCESS EXCLUSIVE", true, check_add_column_check};

}  // namespace contraflow::lint
