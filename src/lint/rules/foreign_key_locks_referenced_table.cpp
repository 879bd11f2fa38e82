// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_foreign_key_locks_referenced_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_column_reference, Operation::add_foreign_key_not_valid, Operation::create_table_reference}, [&](const Action& action) {
    if (!action.other || action.other_is_private) return;
    Finding& finding = reporter.report(action, fmt::format("foreign key {} stops writes to {} until the transaction ends", action.object, quoted(*action.other)));
    finding.relation = quoted(*action.other);
    finding.lock = effects::facts_of(action.operation).other;
    finding.why = "SHARE ROW EXCLUSIVE on the referenced table: brief, as long as nothing else is in the transaction.";
    finding.fix = "a transaction of its own with a short lock_timeout";
  });
}

}  // namespace

extern const Rule foreign_key_locks_referenced_table_rule;
const Rule foreign_key_locks_referenced_table_rule{"foreign-key-locks-referenced-table", Category::brief_lock, Severity::info, "a foreign key locks the table that it references, too", true, check_foreign_key_locks_referenced_table};

}  // namespace contraflow::lint
