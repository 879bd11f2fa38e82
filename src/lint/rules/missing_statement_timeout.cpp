// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_missing_statement_timeout(const Context& context, Reporter& reporter) {
  if (context.session.statement_timeout_ms.value_or(0) > 0) return;
  for (const Action& action : context.actions) {
    if (!action.locks || action.is_private || action.work() == effects::Work::none || !effects::blocks_writes(action.lock(context.majors.to)) || !reporter.first()) continue;
    Finding& finding = reporter.report(action, fmt::format("nothing ends this statement when it takes longer on {} than thought", table_text(action)));
    finding.fix = "SET statement_timeout = '30s';  -- what the application can stand";
    return;
  }
}

}  // namespace

extern const Rule missing_statement_timeout_rule;
const Rule missing_statement_timeout_rule{"missing-statement-timeout", Category::transaction, Severity::info, "a statement that works on a whole table runs without a statement_timeout", false, check_missing_statement_timeout};

}  // namespace contraflow::lint
