// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_trigger_reads_dropped_column(const Context& context, Reporter& reporter) {
  each(context, Fact::trigger_reads_column, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("trigger {} of {} runs {}(), which reads column {}: {} here", action.object, table_text(action), action.from, action.column, action.what));
    finding.subject = action.object + '\1' + action.from;
    finding.why = fmt::format("The server does not look into function bodies: from now on every write that fires it fails: record has no field \"{}\".", action.column);
    finding.fix = fmt::format("DROP TRIGGER {} ON {};  -- before, in the same transaction, and its function with it; or CREATE OR REPLACE the function without the column", action.object, table_text(action));
    if (!action.depends.empty()) finding.severity = Severity::warning;
  });
  // What ends it in the same transaction ends it before anybody sees it.
  if (context.transaction == nullptr) return;
  const auto retract = [&](const auto& settled) { reporter.retract_all([&](const Finding& finding) { return finding.offset >= context.transaction->offset && settled(finding); }); };
  for (const Action& action : context.actions) {
    if (action.locks && action.operation == effects::Operation::drop_trigger)
      retract([&](const Finding& finding) { return finding.relation == quoted(action.relation) && finding.subject.substr(0, finding.subject.find('\1')) == action.object; });
    if (action.fact == Fact::function_used || (action.fact == Fact::drop_object && !action.key.name.empty()))
      retract([&](const Finding& finding) { return finding.subject.substr(finding.subject.find('\1') + 1) == quoted(action.key); });
  }
}

}  // namespace

extern const Rule trigger_reads_dropped_column_rule;
const Rule trigger_reads_dropped_column_rule{"trigger-reads-dropped-column", Category::data, Severity::error, "a trigger is left behind that reads a column which is dropped or renamed", true, check_trigger_reads_dropped_column};

}  // namespace contraflow::lint
