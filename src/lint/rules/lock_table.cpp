// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_lock_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::lock_table}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("LOCK TABLE takes {} on {} until the transaction ends", action.what, table_text(action)));
    finding.why = "Everything that the transaction does from here on, it does with the table locked.";
    finding.fix = "leave the lock to the statements that need one, each in a short transaction";
  });
}

}  // namespace

extern const Rule lock_table_rule;
const Rule lock_table_rule{"lock-table", Category::brief_lock, Severity::warning, "LOCK TABLE stops the application until the transaction ends", true, check_lock_table};

}  // namespace contraflow::lint
