// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_rename_column(const Context& context, Reporter& reporter) {
  each(context, Fact::rename, [&](const Action& action) {
    if (action.what != "column" || action.is_private || action.column_is_new) return;
    Finding& finding = reporter.report(action, fmt::format("column {} of {} is no longer there for the deployed application: it is called {} now", action.from, table_text(action), action.to));
    finding.why = "Every query of the old version that names it fails from this statement on.";
    finding.fix = fmt::format("a second column {} that a trigger keeps equal, until no version uses {}: contraflow plan --rename {}.{}={}", action.to, action.from, table_text(action), action.from, action.to);
  });
}

}  // namespace

extern const Rule rename_column_rule;
const Rule rename_column_rule{"rename-column", Category::compatibility, Severity::error, "a column is renamed under the running application", true, check_rename_column};

}  // namespace contraflow::lint
