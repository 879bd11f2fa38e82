// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_attach_partition_scans_table(const Context& context, Reporter& reporter) {
  each(context, {Operation::attach_partition_scan}, [&](const Action& action) {
    Finding& finding = reporter.report(action, action.reason.empty() ? fmt::format("attaching {} reads all of it under ACCESS EXCLUSIVE", table_text(action))
                                                                     : fmt::format("attaching {} reads all of it: {}", table_text(action), action.reason));
    finding.why = "No validated CHECK of the table implies the partition's bound, so every row is looked at.";
    finding.fix = fmt::format("ALTER TABLE {0} ADD CONSTRAINT bound CHECK (key IS NOT NULL AND key >= … AND key < …) NOT VALID;\nALTER TABLE {0} VALIDATE CONSTRAINT bound;\nthen ATTACH PARTITION, then drop the CHECK", table_text(action));
  });
  each(context, {Operation::attach_partition_index}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("attaching {} builds the parent's index {} on it", table_text(action), action.object));
    finding.why = "An index that the parent has and the new partition has not is built by ATTACH, under ACCESS EXCLUSIVE on the partition.";
    finding.fix = fmt::format("CREATE INDEX CONCURRENTLY ON {} ({}) beforehand", table_text(action), action.column);
  });
}

}  // namespace

extern const Rule attach_partition_scans_table_rule;
const Rule attach_partition_scans_table_rule{"attach-partition-scans-table", Category::lock, Severity::error, "ATTACH PARTITION reads the new partition unless a CHECK implies its bound", true, check_attach_partition_scans_table};

}  // namespace contraflow::lint
