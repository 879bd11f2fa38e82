// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_update_fires_triggers(const Context& context, Reporter& reporter) {
  each(context, Fact::fires_triggers, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("{} of {} fires trigger {} for each row", action.what, table_text(action), action.object));
    finding.why = "updated_at columns move, audit tables grow, and bulk changes take about four times as long.";
    finding.fix = "let the trigger skip the backfill: a WHEN guard on a transaction-local setting";
  });
}

}  // namespace

extern const Rule update_fires_triggers_rule;
const Rule update_fires_triggers_rule{"update-fires-triggers", Category::data, Severity::info, "changing many rows fires the user's triggers for each of them", true, check_update_fires_triggers};

}  // namespace contraflow::lint
