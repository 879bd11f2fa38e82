// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_foreign_key_without_index(const Context& context, Reporter& reporter) {
  each(context, Fact::reference_without_index, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("no index on {} of {} begins with ({})", action.object, table_text(action), action.object));
    finding.message = fmt::format("no index of {} begins with ({})", table_text(action), action.object);
    finding.why = fmt::format("Every DELETE and key UPDATE on {} reads all of {} to look for references.", action.other ? quoted(*action.other) : "the referenced table", table_text(action));
    finding.fix = fmt::format("CREATE INDEX CONCURRENTLY ON {} ({});  -- before the foreign key", table_text(action), action.object);
    finding.subject = action.object;
  });
  for (const Action& action : context.actions) {
    if (!action.locks || (action.operation != effects::Operation::create_index && action.operation != effects::Operation::create_index_concurrently && action.operation != effects::Operation::add_unique)) continue;
    reporter.retract(quoted(action.relation), [&](const Finding& finding) { return action.column == finding.subject || action.column.starts_with(finding.subject + ","); });
  }
}

}  // namespace

extern const Rule foreign_key_without_index_rule;
const Rule foreign_key_without_index_rule{"foreign-key-without-index", Category::data, Severity::warning, "a foreign key whose columns have no index", true, check_foreign_key_without_index};

}  // namespace contraflow::lint
