// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_drop_partition_locks_parent(const Context& context, Reporter& reporter) {
  each(context, {Operation::drop_partition}, [&](const Action& action) {
    if (action.other_is_private) return;
    const std::string parent = action.other ? quoted(*action.other) : "its parent";
    Finding& finding = reporter.report(action, fmt::format("dropping {} locks all of {} against reads and writes", table_text(action), parent));
    if (action.other) finding.relation = parent;
    finding.why = "ACCESS EXCLUSIVE on the parent.";
    finding.fix = fmt::format("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY;\nDROP TABLE {};", parent, table_text(action), table_text(action));
  });
}

}  // namespace

extern const Rule drop_partition_locks_parent_rule;
const Rule drop_partition_locks_parent_rule{"drop-partition-locks-parent", Category::brief_lock, Severity::warning, "DROP TABLE of a partition locks the whole partitioned table", true, check_drop_partition_locks_parent};

}  // namespace contraflow::lint
