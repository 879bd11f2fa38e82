// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_truncate(const Context& context, Reporter& reporter) {
  each(context, {Operation::truncate}, [&](const Action& action) {
    if (action.fact == Fact::view_left_empty) return;
    Finding& finding = reporter.report(action, fmt::format("all rows of {} go{}", table_text(action), action.reason.empty() ? "" : action.reason == "CASCADE" ? ", and those of every table that references it"
                                                                                                                                                              : ": it is " + action.reason));
    finding.why = "ACCESS EXCLUSIVE, and no way back to the rows.";
    finding.fix = "delete in batches; or swap an empty table in";
  });
}

}  // namespace

extern const Rule truncate_rule;
const Rule truncate_rule{"truncate", Category::data, Severity::warning, "TRUNCATE empties a table that is in use", true, check_truncate};

}  // namespace contraflow::lint
