// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_detach_partition_locks_parent(const Context& context, Reporter& reporter) {
  each(context, {Operation::detach_partition}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("detaching {} locks all of {} against reads and writes", action.other ? quoted(*action.other) : "a partition", table_text(action)));
    finding.why = "ACCESS EXCLUSIVE on the parent: every query on any partition through it waits.";
    finding.fix = fmt::format("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY;  -- 14 and later, outside of a transaction", table_text(action), action.other ? quoted(*action.other) : "…");
  });
}

}  // namespace

extern const Rule detach_partition_locks_parent_rule;
const Rule detach_partition_locks_parent_rule{"detach-partition-locks-parent", Category::brief_lock, Severity::warning, "DETACH PARTITION without CONCURRENTLY locks the whole partitioned table", true, check_detach_partition_locks_parent};

}  // namespace contraflow::lint
