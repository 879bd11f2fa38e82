// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_drop_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::drop_table, Operation::drop_table_referenced, Operation::drop_partition}, [&](const Action& action) {
    if (action.fact != Fact::drop_object) return;
    Finding& finding = reporter.report(action, fmt::format("table {} and its rows are gone after this", table_text(action)));
    finding.why = "A version that still uses it fails, and there is no way back to the rows.";
    finding.fix = fmt::format("first out of the way: ALTER TABLE {} RENAME TO …; drop it when nobody missed it", table_text(action));
  });
}

}  // namespace

extern const Rule drop_table_rule;
const Rule drop_table_rule{"drop-table", Category::compatibility, Severity::warning, "a table is dropped, with its rows", true, check_drop_table};

}  // namespace contraflow::lint
