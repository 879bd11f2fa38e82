// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_work_under_lock(const Context& context, Reporter& reporter) {
  if (context.transaction == nullptr) return;
  const HeldLock* held = nullptr;
  for (const HeldLock& lock : context.transaction->locks) {
    if (lock.mode == effects::LockMode::access_exclusive && held == nullptr && !lock.relation.name.empty()) held = &lock;
  }
  if (held == nullptr) return;
  for (const Action& action : context.actions) {
    if (action.is_private || !action.depends.empty()) continue;
    const bool scans = action.locks && action.work() != effects::Work::none && action.key != held->key;
    if (!scans) continue;
    Finding& finding = reporter.report(action, fmt::format("this works on all of {} while nobody can use {}", table_text(action), quoted(held->relation)));
    finding.relation = quoted(held->relation);
    finding.why = fmt::format("{} on line {} locked {} with ACCESS EXCLUSIVE, and the lock is kept until the transaction ends.", held->by, held->line, quoted(held->relation));
    finding.fix = "end the transaction before the long statement";
    return;
  }
}

}  // namespace

extern const Rule work_under_lock_rule;
const Rule work_under_lock_rule{"work-under-lock", Category::transaction, Severity::error, "long work in a transaction that already locks a table against everything", true, check_work_under_lock};

}  // namespace contraflow::lint
