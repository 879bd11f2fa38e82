// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_drop_column(const Context& context, Reporter& reporter) {
  each(context, {Operation::drop_column}, [&](const Action& action) {
    if (action.fact != Fact::drop_object || action.column_is_new) return;
    Finding& finding = reporter.report(action, fmt::format("column {} of {} and its values are gone after this", action.column, table_text(action)));
    finding.why = "A version that still reads or writes it fails; prepared `SELECT *` fail once even without naming it.";
    finding.fix = fmt::format("deploy a version without it first; relax NOT NULL; retire it by a rename, drop it later: contraflow plan writes both phases");
  });
}

}  // namespace

extern const Rule drop_column_rule;
const Rule drop_column_rule{"drop-column", Category::compatibility, Severity::warning, "a column is dropped, with its values", true, check_drop_column};

}  // namespace contraflow::lint
