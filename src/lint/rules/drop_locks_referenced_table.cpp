// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_drop_locks_referenced_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::drop_foreign_key, Operation::drop_table_referenced}, [&](const Action& action) {
    if (action.other && action.other_is_private) return;
    const std::string other = action.other ? quoted(*action.other) : "the referenced table";
    Finding& finding = reporter.report(action, fmt::format("this locks {} against reads and writes, too", other));
    if (action.other) finding.relation = other;
    finding.lock = effects::LockMode::access_exclusive;
    finding.why = "The foreign key's triggers on the referenced table are dropped with it, which takes ACCESS EXCLUSIVE there.";
    finding.fix = "a transaction of its own with a short lock_timeout; of a table: drop its foreign keys one by one before";
  });
}

}  // namespace

extern const Rule drop_locks_referenced_table_rule;
const Rule drop_locks_referenced_table_rule{"drop-locks-referenced-table", Category::brief_lock, Severity::warning, "dropping a foreign key, or a table that has one, locks the referenced table against everything", true, check_drop_locks_referenced_table};

}  // namespace contraflow::lint
