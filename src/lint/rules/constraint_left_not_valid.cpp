// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_constraint_left_not_valid(const Context& context, Reporter& reporter) {
  each(context, Fact::not_valid_left, [&](const Action& action) {
    if (action.what == "validated") return reporter.retract(quoted(action.relation));
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("constraint {} of {} is not valid for old rows", action.object, table_text(action)));
    finding.fix = fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {};  -- in a transaction of its own", table_text(action), action.object);
  });
}

}  // namespace

extern const Rule constraint_left_not_valid_rule;
const Rule constraint_left_not_valid_rule{"constraint-left-not-valid", Category::data, Severity::info, "a NOT VALID constraint is never validated in the file", false, check_constraint_left_not_valid};

}  // namespace contraflow::lint
