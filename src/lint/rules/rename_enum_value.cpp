// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_rename_enum_value(const Context& context, Reporter& reporter) {
  each(context, Fact::enum_rename_value, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("value '{}' of {} is called '{}' from now on", action.from, action.what, action.to));
    finding.why = "The deployed application writes and compares the old value, which fails; and reads one that it does not know.";
    finding.fix = fmt::format("ALTER TYPE {} ADD VALUE '{}'; move the rows in batches; retire '{}' when no version uses it", action.what, action.to, action.from);
  });
}

}  // namespace

extern const Rule rename_enum_value_rule;
const Rule rename_enum_value_rule{"rename-enum-value", Category::compatibility, Severity::error, "an enum value is renamed under the running application", true, check_rename_enum_value};

}  // namespace contraflow::lint
