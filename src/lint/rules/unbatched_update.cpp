// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_unbatched_update(const Context& context, Reporter& reporter) {
  each(context, Fact::whole_update, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("this UPDATE touches as many rows of {} as there are: {}", table_text(action), action.reason));
    finding.why = "Every row stays locked until the last one is written, replicas fall behind, and the table doubles in size.";
    finding.fix = "in batches by ranges of the primary key, a transaction each: contraflow plan writes such a backfill";
  });
}

}  // namespace

extern const Rule unbatched_update_rule;
const Rule unbatched_update_rule{"unbatched-update", Category::data, Severity::warning, "UPDATE of any number of rows in one statement", true, check_unbatched_update};

}  // namespace contraflow::lint
