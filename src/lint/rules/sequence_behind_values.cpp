// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

// The name that the server gives to the sequence of a serial or identity column (ChooseRelationName()).
std::string usual_name(const Action& action) { return fmt::format("{}_{}_seq", action.relation.name, action.column); }

void check_sequence_behind_values(const Context& context, Reporter& reporter) {
  for (const Action& action : context.actions) {
    if (action.fact == Fact::sequence_set) {
      const std::string sequence = action.column.empty() ? action.object : usual_name(action);
      if (sequence.empty()) return reporter.retract_all([](const Finding&) { return true; });  // which one only the run knows
      (void)reporter.first(sequence);
      if (!action.column.empty())
        reporter.retract(quoted(action.relation), [&](const Finding& finding) { return finding.subject.starts_with(action.column + "\1"); });
      else
        reporter.retract_all([&](const Finding& finding) { return finding.subject.ends_with("\1" + action.object); });
    }
    if (action.fact == Fact::rename && action.what == "sequence" && !reporter.first(action.from)) (void)reporter.first(action.to);
    if (action.fact != Fact::sequence_may_lag || action.is_private) continue;
    const std::string sequence = action.object.empty() ? usual_name(action) : action.object;
    if (action.what == "default" && !reporter.first(sequence)) continue;  // set before it is attached
    Finding& finding = reporter.report(action, fmt::format("the sequence behind {} of {} starts at 1 unless it is set", action.column, table_text(action)));
    if (action.what == "default") finding.severity = Severity::info;
    finding.subject = action.column + "\1" + sequence;
    finding.why = "The first inserts then repeat values that are there.";
    finding.fix = fmt::format("START WITH a number above the largest value, or: SELECT setval(pg_get_serial_sequence('{0}', '{1}'), (SELECT max({1}) FROM {0}));", table_text(action), action.column);
  }
}

}  // namespace

extern const Rule sequence_behind_values_rule;
const Rule sequence_behind_values_rule{"sequence-behind-values", Category::data, Severity::warning, "a sequence is attached to a column that already has values", true, check_sequence_behind_values};

}  // namespace contraflow::lint
