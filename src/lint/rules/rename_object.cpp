// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_rename_object(const Context& context, Reporter& reporter) {
  each(context, Fact::rename, [&](const Action& action) {
    if (action.what == "table" || action.what == "view" || action.what == "column" || action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("{} {} is called {} from now on: the deployed application does not know that", action.what, action.from, action.to));
    finding.why = "Queries, casts and calls under the old name fail.";
    finding.fix = "keep the old name until no version uses it: a second object, or a wrapper under the old name";
    finding.subject = replaceable(context, action.key);
  });
}

// An enum that is exchanged: another type has the name when the transaction ends.
void finish_rename_object(const Context& context, Reporter& reporter) {
  reporter.retract_all([&](const Finding& finding) {
    const auto renamed = replaceable_in(finding.subject);
    return renamed && context.schema.types.find(renamed->first) != nullptr;
  });
}

}  // namespace

extern const Rule rename_object_rule;
const Rule rename_object_rule{"rename-object", Category::compatibility, Severity::error, "a schema, type, function or the like is renamed under the running application", true, check_rename_object, finish_rename_object};

}  // namespace contraflow::lint
