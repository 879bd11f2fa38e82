// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_not_null_breaks_old_writers(const Context& context, Reporter& reporter) {
  for (const Action& action : context.actions) {  // a column that goes in the same file takes no more inserts
    if (action.locks && action.operation == effects::Operation::drop_column) reporter.retract(quoted(action.relation), [&](const Finding& finding) { return finding.subject == action.column; });
  }
  each(context, Fact::not_null_for_writers, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("inserts of the deployed version that leave {} of {} out, or write NULL, fail from now on", action.column, table_text(action)));
    finding.subject = action.column;
    finding.why = "It has no default.";
    finding.fix = "give it a default, or deploy the version that always writes it first";
  });
}

}  // namespace

extern const Rule not_null_breaks_old_writers_rule;
const Rule not_null_breaks_old_writers_rule{"not-null-breaks-old-writers", Category::compatibility, Severity::warning, "a column becomes NOT NULL that old code may not write", true, check_not_null_breaks_old_writers};

}  // namespace contraflow::lint
