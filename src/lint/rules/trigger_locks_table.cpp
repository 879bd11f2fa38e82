// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_trigger_locks_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::create_trigger, Operation::toggle_trigger, Operation::drop_trigger}, [&](const Action& action) {
    const bool drops = action.operation == Operation::drop_trigger;
    Finding& finding = reporter.report(action, fmt::format("{} trigger {} stops {} {} until the transaction ends", drops ? "dropping" : action.operation == Operation::create_trigger ? "creating"
                                                                                                                                                                                      : "switching",
                                                           action.object, drops ? "reads and writes of" : "writes to", table_text(action)));
    finding.why = drops ? "ACCESS EXCLUSIVE, brief." : "SHARE ROW EXCLUSIVE, brief.";
    finding.fix = "a transaction of its own with a short lock_timeout";
  });
}

}  // namespace

extern const Rule trigger_locks_table_rule;
const Rule trigger_locks_table_rule{"trigger-locks-table", Category::brief_lock, Severity::info, "creating, switching or dropping a trigger locks the table", true, check_trigger_locks_table};

}  // namespace contraflow::lint
