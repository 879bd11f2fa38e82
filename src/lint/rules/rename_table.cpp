// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_rename_table(const Context& context, Reporter& reporter) {
  each(context, Fact::view_made, [&](const Action& action) { reporter.retract(quoted(action.key)); });
  each(context, Fact::rename, [&](const Action& action) {
    if (action.what != "table" && action.what != "view") return;
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("{} {} is no longer there for the deployed application: it is called {} now", action.what, table_text(action), action.to));
    reporter.set_relation(finding, quoted(action.key));
    finding.why = "Every query of the old version fails from this statement on.";
    finding.fix = fmt::format("in one transaction: ALTER TABLE {0} RENAME TO {1}; CREATE VIEW {0} AS SELECT * FROM {1};  -- the view is updatable\nuntil no version uses the old name", table_text(action), action.to);
  });
}

}  // namespace

extern const Rule rename_table_rule;
const Rule rename_table_rule{"rename-table", Category::compatibility, Severity::error, "a table is renamed under the running application", true, check_rename_table};

}  // namespace contraflow::lint
