// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_type_change_rebuilds_index(const Context& context, Reporter& reporter) {
  each(context, {Operation::alter_type_index}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("changing {} builds {} of {} again under ACCESS EXCLUSIVE", action.column, action.object.empty() ? "its indexes" : "index " + action.object, table_text(action)));
    finding.why = fmt::format("The rows stay as they are, but {}.", action.reason);
    finding.fix = "a second column with the new type or collation and its own index, filled in batches, then swapped in; or drop the index first and build it concurrently afterwards";
  });
}

}  // namespace

extern const Rule type_change_rebuilds_index_rule;
const Rule type_change_rebuilds_index_rule{"type-change-rebuilds-index", Category::lock, Severity::error, "a type or collation change that leaves the rows alone still rebuilds indexes", true, check_type_change_rebuilds_index};

}  // namespace contraflow::lint
