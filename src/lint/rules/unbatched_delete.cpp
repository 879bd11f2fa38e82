// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_unbatched_delete(const Context& context, Reporter& reporter) {
  each(context, Fact::whole_delete, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("this DELETE touches as many rows of {} as there are: {}", table_text(action), action.reason));
    finding.why = "Every row stays locked until the end, replicas fall behind; afterwards vacuum may cut the file, under ACCESS EXCLUSIVE.";
    finding.fix = "in batches by ranges of the primary key, a transaction each: contraflow plan writes such a backfill";
  });
}

}  // namespace

extern const Rule unbatched_delete_rule;
const Rule unbatched_delete_rule{"unbatched-delete", Category::data, Severity::warning, "DELETE of any number of rows in one statement", true, check_unbatched_delete};

}  // namespace contraflow::lint
