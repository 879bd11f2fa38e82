// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_trigger_function_left_behind(const Context& context, Reporter& reporter) {
  each(context, Fact::function_left, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("{}() stays behind: it was the function of triggers, and no trigger runs it any more", action.object));
    finding.subject = action.object;
    finding.fix = fmt::format("DROP FUNCTION {}();", action.object);
  });
  for (const Action& action : context.actions) {
    if (action.fact == Fact::function_used || (action.fact == Fact::drop_object && !action.key.name.empty()))
      reporter.retract_all([&](const Finding& finding) { return finding.subject == quoted(action.key); });
  }
}

}  // namespace

extern const Rule trigger_function_left_behind_rule;
const Rule trigger_function_left_behind_rule{"trigger-function-left-behind", Category::data, Severity::info, "the last trigger of a function goes and the function stays", true, check_trigger_function_left_behind};

}  // namespace contraflow::lint
