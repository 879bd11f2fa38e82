// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_drop_object(const Context& context, Reporter& reporter) {
  each(context, Fact::drop_object, [&](const Action& action) {
    if (action.locks || action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("{} {} is gone after this{}", action.what, action.object, action.reason == "CASCADE" ? ", with all that depends on it" : ""));
    finding.why = "A version that still uses it fails.";
    finding.fix = "drop it when no deployed version uses it any more";
    finding.subject = replaceable(context, action.key);
  });
}

// What is made again under its name in the same transaction is not gone for anybody.
void finish_drop_object(const Context& context, Reporter& reporter) {
  reporter.retract_all([&](const Finding& finding) {
    const auto gone = replaceable_in(finding.subject);
    if (!gone) return false;
    const std::vector<Function>* functions = context.schema.functions.find(gone->first);
    return context.schema.relations.find(gone->first) != nullptr || context.schema.types.find(gone->first) != nullptr || (functions != nullptr && !functions->empty());
  });
}

}  // namespace

extern const Rule drop_object_rule;
const Rule drop_object_rule{"drop-object", Category::compatibility, Severity::warning, "a view, function, type, schema or the like is dropped", true, check_drop_object, finish_drop_object};

}  // namespace contraflow::lint
