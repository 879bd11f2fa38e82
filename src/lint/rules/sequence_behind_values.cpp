// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_sequence_behind_values(const Context& context, Reporter& reporter) {
  each(context, Fact::sequence_may_lag, [&](const Action& action) {
    if (action.is_private) return;
    Finding& finding = reporter.report(action, fmt::format("the sequence behind {} of {} starts at 1 unless it is set", action.column, table_text(action)));
    if (action.what == "default") finding.severity = Severity::info;
    finding.why = "The first inserts then repeat values that are there.";
    finding.fix = fmt::format("START WITH a number above the largest value, or: SELECT setval(pg_get_serial_sequence('{0}', '{1}'), (SELECT max({1}) FROM {0}));", table_text(action), action.column);
  });
}

}  // namespace

extern const Rule sequence_behind_values_rule;
const Rule sequence_behind_values_rule{"sequence-behind-values", Category::data, Severity::warning, "a sequence is attached to a column that already has values", true, check_sequence_behind_values};

}  // namespace contraflow::lint
