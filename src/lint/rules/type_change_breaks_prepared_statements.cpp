// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_type_change_breaks_prepared_statements(const Context& context, Reporter& reporter) {
  each(context, Fact::type_breaks_prepared, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("prepared statements that return {} of {} fail once after this", action.column, table_text(action)));
    finding.why = "\"cached plan must not change result type\": also with an explicit column list, also where only the modifier changes; inside of a transaction it cannot be recovered.";
    finding.fix = fmt::format("let the queries return {}::{} before the change: the result type then stays the same across it", action.column, action.to);
  });
}

}  // namespace

extern const Rule type_change_breaks_prepared_statements_rule;
const Rule type_change_breaks_prepared_statements_rule{"type-change-breaks-prepared-statements", Category::compatibility, Severity::warning, "a type or modifier change under the same name breaks prepared statements once", true, check_type_change_breaks_prepared_statements};

}  // namespace contraflow::lint
