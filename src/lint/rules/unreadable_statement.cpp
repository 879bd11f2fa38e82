// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_unreadable_statement(const Context& context, Reporter& reporter) {
  each(context, Fact::unread, [&](const Action& action) {
    if (!action.reason.starts_with("unterminated")) return;
    Finding& finding = reporter.report(action, fmt::format("this cannot be read on any version: {}", action.reason));
    finding.why = "Everything to the end of the file belongs to it.";
    finding.fix = "close the quote";
  });
}

}  // namespace

extern const Rule unreadable_statement_rule;
const Rule unreadable_statement_rule{"unreadable-statement", Category::process, Severity::error, "a quote or comment that never ends", true, check_unreadable_statement};

}  // namespace contraflow::lint
