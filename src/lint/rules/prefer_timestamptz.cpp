// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule_columns.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_prefer_timestamptz(const Context& context, Reporter& reporter) {
  each_column(context.statement, [&](const PgQuery__ColumnDef& column, [[maybe_unused]] const std::string& type) {
    if (base_of(type) == "timestamp without time zone") reporter.report(context.statement.place(column.location), fmt::format("{} is a timestamp without time zone", text_of(column.colname))).fix = "timestamptz";
  });
}

}  // namespace

extern const Rule prefer_timestamptz_rule;
const Rule prefer_timestamptz_rule{"prefer-timestamptz", Category::style, Severity::info, "timestamp without time zone does not say when", false, check_prefer_timestamptz};

}  // namespace contraflow::lint
