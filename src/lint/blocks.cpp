// SPDX-License-Identifier: Apache-2.0
#include "lint/blocks.h"

namespace contraflow::lint {

std::string_view refused_in_block(const PgQuery__Node& node) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_INDEX_STMT: return node.index_stmt->concurrent != 0 ? "CREATE INDEX CONCURRENTLY" : "";
    case PG_QUERY__NODE__NODE_DROP_STMT: return node.drop_stmt->concurrent != 0 ? "DROP INDEX CONCURRENTLY" : "";
    case PG_QUERY__NODE__NODE_REINDEX_STMT: {
      const PgQuery__ReindexStmt& statement = *node.reindex_stmt;
      if (is_on({statement.params, statement.n_params}, "concurrently")) return "REINDEX CONCURRENTLY";
      return statement.relation == nullptr ? "REINDEX of a schema or database" : "";
    }
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      for (std::size_t i = 0; i < node.alter_table_stmt->n_cmds; ++i) {
        const PgQuery__AlterTableCmd& command = *node.alter_table_stmt->cmds[i]->alter_table_cmd;
        const bool detach = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition && command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD;
        if (detach && command.def->partition_cmd->concurrent != 0) return "DETACH PARTITION CONCURRENTLY";
      }
      return "";
    case PG_QUERY__NODE__NODE_VACUUM_STMT: return node.vacuum_stmt->is_vacuumcmd != 0 ? "VACUUM" : "";
    case PG_QUERY__NODE__NODE_CLUSTER_STMT: return node.cluster_stmt->relation == nullptr ? "CLUSTER of all tables" : "";
    case PG_QUERY__NODE__NODE_CREATEDB_STMT: return "CREATE DATABASE";
    case PG_QUERY__NODE__NODE_DROPDB_STMT: return "DROP DATABASE";
    case PG_QUERY__NODE__NODE_CREATE_TABLE_SPACE_STMT: return "CREATE TABLESPACE";
    case PG_QUERY__NODE__NODE_DROP_TABLE_SPACE_STMT: return "DROP TABLESPACE";
    case PG_QUERY__NODE__NODE_ALTER_SYSTEM_STMT: return "ALTER SYSTEM";
    case PG_QUERY__NODE__NODE_CREATE_SUBSCRIPTION_STMT: {
      const PgQuery__CreateSubscriptionStmt& statement = *node.create_subscription_stmt;
      const NodeList options(statement.options, statement.n_options);
      const bool connects = option_named(options, "connect") == nullptr || is_on(options, "connect");
      const bool makes_slot = option_named(options, "create_slot") == nullptr || is_on(options, "create_slot");
      return connects && makes_slot ? "CREATE SUBSCRIPTION with a slot" : "";
    }
    default: return "";
  }
}

}  // namespace contraflow::lint
