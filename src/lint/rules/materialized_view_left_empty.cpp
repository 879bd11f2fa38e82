// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_materialized_view_left_empty(const Context& context, Reporter& reporter) {
  each(context, Fact::view_left_empty, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("{} cannot be read until it is refreshed", table_text(action)));
    finding.why = "\"materialized view has not been populated\": every query on it fails.";
    finding.fix = fmt::format("REFRESH MATERIALIZED VIEW CONCURRENTLY {};", table_text(action));
  });
}

}  // namespace

extern const Rule materialized_view_left_empty_rule;
const Rule materialized_view_left_empty_rule{"materialized-view-left-empty", Category::data, Severity::warning, "REFRESH … WITH NO DATA leaves a materialized view that cannot be read", true, check_materialized_view_left_empty};

}  // namespace contraflow::lint
