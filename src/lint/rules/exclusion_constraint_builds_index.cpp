// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_exclusion_constraint_builds_index(const Context& context, Reporter& reporter) {
  each(context, {Operation::add_exclusion}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("adding EXCLUDE constraint {} builds an index on {} under ACCESS EXCLUSIVE", action.object, table_text(action)));
    finding.why = "There is no way to add an exclusion constraint from an index that was built concurrently.";
    finding.fix = "a new table with the constraint, kept in step by a trigger, that takes the place of the old one (contraflow plan does it); or a maintenance window";
  });
}

}  // namespace

extern const Rule exclusion_constraint_builds_index_rule;
const Rule exclusion_constraint_builds_index_rule{"exclusion-constraint-builds-index", Category::lock, Severity::error, "ADD EXCLUDE builds its index under ACCESS EXCLUSIVE", true, check_exclusion_constraint_builds_index};

}  // namespace contraflow::lint
