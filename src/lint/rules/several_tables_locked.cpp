// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_several_tables_locked(const Context& context, Reporter& reporter) {
  if (context.transaction == nullptr) return;
  for (const Action& action : context.actions) {
    if (!action.locks || action.is_private || action.relation.name.empty() || action.lock(context.majors.to) != effects::LockMode::access_exclusive) continue;
    for (const HeldLock& held : context.transaction->locks) {
      if (held.mode != effects::LockMode::access_exclusive || held.key == action.key || !reporter.first(std::to_string(context.transaction->line) + "," + std::to_string(context.transaction->explicit_block))) continue;
      Finding& finding = reporter.report(action, fmt::format("{} is locked while {} is already locked (line {})", table_text(action), quoted(held.relation), held.line));
      finding.why = "A query that uses both tables in the other order deadlocks with this transaction; and the first table is out of use for as long as the second lock is waited for.";
      finding.fix = "one table a transaction";
      return;
    }
  }
}

}  // namespace

extern const Rule several_tables_locked_rule;
const Rule several_tables_locked_rule{"several-tables-locked", Category::transaction, Severity::warning, "one transaction locks several tables against everything", true, check_several_tables_locked};

}  // namespace contraflow::lint
