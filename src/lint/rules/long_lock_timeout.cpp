// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_long_lock_timeout(const Context& context, Reporter& reporter) {
  constexpr long long kLongestMs = 5'000;
  if (context.session.lock_timeout_ms.value_or(0) <= kLongestMs) return;
  for (const Action& action : context.actions) {
    if (!action.locks || action.is_private || !effects::blocks_writes(action.lock(context.majors.to)) || !reporter.first(std::to_string(*context.session.lock_timeout_ms))) continue;
    Finding& finding = reporter.report(action, fmt::format("{} on {} may be waited for up to {} s", effects::lock_name(action.lock(context.majors.to)), table_text(action), *context.session.lock_timeout_ms / 1000));
    finding.why = "All later queries on the table wait behind the statement until the timeout ends it.";
    finding.fix = "SET lock_timeout = '1s'; and try again";
    return;
  }
}

}  // namespace

extern const Rule long_lock_timeout_rule;
const Rule long_lock_timeout_rule{"long-lock-timeout", Category::transaction, Severity::warning, "a lock_timeout so long that the application stands still while it runs out", true, check_long_lock_timeout};

}  // namespace contraflow::lint
