// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_drop_default(const Context& context, Reporter& reporter) {
  each(context, Fact::drop_default, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("inserts that leave {} of {} out get NULL from now on", action.column, table_text(action)));
    finding.why = "The deployed version may not name the column because it had a default.";
    finding.fix = "deploy a version that always writes it first";
  });
}

}  // namespace

extern const Rule drop_default_rule;
const Rule drop_default_rule{"drop-default", Category::compatibility, Severity::warning, "a default goes that old code may rely on", true, check_drop_default};

}  // namespace contraflow::lint
