// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_enum_value_unknown_to_clients(const Context& context, Reporter& reporter) {
  each(context, Fact::enum_add_value, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("clients that run now may not know value '{}' of {}", action.object, action.what));
    finding.why = "Generated clients (Prisma and others) throw when they read a value that they were not built with.";
    finding.fix = "deploy the version that knows the value before anything writes it";
  });
}

}  // namespace

extern const Rule enum_value_unknown_to_clients_rule;
const Rule enum_value_unknown_to_clients_rule{"enum-value-unknown-to-clients", Category::compatibility, Severity::info, "a running client may fail on an enum value that it does not know", true, check_enum_value_unknown_to_clients};

}  // namespace contraflow::lint
