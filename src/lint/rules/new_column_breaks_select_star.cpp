// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_new_column_breaks_select_star(const Context& context, Reporter& reporter) {
  for (const Action& action : context.actions) {
    const bool added = action.fact == Fact::shape_breaks_prepared;
    const bool dropped = action.locks && action.operation == effects::Operation::drop_column;
    if ((!added && !dropped) || action.is_private) continue;
    Finding& finding = reporter.report(action, fmt::format("prepared SELECT * and RETURNING * over {} fail once after this", table_text(action)));
    finding.why = "\"cached plan must not change result type\".";
    finding.fix = "explicit column lists in the application";
  }
}

}  // namespace

extern const Rule new_column_breaks_select_star_rule;
const Rule new_column_breaks_select_star_rule{"new-column-breaks-select-star", Category::compatibility, Severity::info, "prepared SELECT * and RETURNING * fail once after a column comes or goes", false, check_new_column_breaks_select_star};

}  // namespace contraflow::lint
