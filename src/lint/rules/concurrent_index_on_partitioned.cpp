// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_concurrent_index_on_partitioned(const Context& context, Reporter& reporter) {
  each(context, Fact::concurrently_on_partitioned, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("the server refuses this: {} is partitioned", table_text(action)));
    finding.why = "cannot create index on partitioned table concurrently";
    finding.fix = fmt::format("CREATE INDEX {0} ON ONLY {1} ({2});\nCREATE INDEX CONCURRENTLY … on each partition;\nALTER INDEX {0} ATTACH PARTITION …;", action.object, table_text(action), action.column);
  });
}

}  // namespace

extern const Rule concurrent_index_on_partitioned_rule;
const Rule concurrent_index_on_partitioned_rule{"concurrent-index-on-partitioned", Category::process, Severity::error, "CREATE INDEX CONCURRENTLY is refused on a partitioned table", true, check_concurrent_index_on_partitioned};

}  // namespace contraflow::lint
