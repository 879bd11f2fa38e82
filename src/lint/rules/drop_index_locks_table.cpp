// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_drop_index_locks_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::drop_index}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("dropping index {} locks {} against reads and writes", action.object, action.relation.name.empty() ? "its table" : table_text(action)));
    finding.why = "ACCESS EXCLUSIVE is brief once it is there, but it waits for every running query, and all later ones wait behind it.";
    finding.fix = fmt::format("DROP INDEX CONCURRENTLY {};  -- outside of a transaction", action.object);
  });
}

}  // namespace

extern const Rule drop_index_locks_table_rule;
const Rule drop_index_locks_table_rule{"drop-index-locks-table", Category::brief_lock, Severity::warning, "DROP INDEX without CONCURRENTLY locks the table against everything", true, check_drop_index_locks_table};

}  // namespace contraflow::lint
