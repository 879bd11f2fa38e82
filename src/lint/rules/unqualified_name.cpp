// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_unqualified_name(const Context& context, Reporter& reporter) {
  if (context.statement.node == nullptr || context.statement.node->node_case != PG_QUERY__NODE__NODE_CREATE_STMT) return;
  const PgQuery__RangeVar& table = *context.statement.node->create_stmt->relation;
  if (!text_of(table.schemaname).empty() || text_of(table.relpersistence) == "t") return;
  reporter.report(context.statement.place(table.location), fmt::format("{} is created in whatever schema comes first in search_path", text_of(table.relname))).fix = fmt::format("public.{}", text_of(table.relname));
}

}  // namespace

extern const Rule unqualified_name_rule;
const Rule unqualified_name_rule{"unqualified-name", Category::style, Severity::info, "a table is created without naming its schema", false, check_unqualified_name};

}  // namespace contraflow::lint
