// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule_columns.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_prefer_bigint_key(const Context& context, Reporter& reporter) {
  each_column(context.statement, [&](const PgQuery__ColumnDef& column, [[maybe_unused]] const std::string& type) {
    if (is_primary_key(column) && (type == "integer" || type == "smallint")) reporter.report(context.statement.place(column.location), fmt::format("key {} is an integer", text_of(column.colname))).fix = "bigint";
  });
}

}  // namespace

extern const Rule prefer_bigint_key_rule;
const Rule prefer_bigint_key_rule{"prefer-bigint-key", Category::style, Severity::info, "an integer primary key runs out after two thousand million rows", false, check_prefer_bigint_key};

}  // namespace contraflow::lint
