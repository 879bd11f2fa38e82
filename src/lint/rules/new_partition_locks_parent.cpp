// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_new_partition_locks_parent(const Context& context, Reporter& reporter) {
  each(context, {Operation::create_partition}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("creating a partition of {} locks all of it against reads and writes", table_text(action)));
    finding.why = "ACCESS EXCLUSIVE on the parent; ATTACH PARTITION needs SHARE UPDATE EXCLUSIVE alone.";
    finding.fix = fmt::format("CREATE TABLE … (LIKE {0} INCLUDING ALL);\nALTER TABLE {0} ATTACH PARTITION … FOR VALUES …;", table_text(action));
  });
}

}  // namespace

extern const Rule new_partition_locks_parent_rule;
const Rule new_partition_locks_parent_rule{"new-partition-locks-parent", Category::brief_lock, Severity::warning, "CREATE TABLE … PARTITION OF locks the whole partitioned table", true, check_new_partition_locks_parent};

}  // namespace contraflow::lint
