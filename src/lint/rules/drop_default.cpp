// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_drop_default(const Context& context, Reporter& reporter) {
  each(context, Fact::drop_default, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("inserts that leave {} of {} out {} from now on", action.column, table_text(action), action.reason == "NOT NULL" ? "fail" : "get NULL"));
    finding.why = "The deployed version may not name the column because it had a default.";
    finding.fix = "deploy a version that always writes it first";
    finding.subject = replaceable(context, action.key, action.column);
  });
}

// SET DEFAULT in the same transaction, as around a change of type.
void finish_drop_default(const Context& context, Reporter& reporter) {
  reporter.retract_all([&](const Finding& finding) {
    const auto dropped = replaceable_in(finding.subject);
    const Relation* relation = dropped ? context.schema.relations.find(dropped->first) : nullptr;
    if (relation == nullptr) return false;
    const auto column = relation->columns.find(dropped->second);
    return column != relation->columns.end() && column->second.has_default;
  });
}

}  // namespace

extern const Rule drop_default_rule;
const Rule drop_default_rule{"drop-default", Category::compatibility, Severity::warning, "a default goes that old code may rely on", true, check_drop_default, finish_drop_default};

}  // namespace contraflow::lint
