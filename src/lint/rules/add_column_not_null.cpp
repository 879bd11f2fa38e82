// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_not_null(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_not_null}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding {} as NOT NULL without default fails where {} has rows", action.column, table_text(action)));
    finding.why = "The rows that are there would hold NULL. The deployed application does not write the column either.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2};\nfill it in batches, then\nALTER TABLE {0} ADD CONSTRAINT {1}_not_null CHECK ({1} IS NOT NULL) NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT {1}_not_null;\nALTER TABLE {0} ALTER COLUMN {1} SET NOT NULL;", table_text(action), action.column, action.to);
  });
}

}  // namespace

extern const Rule add_column_not_null_rule;
const Rule add_column_not_null_rule{"add-column-not-null", Category::data, Severity::error, "a new NOT NULL column without default fails as soon as the table has a row", true, check_add_column_not_null};

}  // namespace contraflow::lint
