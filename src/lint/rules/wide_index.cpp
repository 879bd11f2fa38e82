// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_wide_index(const Context& context, Reporter& reporter) {
  if (context.statement.node == nullptr || context.statement.node->node_case != PG_QUERY__NODE__NODE_INDEX_STMT) return;
  const PgQuery__IndexStmt& index = *context.statement.node->index_stmt;
  if (index.n_index_params <= 3) return;
  reporter.report(context.statement.offset, fmt::format("index {} has {} columns", text_of(index.idxname), index.n_index_params)).fix = "the first columns alone, or INCLUDE for what is only returned";
}

}  // namespace

extern const Rule wide_index_rule;
const Rule wide_index_rule{"wide-index", Category::style, Severity::info, "an index over more than three columns", false, check_wide_index};

}  // namespace contraflow::lint
