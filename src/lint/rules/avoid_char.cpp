// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule_columns.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_avoid_char(const Context& context, Reporter& reporter) {
  each_column(context.statement, [&](const PgQuery__ColumnDef& column, [[maybe_unused]] const std::string& type) {
    if (type.starts_with("character(")) reporter.report(context.statement.place(column.location), fmt::format("{} is char(n)", text_of(column.colname))).fix = "text, with a CHECK on the length where it matters";
  });
}

}  // namespace

extern const Rule avoid_char_rule;
const Rule avoid_char_rule{"avoid-char", Category::style, Severity::info, "char(n) pads with blanks", false, check_avoid_char};

}  // namespace contraflow::lint
