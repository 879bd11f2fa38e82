// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_if_not_exists_hides_invalid_index(const Context& context, Reporter& reporter) {
  each(context, Fact::builds_if_not_exists, [&](const Action& action) {
    for (const std::string& dropped : context.file.dropped_indexes) {
      if (dropped == action.object || dropped.ends_with("." + action.object)) return;
    }
    Finding& finding = reporter.report(action, fmt::format("if an earlier build of {} failed, this does nothing and says so to nobody", action.object));
    finding.why = "A failed concurrent build leaves an INVALID index under the name; IF NOT EXISTS finds it and skips.";
    finding.fix = fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {0};\nCREATE INDEX CONCURRENTLY {0} ON {1} (…);", action.object, table_text(action));
  });
}

}  // namespace

extern const Rule if_not_exists_hides_invalid_index_rule;
const Rule if_not_exists_hides_invalid_index_rule{"if-not-exists-hides-invalid-index", Category::idempotence, Severity::warning, "CREATE INDEX CONCURRENTLY IF NOT EXISTS accepts an INVALID leftover as done", true, check_if_not_exists_hides_invalid_index};

}  // namespace contraflow::lint
