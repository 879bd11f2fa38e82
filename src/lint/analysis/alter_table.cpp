// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <vector>

#include "catalog/source_scan.h"
#include "base/text.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;

// The tree has no place for a command of ALTER TABLE: commands are parted by the commas outside of parentheses.
std::size_t Analyser::command_place(const PgQuery__AlterTableStmt& statement, std::size_t index) const {
  if (statement.n_cmds < 2 || !statement_->exact_places) return statement_->offset;
  catalog::SqlScanner scanner(statement_->text);
  int depth = 0;
  std::size_t command = 0;
  bool wanted = false;
  for (catalog::Token token = scanner.next(); token.kind != catalog::TokenKind::end; token = scanner.next()) {
    if (token.kind == catalog::TokenKind::comment) continue;
    if (wanted) return statement_->offset + token.begin;
    if (token.kind == catalog::TokenKind::word && command == 0 && index == 0) {
      // The first command begins with its own verb, after the table's name.
      const std::string word = to_lower(scanner.text(token));
      static constexpr std::string_view kVerbs[] = {"add", "drop", "alter", "validate", "set", "reset", "enable", "disable", "attach", "detach", "owner", "inherit", "no", "replica", "force", "cluster"};
      if (token.begin > 10 && std::find(std::begin(kVerbs), std::end(kVerbs), word) != std::end(kVerbs)) return statement_->offset + token.begin;
    }
    if (token.kind != catalog::TokenKind::symbol) continue;
    const char symbol = statement_->text[token.begin];
    if (symbol == '(' || symbol == '[') ++depth;
    if (symbol == ')' || symbol == ']') --depth;
    if (symbol == ',' && depth == 0 && ++command == index) wanted = true;
  }
  return statement_->offset;
}

// All commands of one ALTER TABLE run under the strongest lock that any of them asks for (AlterTableGetLockLevel), the scans included.
void Analyser::take_strongest_lock(std::size_t first_action) {
  effects::LockMode strongest = effects::LockMode::none;
  const auto is_own = [&](const Action& action) { return action.locks && action.key == actions_[first_action].key; };
  for (std::size_t i = first_action; i < actions_.size(); ++i) {
    if (is_own(actions_[i])) strongest = std::max(strongest, actions_[i].lock(majors_.to));
  }
  for (std::size_t i = first_action; i < actions_.size(); ++i) {
    if (is_own(actions_[i])) actions_[i].held = strongest;
  }
}

namespace {

// ATPrepCmd(): the commands of one statement run pass by pass, not in the order in which they are written.
int pass_of(const PgQuery__AlterTableCmd& command) {
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: return 0;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return 1;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return 2;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return 3;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return 4;
    default: return 5;
  }
}

// What an operation is on a table that holds no rows: a partitioned table without partitions.
Operation without_rows(Operation operation) {
  switch (operation) {
    case Operation::add_column_rewrite:
    case Operation::add_column_check:
    case Operation::add_column_unique:
    case Operation::add_column_not_null: return Operation::add_column;
    case Operation::add_column_reference_scan: return Operation::add_column_reference;
    case Operation::set_not_null: return Operation::set_not_null_proven;
    case Operation::set_expression: return Operation::alter_column;
    case Operation::alter_type_rewrite:
    case Operation::alter_type_index:
    case Operation::alter_type_check: return Operation::alter_type;
    case Operation::add_check: return Operation::add_check_not_valid;
    case Operation::add_not_null: return Operation::add_not_null_not_valid;
    case Operation::add_foreign_key: return Operation::add_foreign_key_not_valid;
    case Operation::add_unique:
    case Operation::add_exclusion:
    case Operation::add_primary_key_scan: return Operation::add_using_index;
    default: return operation;
  }
}

}  // namespace

