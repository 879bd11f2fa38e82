// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_type_change_rechecks_constraint(const Context& context, Reporter& reporter) {
  each(context, {Operation::alter_type_check}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("changing {} reads all of {} under ACCESS EXCLUSIVE: {}", action.column, table_text(action), action.reason));
    finding.why = "The rows need not be rewritten, but the constraint is dropped and added anew by the same statement, and verified.";
    finding.fix = fmt::format("drop {0} first and add it NOT VALID afterwards, then VALIDATE CONSTRAINT", action.object.empty() ? "the constraint" : action.object);
  });
}

}  // namespace

extern const Rule type_change_rechecks_constraint_rule;
const Rule type_change_rechecks_constraint_rule{"type-change-rechecks-constraint", Category::lock, Severity::error, "a type change on a column with a CHECK or foreign key has every row checked again", true, check_type_change_rechecks_constraint};

}  // namespace contraflow::lint
