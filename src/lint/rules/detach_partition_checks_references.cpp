// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_detach_partition_checks_references(const Context& context, Reporter& reporter) {
  each(context, {Operation::detach_partition_referenced}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("detaching {} looks for rows of {} that reference it, under ACCESS EXCLUSIVE", action.object, table_text(action)));
    finding.why = "A foreign key points at the partitioned table: the server proves that no row of the partition is referenced, and locks the referencing table meanwhile.";
    finding.fix = "an index on the referencing columns; or drop the foreign key first and add it again NOT VALID";
  });
}

}  // namespace

extern const Rule detach_partition_checks_references_rule;
const Rule detach_partition_checks_references_rule{"detach-partition-checks-references", Category::lock, Severity::error, "DETACH PARTITION of a table that foreign keys reference looks up every referencing row", true, check_detach_partition_checks_references};

}  // namespace contraflow::lint