void Analyser::alter_table(const PgQuery__AlterTableStmt& statement) {
  switch (statement.objtype) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return alter_index(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return alter_materialized_view(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE: return alter_composite_type(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE: break;
    default: return;  // views, sequences, foreign tables: no rows here
  }
  Target table = target(*statement.relation);
  // ALTER TABLE also takes the names of other relations.
  if (table.known != nullptr && !table.known->partial) {
    if (table.known->kind == RelationKind::view || table.known->kind == RelationKind::sequence || table.known->kind == RelationKind::foreign_table) return;
    if (table.known->kind == RelationKind::materialized_view) return alter_materialized_view(statement);
  }
  if (table.known == nullptr && schema_.index_tables.find(table.key) != nullptr) return alter_index(statement);
  if (statement.missing_ok != 0 && schema_.complete && table.known == nullptr) return;
  // transformAlterTableStmt(): a default anywhere in the statement, or a foreign key of its own, makes the new columns' foreign keys be checked.
  validates_references_ = false;
  for (std::size_t i = 0; i < statement.n_cmds; ++i) {
    const PgQuery__Node* def = statement.cmds[i]->alter_table_cmd->def;
    if (def == nullptr) continue;
    if (def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT && def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) validates_references_ = true;
    if (def->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF || statement.cmds[i]->alter_table_cmd->subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) continue;
    if (def->column_def->type_name != nullptr && is_serial(*def->column_def->type_name)) validates_references_ = true;
    for (std::size_t c = 0; c < def->column_def->n_constraints; ++c) {
      const PgQuery__ConstrType type = def->column_def->constraints[c]->constraint->contype;
      if (type == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT || type == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) validates_references_ = true;
    }
  }
  const std::size_t first = actions_.size();
  std::vector<std::size_t> order(statement.n_cmds);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() > 1) std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) { return pass_of(*statement.cmds[left]->alter_table_cmd) < pass_of(*statement.cmds[right]->alter_table_cmd); });
  const Relation* const before = table.known;
  for (const std::size_t i : order) {
    table.known = schema_.relations.find(table.key);
    alter_table_command(table, *statement.cmds[i]->alter_table_cmd, command_place(statement, i));
  }
  table.known = before;
  if (has_no_partitions(table)) {
    for (std::size_t i = first; i < actions_.size(); ++i) {
      if (actions_[i].locks && actions_[i].key == table.key) actions_[i].operation = without_rows(actions_[i].operation);
    }
  }
  if (first < actions_.size() && statement.n_cmds > 1) take_strongest_lock(first);
}

bool Analyser::column_is_new(const Target& table, const std::string& column) {
  if (table.known == nullptr) return false;
  const auto it = table.known->columns.find(column);
  return it != table.known->columns.end() && it->second.created_here;
}

