// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_brief_exclusive_lock(const Context& context, Reporter& reporter) {
  each(context, {Operation::policy, Operation::create_rule, Operation::replica_identity, Operation::inherit, Operation::change_owner, Operation::alter_constraint, Operation::alter_column}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("{} takes ACCESS EXCLUSIVE on {} for a moment", effects::facts_of(action.operation).name, table_text(action)));
    finding.fix = "a short lock_timeout, and nothing long in the same transaction";
  });
}

}  // namespace

extern const Rule brief_exclusive_lock_rule;
const Rule brief_exclusive_lock_rule{"brief-exclusive-lock", Category::brief_lock, Severity::info, "a change of the catalog alone that takes ACCESS EXCLUSIVE for a moment", false, check_brief_exclusive_lock};

}  // namespace contraflow::lint
