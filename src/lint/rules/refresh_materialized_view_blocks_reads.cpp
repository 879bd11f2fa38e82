// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_refresh_materialized_view_blocks_reads(const Context& context, Reporter& reporter) {
  each(context, {Operation::refresh}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("REFRESH locks readers of {} out until it is computed anew", table_text(action)));
    finding.why = "ACCESS EXCLUSIVE for as long as the view's query runs.";
    finding.fix = fmt::format("REFRESH MATERIALIZED VIEW CONCURRENTLY {};  -- needs a unique index over its columns", table_text(action));
  });
}

}  // namespace

extern const Rule refresh_materialized_view_blocks_reads_rule;
const Rule refresh_materialized_view_blocks_reads_rule{"refresh-materialized-view-blocks-reads", Category::lock, Severity::error, "REFRESH MATERIALIZED VIEW without CONCURRENTLY locks readers out", true, check_refresh_materialized_view_blocks_reads};

}  // namespace contraflow::lint
