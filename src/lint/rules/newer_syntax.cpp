// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_newer_syntax(const Context& context, Reporter& reporter) {
  each(context, Fact::unread, [&](const Action& action) {
    if (action.reason.starts_with("unterminated")) return;
    Finding& finding = reporter.report(action, fmt::format("unknown: newer syntax, rehearse to prove ({})", action.reason));
    finding.why = "The parser here is PostgreSQL 15's. What a newer server makes of the statement is for a server to say.";
    finding.fix = "contraflow rehearse runs it on a throwaway server of the major in use";
  });
}

}  // namespace

extern const Rule newer_syntax_rule;
const Rule newer_syntax_rule{"newer-syntax", Category::process, Severity::info, "unknown: newer syntax, rehearse to prove", true, check_newer_syntax};

}  // namespace contraflow::lint
