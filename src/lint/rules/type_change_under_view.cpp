// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_type_change_under_view(const Context& context, Reporter& reporter) {
  each(context, Fact::type_under_view, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("the server refuses this: {} {} uses column {}", action.what, action.object, action.column));
    finding.why = "cannot alter type of a column used by a view or rule";
    finding.fix = "drop the view and create it again in the same transaction, with its grants and comments";
  });
}

}  // namespace

extern const Rule type_change_under_view_rule;
const Rule type_change_under_view_rule{"type-change-under-view", Category::compatibility, Severity::error, "the type of a column that a view shows cannot be changed", true, check_type_change_under_view};

}  // namespace contraflow::lint
