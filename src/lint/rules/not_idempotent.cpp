// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

void check_not_idempotent(const Context& context, Reporter& reporter) {
  // In one transaction nothing is left of a file that failed.
  if (context.transaction != nullptr || context.file.statements < 2 || context.statement.node == nullptr) return;
  const PgQuery__Node& node = *context.statement.node;
  const char* what = nullptr;
  const char* fix = nullptr;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      if (node.create_stmt->if_not_exists == 0) what = "CREATE TABLE", fix = "CREATE TABLE IF NOT EXISTS";
      break;
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      if (node.index_stmt->if_not_exists == 0 && !context.file.dropped_indexes.contains(std::string(text_of(node.index_stmt->idxname)))) what = "CREATE INDEX", fix = "DROP INDEX CONCURRENTLY IF EXISTS before it";
      break;
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: what = "CREATE TYPE", fix = "a DO block that looks at pg_type first"; break;
    case PG_QUERY__NODE__NODE_DROP_STMT:
      if (node.drop_stmt->missing_ok == 0) what = "DROP", fix = "DROP … IF EXISTS";
      break;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      for (std::size_t i = 0; i < node.alter_table_stmt->n_cmds; ++i) {
        const PgQuery__AlterTableCmd& command = *node.alter_table_stmt->cmds[i]->alter_table_cmd;
        if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn && command.missing_ok == 0) what = "ADD COLUMN", fix = "ADD COLUMN IF NOT EXISTS";
        if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn && command.missing_ok == 0) what = "DROP COLUMN", fix = "DROP COLUMN IF EXISTS";
        if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint) what = "ADD CONSTRAINT", fix = "DROP CONSTRAINT IF EXISTS before it";
      }
      break;
    default: break;
  }
  if (what == nullptr) return;
  Finding& finding = reporter.report(context.statement.offset, fmt::format("{} fails when the file runs a second time", what));
  finding.why = "The file is no single transaction: after an interruption a part of it is done, and the rest cannot be reached.";
  finding.fix = fix;
}

}  // namespace

extern const Rule not_idempotent_rule;
const Rule not_idempotent_rule{"not-idempotent", Category::idempotence, Severity::info, "a statement that fails when the file runs again after an interruption", false, check_not_idempotent};

}  // namespace contraflow::lint
