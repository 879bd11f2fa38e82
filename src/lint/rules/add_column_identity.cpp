// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_add_column_identity(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_rewrite}, [&](const Action& action) {
    if (action.what != "serial" && action.what != "identity") return;
    Finding& finding = reporter.report(action, fmt::format("adding {} column {} rewrites {} and all its indexes", action.what, action.column, table_text(action)));
    finding.why = "Each row takes its own number from the sequence, under ACCESS EXCLUSIVE.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD COLUMN {1} {2};\nCREATE SEQUENCE {1}_seq OWNED BY {0}.{1};\nALTER TABLE {0} ALTER COLUMN {1} SET DEFAULT nextval('{1}_seq');\nthen number the old rows in batches, and attach the identity", table_text(action), action.column, action.to);
  });
}

}  // namespace

extern const Rule add_column_identity_rule;
const Rule add_column_identity_rule{"add-column-identity", Category::lock, Severity::error, "a new serial or identity column rewrites the table", true, check_add_column_identity};

}  // namespace contraflow::lint
