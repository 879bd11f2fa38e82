// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_missing_lock_timeout(const Context& context, Reporter& reporter) {
  if (context.session.lock_timeout_ms.value_or(0) > 0) return;
  for (const Action& action : context.actions) {
    if (!action.locks) continue;
    const bool own = !action.is_private && effects::blocks_writes(action.lock(context.majors.to));
    const bool other = action.other && !action.other_is_private && effects::blocks_writes(effects::facts_of(action.operation).other);
    if ((!own && !other) || !reporter.first()) continue;
    const effects::LockMode mode = own ? action.lock(context.majors.to) : effects::facts_of(action.operation).other;
    Finding& finding = reporter.report(action, fmt::format("{} on {} is waited for without limit", effects::lock_name(mode), own ? table_text(action) : quoted(*action.other)));
    if (!own) reporter.set_relation(finding, quoted(*action.other));
    finding.why = context.session.lock_timeout_ms ? "lock_timeout = 0 is no timeout. While the statement waits for one long query, every later query on the table waits behind it."
                                                  : "While the statement waits for one long query, every later query on the table waits behind it: that queue is the outage.";
    finding.fix = "SET lock_timeout = '1s';  -- before the statement; try again when it gives up";
    finding.depends = context.session.lock_timeout_ms ? "" : "whether the role or the server has a lock_timeout";
    return;
  }
}

}  // namespace

extern const Rule missing_lock_timeout_rule;
const Rule missing_lock_timeout_rule{"missing-lock-timeout", Category::transaction, Severity::warning, "a lock that the application feels is asked for without a lock_timeout", true, check_missing_lock_timeout};

}  // namespace contraflow::lint
