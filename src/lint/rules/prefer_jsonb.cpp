// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule_columns.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_prefer_jsonb(const Context& context, Reporter& reporter) {
  each_column(context.statement, [&](const PgQuery__ColumnDef& column, [[maybe_unused]] const std::string& type) {
    if (type == "json") reporter.report(context.statement.place(column.location), fmt::format("{} is json", text_of(column.colname))).fix = "jsonb";
  });
}

}  // namespace

extern const Rule prefer_jsonb_rule;
const Rule prefer_jsonb_rule{"prefer-jsonb", Category::style, Severity::info, "json keeps the text and can be neither compared nor indexed", false, check_prefer_jsonb};

}  // namespace contraflow::lint