void Analyser::alter_table_command(const Target& table, const PgQuery__AlterTableCmd& command, std::size_t offset) {
  const std::string name(text_of(command.name));
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return add_column(table, command, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return alter_type(table, command, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return add_constraint(table, *command.def->constraint, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: return drop_constraint(table, command, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return validate_constraint(table, name, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return set_not_null(table, name, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: return attach_partition(table, *command.def->partition_cmd, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition: return detach_partition(table, *command.def->partition_cmd, offset);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: {
      const bool absent = table.known != nullptr && !table.known->partial && !table.known->columns.contains(name);
      if (absent && command.missing_ok != 0) return;
      Action& action = add(Operation::drop_column, table, offset);
      action.fact = Fact::drop_object;
      action.what = "column";
      action.column = action.object = name;
      action.column_is_new = column_is_new(table, name);
      triggers_reading(table, name, "dropped", offset);
      Relation& relation = edit(table);
      relation.columns.erase(name);
      relation.dropped_columns.insert(name);
      std::erase_if(relation.constraints, [&](const auto& item) { return std::find(item.second.columns.begin(), item.second.columns.end(), name) != item.second.columns.end(); });
      std::erase_if(relation.indexes, [&](const auto& item) { return item.second.columns.contains(name); });
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault: {
      // SET EXPRESSION was blanked to SET DEFAULT for the parser.
      if (newer_at(offset, Newer::Kind::set_expression) != nullptr) {
        const auto column = table.known == nullptr ? nullptr : table.known->columns.contains(name) ? &table.known->columns.at(name)
                                                                                                   : nullptr;
        Action& action = add(column != nullptr && column->virtual_ ? Operation::alter_column : Operation::set_expression, table, offset);
        action.column = name;
        narrow(action, 17);
        return;
      }
      Action& action = add(Operation::alter_column, table, offset);
      action.column = name;
      Column& column = edit(table).columns[name];
      if (command.def == nullptr) {
        // The deployed version leaves a column out that it does not know.
        if (column.created_here) action.fact = column.not_null ? Fact::not_null_for_writers : Fact::none;
        else if (column.has_default || column.type.empty()) action.fact = Fact::drop_default;
        if (column.not_null) action.reason = "NOT NULL";
        column.has_default = false;
        column.functions.clear();
      } else {
        column.has_default = true;
        column.functions = functions_below(command.def);
        if (column.functions.contains("nextval")) {
          Action& sequence = add_fact(Fact::sequence_may_lag, table, offset);
          sequence.column = name;
          sequence.what = "default";
          sequence.object = sequence_of(command.def);
        }
      }
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: {
      Action& action = add(Operation::alter_column, table, offset);
      action.column = name;
      action.fact = Fact::drop_not_null;
      action.column_is_new = column_is_new(table, name);
      edit(table).columns[name].not_null = false;
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity: {
      add(Operation::alter_column, table, offset).column = name;
      edit(table).columns[name].identity = edit(table).columns[name].has_default = true;
      const PgQuery__Node* def = command.def;
      const bool starts = def != nullptr && def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
                          option_named({def->constraint->options, def->constraint->n_options}, "start") != nullptr;
      if (!starts) {
        Action& sequence = add_fact(Fact::sequence_may_lag, table, offset);
        sequence.column = name;
        sequence.what = "identity";
      }
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
      if (command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_LIST && option_named({command.def->list->items, command.def->list->n_items}, "restart") != nullptr)
        add_fact(Fact::sequence_set, table, offset).column = name;
      add(Operation::alter_column, table, offset).column = name;
      return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression: add(Operation::alter_column, table, offset).column = name; return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions: add(Operation::alter_column_options, table, offset).column = name; return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint: add(Operation::alter_constraint, table, offset).object = name; return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: {
      const bool unlogged = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged;
      // ATPrepChangePersistence(): nothing to do where it is so already.
      const bool same = table.known != nullptr && !table.known->partial && table.known->unlogged == unlogged;
      const bool no_rows = table.known != nullptr && table.known->kind == RelationKind::partitioned;
      add(same || no_rows ? Operation::alter_column : Operation::set_logged, table, offset).reason = unlogged ? "SET UNLOGGED" : "SET LOGGED";
      edit(table).unlogged = unlogged;
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: {
      const std::string now = table.known == nullptr || table.known->access_method.empty() ? "heap" : table.known->access_method;
      const bool same = table.known != nullptr && !table.known->partial && now == name;
      const bool no_rows = table.known != nullptr && table.known->kind == RelationKind::partitioned;
      Action& action = add(same || no_rows ? Operation::alter_column : Operation::set_access_method, table, offset);
      action.reason = "SET ACCESS METHOD " + name;
      if (!same && !no_rows) narrow(action, 15);
      edit(table).access_method = name;
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: {
      const std::string now = table.known == nullptr || table.known->tablespace.empty() ? "pg_default" : table.known->tablespace;
      const bool same = table.known != nullptr && !table.known->partial && now == name;
      const bool no_rows = table.known != nullptr && table.known->kind == RelationKind::partitioned;
      add(same || no_rows ? Operation::alter_column : Operation::set_tablespace, table, offset).reason = "SET TABLESPACE " + name;
      edit(table).tablespace = name;
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplaceRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster: add(Operation::table_options, table, offset); return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
      add(Operation::table_options, table, offset);
      edit(table).clustered_on = name;
      return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
      add(Operation::toggle_trigger, table, offset).object = name;
      if (name.empty()) edit(table).disabled_triggers.clear();
      else edit(table).disabled_triggers.erase(name);
      return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: {
      Action& action = add(Operation::toggle_trigger, table, offset);
      action.object = name;
      action.fact = Fact::trigger_left_disabled;
      edit(table).disabled_triggers.insert(name.empty() ? "*" : name);
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
      add(Operation::row_security, table, offset).what = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity ? "force" : "enable";
      return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity: add(Operation::row_security, table, offset).what = "disable"; return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: add(Operation::replica_identity, table, offset); return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit: {
      Action& action = add(Operation::inherit, table, offset);
      if (command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        const Target parent = target(*command.def->range_var);
        action.other = parent.shown;
        edit(parent).children.insert(table.key);
      }
      return;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: add(Operation::inherit, table, offset); return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: add(Operation::change_owner, table, offset); return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule: add(Operation::create_rule, table, offset); return;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: add(Operation::detach_partition_concurrently, table, offset); return;
    default: add(Operation::alter_column, table, offset); return;
  }
}

void Analyser::alter_index(const PgQuery__AlterTableStmt& statement) {
  const Target index = target(*statement.relation);
  const QualifiedName* table_name = schema_.index_tables.find(index.key);
  const Target table = table_name != nullptr ? target(*table_name) : index;
  for (std::size_t i = 0; i < statement.n_cmds; ++i) {
    const PgQuery__AlterTableCmd& command = *statement.cmds[i]->alter_table_cmd;
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace) {
      const bool no_rows = table.known != nullptr && table.known->kind == RelationKind::partitioned;
      if (no_rows || (text_of(command.name) == "pg_default" && schema_.complete)) continue;
      Action& action = add(Operation::index_set_tablespace, table, statement_->offset);
      action.object = index.shown.name;
      action.reason = "ALTER INDEX SET TABLESPACE " + std::string(text_of(command.name));
    }
  }
}

void Analyser::alter_materialized_view(const PgQuery__AlterTableStmt& statement) {
  const Target view = target(*statement.relation);
  for (std::size_t i = 0; i < statement.n_cmds; ++i) {
    const PgQuery__AlterTableCmd& command = *statement.cmds[i]->alter_table_cmd;
    const bool is_space = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace;
    const bool is_method = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod;
    if (!is_space && !is_method) continue;
    const std::string wanted(text_of(command.name));
    const std::string now = view.known == nullptr ? "" : is_space ? (view.known->tablespace.empty() ? "pg_default" : view.known->tablespace)
                                                                  : (view.known->access_method.empty() ? "heap" : view.known->access_method);
    if (now == wanted) continue;
    add(is_space ? Operation::set_tablespace : Operation::set_access_method, view, statement_->offset).reason = (is_space ? "SET TABLESPACE " : "SET ACCESS METHOD ") + wanted;
  }
}

// ALTER TYPE … CASCADE changes the tables that are OF the type.
void Analyser::alter_composite_type(const PgQuery__AlterTableStmt& statement) {
  const QualifiedName type = complete_type(qualified(*statement.relation));
  for (std::size_t i = 0; i < statement.n_cmds; ++i) {
    const PgQuery__AlterTableCmd& command = *statement.cmds[i]->alter_table_cmd;
    std::vector<QualifiedName> typed;
    for (const QualifiedName* name : schema_.relations.names()) {
      if (schema_.relations.find(*name)->of_type == sql::quote(type)) typed.push_back(*name);
    }
    for (const QualifiedName& name : typed) {
      const Target table = target(name);
      const bool retypes = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType;
      const bool adds = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn;
      Operation operation = retypes ? Operation::typed_table_rewrite : adds ? Operation::add_column
                                                                            : Operation::drop_column;
      if (retypes && command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
        alter_type(table, command, statement_->offset);
        continue;
      }
      add(operation, table, statement_->offset).column = text_of(command.name);
    }
  }
}

void Analyser::move_all(const PgQuery__AlterTableMoveAllStmt& statement) {
  // Where the whole schema is known, whether anything is in the tablespace; of indexes only their tables' are.
  const std::string from(text_of(statement.orig_tablespacename));
  const bool views = statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
  if (schema_.complete && statement.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
    const std::vector<const QualifiedName*>& names = schema_.relations.names();
    const bool any = std::any_of(names.begin(), names.end(), [&](const QualifiedName* name) {
      const Relation& relation = *schema_.relations.find(*name);
      const bool of_kind = views ? relation.kind == RelationKind::materialized_view : relation.kind == RelationKind::table;
      return of_kind && (relation.tablespace.empty() ? "pg_default" : relation.tablespace) == from;
    });
    if (!any) return;
  }
  Action& action = add(Operation::set_tablespace, Target{}, statement_->offset);
  action.reason = "ALL IN TABLESPACE … SET TABLESPACE " + std::string(text_of(statement.new_tablespacename));
  if (statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) action.operation = Operation::index_set_tablespace;
}

}  // namespace contraflow::lint
