// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_default_partition_is_scanned(const Context& context, Reporter& reporter) {
  each(context, {Operation::scan_default_partition}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("the default partition {} is read under ACCESS EXCLUSIVE for rows of the new one", table_text(action)));
    finding.why = "While it is locked no row of it can be read or written, nor any query planned that may touch it.";
    finding.fix = fmt::format("ALTER TABLE {} ADD CONSTRAINT … CHECK (NOT within the new bound) NOT VALID, VALIDATE CONSTRAINT, then add the partition", table_text(action));
  });
}

}  // namespace

extern const Rule default_partition_is_scanned_rule;
const Rule default_partition_is_scanned_rule{"default-partition-is-scanned", Category::lock, Severity::error, "a new partition has the default partition read under ACCESS EXCLUSIVE", true, check_default_partition_is_scanned};

}  // namespace contraflow::lint
