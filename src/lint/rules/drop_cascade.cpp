// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_drop_cascade(const Context& context, Reporter& reporter) {
  for (const Action& action : context.actions) {
    if (action.fact != Fact::drop_object || action.is_private || action.reason != "CASCADE") continue;
    Finding& finding = reporter.report(action, fmt::format("CASCADE drops whatever depends on {} {}", action.what, action.object));
    finding.why = "Views, foreign keys and functions of others go without being named; which ones depends on the database that it runs on.";
    finding.fix = "name what is to go, without CASCADE";
    return;
  }
}

}  // namespace

extern const Rule drop_cascade_rule;
const Rule drop_cascade_rule{"drop-cascade", Category::compatibility, Severity::warning, "DROP … CASCADE takes along what the file does not name", true, check_drop_cascade};

}  // namespace contraflow::lint
