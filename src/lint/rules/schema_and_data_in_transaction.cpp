// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_schema_and_data_in_transaction(const Context& context, Reporter& reporter) {
  if (context.transaction == nullptr || context.transaction->ddl_line == 0) return;
  for (const Action& action : context.actions) {
    const bool data = action.fact == Fact::whole_update || action.fact == Fact::whole_delete;
    if (!data || action.is_private) continue;
    const HeldLock* held = nullptr;
    for (const HeldLock& lock : context.transaction->locks) {
      if (effects::blocks_writes(lock.mode) && (held == nullptr || lock.mode > held->mode)) held = &lock;
    }
    if (held == nullptr) return;
    Finding& finding = reporter.report(action, fmt::format("{} of {} runs while {} is held on {}", action.what, table_text(action), effects::lock_name(held->mode), quoted(held->relation)));
    finding.why = fmt::format("{} on line {} took the lock; it is kept until every row is written.", held->by, held->line);
    finding.fix = "commit the schema change first; then change the rows in batches, each in a transaction of its own";
    return;
  }
}

}  // namespace

extern const Rule schema_and_data_in_transaction_rule;
const Rule schema_and_data_in_transaction_rule{"schema-and-data-in-transaction", Category::transaction, Severity::error, "rows of a whole table are changed in a transaction that holds the lock of a schema change", true, check_schema_and_data_in_transaction};

}  // namespace contraflow::lint
