// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_dynamic_sql(const Context& context, Reporter& reporter) {
  each(context, Fact::executes_unknown, [&](const Action& action) {
    Finding& finding = reporter.report(action, "unknown: the statement is put together at run time, rehearse to prove");
    finding.why = fmt::format("EXECUTE {}", action.reason.substr(0, 200));
    finding.fix = "contraflow rehearse runs it under observation";
  });
}

}  // namespace

extern const Rule dynamic_sql_rule;
const Rule dynamic_sql_rule{"dynamic-sql", Category::process, Severity::info, "EXECUTE of a text that only the run knows", true, check_dynamic_sql};

}  // namespace contraflow::lint
