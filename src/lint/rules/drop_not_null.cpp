// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_drop_not_null(const Context& context, Reporter& reporter) {
  each(context, Fact::drop_not_null, [&](const Action& action) {
    if (action.is_private || action.column_is_new) return;
    Finding& finding = reporter.report(action, fmt::format("column {} of {} may hold NULL from now on", action.column, table_text(action)));
    finding.why = "The deployed version was written for a column that never does.";
    finding.fix = "deploy a version that reads NULL first, before anything writes it";
  });
}

}  // namespace

extern const Rule drop_not_null_rule;
const Rule drop_not_null_rule{"drop-not-null", Category::compatibility, Severity::info, "a column may hold NULL from now on, which old code does not expect", true, check_drop_not_null};

}  // namespace contraflow::lint
