// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_concurrent_index_may_corrupt_14(const Context& context, Reporter& reporter) {
  if (!context.majors.contains(14)) return;
  each(context, {Operation::create_index_concurrently, Operation::reindex_concurrently}, [&](const Action& action) {
    if (!reporter.first()) return;
    Finding& finding = reporter.report(action, "on 14.0 to 14.3 rows that change during the build may be missing from the index");
    finding.versions = {14, 14};
    finding.fix = "14.4 or later; check with amcheck what was built before";
  });
}

}  // namespace

extern const Rule concurrent_index_may_corrupt_14_rule;
const Rule concurrent_index_may_corrupt_14_rule{"concurrent-index-may-corrupt-14", Category::process, Severity::info, "CREATE INDEX CONCURRENTLY on 14.0 to 14.3 may leave a corrupt index", false, check_concurrent_index_may_corrupt_14};

}  // namespace contraflow::lint
