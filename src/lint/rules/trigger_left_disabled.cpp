// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_trigger_left_disabled(const Context& context, Reporter& reporter) {
  each(context, Fact::trigger_left_disabled, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("{} of {} stays disabled", action.object.empty() ? "every trigger" : "trigger " + action.object, table_text(action)));
    finding.why = "What it guards is unguarded for all sessions, not for this one alone; foreign keys are triggers, too.";
    finding.fix = "ENABLE TRIGGER in the same transaction; for a backfill SET LOCAL session_replication_role = replica";
  });
  for (const Action& action : context.actions) {
    if (action.locks && action.operation == effects::Operation::toggle_trigger && action.fact == Fact::none) reporter.retract(quoted(action.relation));
  }
}

}  // namespace

extern const Rule trigger_left_disabled_rule;
const Rule trigger_left_disabled_rule{"trigger-left-disabled", Category::data, Severity::warning, "a trigger is disabled and stays so", true, check_trigger_left_disabled};

}  // namespace contraflow::lint
