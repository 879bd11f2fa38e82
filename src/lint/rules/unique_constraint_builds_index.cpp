// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_unique_constraint_builds_index(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_unique, Operation::add_primary_key_scan}, [&](const Action& action) {
    if (action.operation == Operation::add_primary_key_scan) {
      Finding& finding = reporter.report(action, fmt::format("PRIMARY KEY {} USING INDEX reads all of {} under ACCESS EXCLUSIVE: {}", action.object, table_text(action), action.reason));
      finding.why = "A primary key makes its columns NOT NULL, and each row is looked at for that.";
      finding.fix = "prove NOT NULL first: CHECK (… IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, SET NOT NULL";
      return;
    }
    Finding& finding = reporter.report(action, fmt::format("adding {} {} builds an index on {} under ACCESS EXCLUSIVE", action.what, action.object, table_text(action)));
    finding.why = "Nobody reads or writes the table until the index is built; UNIQUE has no NOT VALID.";
    finding.fix = fmt::format("CREATE UNIQUE INDEX CONCURRENTLY {1} ON {0} ({2});\nALTER TABLE {0} ADD CONSTRAINT {1} {3} USING INDEX {1};", table_text(action), action.object, action.column, action.what);
  });
}

}  // namespace

extern const Rule unique_constraint_builds_index_rule;
const Rule unique_constraint_builds_index_rule{"unique-constraint-builds-index", Category::lock, Severity::error, "ADD UNIQUE or PRIMARY KEY builds its index under ACCESS EXCLUSIVE", true, check_unique_constraint_builds_index};

}  // namespace contraflow::lint
