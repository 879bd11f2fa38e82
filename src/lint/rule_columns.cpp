// SPDX-License-Identifier: Apache-2.0
#include "lint/rule_columns.h"

namespace contraflow::lint {

void each_column(const Statement& statement, const std::function<void(const PgQuery__ColumnDef&, const std::string&)>& visit) {
  if (statement.node == nullptr) return;
  const auto look = [&](const PgQuery__Node* node) {
    if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF || node->column_def->type_name == nullptr) return;
    visit(*node->column_def, type_text(*node->column_def->type_name));
  };
  if (statement.node->node_case == PG_QUERY__NODE__NODE_CREATE_STMT) {
    const PgQuery__CreateStmt& create = *statement.node->create_stmt;
    for (std::size_t i = 0; i < create.n_table_elts; ++i) look(create.table_elts[i]);
  } else if (statement.node->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
    const PgQuery__AlterTableStmt& alter = *statement.node->alter_table_stmt;
    for (std::size_t i = 0; i < alter.n_cmds; ++i) {
      if (alter.cmds[i]->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) look(alter.cmds[i]->alter_table_cmd->def);
    }
  }
}

bool is_primary_key(const PgQuery__ColumnDef& column) {
  for (std::size_t i = 0; i < column.n_constraints; ++i) {
    if (column.constraints[i]->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) return true;
  }
  return false;
}

}  // namespace contraflow::lint
