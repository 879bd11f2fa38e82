// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;

namespace {

const char* word_of(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: return "view";
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return "materialized view";
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION: return "function";
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE: return "procedure";
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: return "routine";
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE: return "aggregate";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return "sequence";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE: return "type";
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: return "domain";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: return "schema";
    case PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION: return "extension";
    case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE: return "foreign table";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE: return "table";
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return "index";
    case PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE: return "attribute";
    case PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE: return "database";
    default: return nullptr;
  }
}

}  // namespace

void Analyser::drop(const PgQuery__DropStmt& statement) {
  switch (statement.remove_type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE: return drop_table(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return drop_index(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER: return drop_on_table(statement, Operation::drop_trigger, "trigger");
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: return drop_on_table(statement, Operation::policy, "policy");
    case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: return drop_on_table(statement, Operation::create_rule, "rule");
    default: break;
  }
  const char* word = word_of(statement.remove_type);
  for (std::size_t i = 0; i < statement.n_objects && word != nullptr; ++i) {
    const std::vector<std::string> parts = names_of_object(*statement.objects[i]);
    if (parts.empty()) continue;
    const QualifiedName written{parts.size() > 1 ? parts[parts.size() - 2] : std::string(), parts.back()};
    const Target named = target(written);
    const bool relation = statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW || statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    const QualifiedName type = complete_type(written);
    const Type* known_type = schema_.types.find(type);
    const bool is_type = statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
    bool ours = (relation && named.is_private) || (is_type && known_type != nullptr && known_type->created_here);
    if (statement.missing_ok != 0 && schema_.complete && ((relation && named.known == nullptr) || (is_type && known_type == nullptr))) ours = true;  // not there
    if (written.schema == "pg_temp") ours = true;
    if (is_type && schema_.renamed_types.contains(type)) ours = true;
    Action& action = add_fact(Fact::drop_object, Target{}, statement_->offset);
    action.what = word;
    action.object = sql::quote(written);
    action.key = relation ? named.key : is_type ? type
                                                : QualifiedName{};
    action.is_private = ours;
    action.reason = statement.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE ? "CASCADE" : "";
    if (relation) schema_.relations.erase(named.key);
    if (is_type) schema_.types.erase(type);
    if (statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION || statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE || statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE) {
      action.key = known_function(written);
      forget_function(action.key);
    }
  }
}

void Analyser::drop_table(const PgQuery__DropStmt& statement) {
  for (std::size_t i = 0; i < statement.n_objects; ++i) {
    const std::vector<std::string> parts = names_of_object(*statement.objects[i]);
    if (parts.empty()) continue;
    const Target table = target(QualifiedName{parts.size() > 1 ? parts[parts.size() - 2] : std::string(), parts.back()});
    if (table.known == nullptr && schema_.complete && statement.missing_ok != 0) continue;
    std::optional<QualifiedName> other;
    bool other_private = true;
    Operation operation = Operation::drop_table;
    if (table.known != nullptr) {
      if (table.known->partition_of) {
        operation = Operation::drop_partition;
        other = *table.known->partition_of;
        other_private = target(*other).is_private;
      }
      for (const auto& [name, constraint] : table.known->constraints) {
        if (constraint.kind != ConstraintKind::foreign_key || !constraint.references || *constraint.references == table.key) continue;
        const Target referenced = target(*constraint.references);
        if (operation == Operation::drop_partition || referenced.is_private) continue;
        operation = Operation::drop_table_referenced;
        other = referenced.shown;
        other_private = false;
      }
    }
    Action& action = add(operation, table, statement_->offset);
    action.fact = Fact::drop_object;
    action.what = "table";
    action.object = sql::quote(table.shown);
    action.other = other;
    action.other_is_private = other_private;
    action.reason = statement.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE ? "CASCADE" : "";
    if (table.known != nullptr) {
      const Relation gone = *table.known;
      functions_left(gone, table, statement_->offset);
      if (gone.partition_of) schema_.relations.edit(*gone.partition_of).partitions.erase(table.key);
      for (const auto& [name, index] : gone.indexes) schema_.index_tables.erase({table.key.schema, name});
      schema_.relations.erase(table.key);
    }
  }
}

void Analyser::drop_on_table(const PgQuery__DropStmt& statement, Operation operation, const char* what) {
  for (std::size_t i = 0; i < statement.n_objects; ++i) {
    std::vector<std::string> parts = names_of_object(*statement.objects[i]);
    if (parts.size() < 2) continue;
    const std::string name = parts.back();
    parts.pop_back();
    const Target table = target(QualifiedName{parts.size() > 1 ? parts[parts.size() - 2] : std::string(), parts.back()});
    if (statement.missing_ok != 0 && schema_.complete && table.known == nullptr) continue;
    Action& action = add(operation, table, statement_->offset);
    action.object = name;
    action.what = what;
    if (operation == Operation::drop_trigger && table.known != nullptr) {
      if (!table.known->partial && statement.missing_ok != 0 && !table.known->user_triggers.contains(name)) actions_.pop_back();
      edit(table).user_triggers.erase(name);
      edit(table).disabled_triggers.erase(name);
      forget_trigger(table, name);
    }
  }
}

void Analyser::rename(const PgQuery__RenameStmt& statement) {
  switch (statement.rename_type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return rename_relation(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN: return rename_column(statement);
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: {
      const Target table = target(*statement.relation);
      add(Operation::rename, table, statement_->offset).what = "constraint";
      Relation& relation = edit(table);
      if (auto item = relation.constraints.extract(std::string(text_of(statement.subname)))) {
        item.key() = text_of(statement.newname);
        relation.constraints.insert(std::move(item));
      }
      return;
    }
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
    case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
    case PG_QUERY__OBJECT_TYPE__OBJECT_RULE:
      if (statement.relation != nullptr) add(Operation::rename, target(*statement.relation), statement_->offset).what = "trigger";
      if (statement.relation != nullptr && statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) rename_trigger(target(*statement.relation), std::string(text_of(statement.subname)), std::string(text_of(statement.newname)));
      return;
    default: break;
  }
  const char* word = word_of(statement.rename_type);
  if (word == nullptr) return;
  Action& action = add_fact(Fact::rename, Target{}, statement_->offset);
  action.what = word;
  action.from = text_of(statement.subname);
  if (action.from.empty() && statement.relation != nullptr) action.from = qualified(*statement.relation).name;
  if (action.from.empty() && statement.object != nullptr) {
    const std::vector<std::string> parts = names_of_object(*statement.object);
    if (!parts.empty()) action.from = parts.back();
    if (!parts.empty()) {
      const QualifiedName written{parts.size() > 1 ? parts[parts.size() - 2] : std::string(), parts.back()};
      const QualifiedName type = complete_type(written);
      const bool is_type = statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
      if (is_type) {
        action.key = type;
        schema_.renamed_types.insert({type.schema, std::string(text_of(statement.newname))});
      }
      if (const Type* known = schema_.types.find(type)) {
        action.is_private = known->created_here;
        const Type copy = *known;
        schema_.types.erase(type);
        schema_.types.edit({type.schema, std::string(text_of(statement.newname))}) = copy;
      }
    }
  }
  action.to = text_of(statement.newname);
}

void Analyser::rename_relation(const PgQuery__RenameStmt& statement) {
  const Target old = target(*statement.relation);
  const std::string new_name(text_of(statement.newname));
  const QualifiedName* index_table = schema_.index_tables.find(old.key);
  const bool as_index = statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX;
  if (as_index || (index_table != nullptr && old.known == nullptr)) {
    const Target table = index_table == nullptr ? Target{} : target(*index_table);
    Action& action = add(as_index ? Operation::rename_index : Operation::rename_index_as_table, table, statement_->offset);
    action.object = old.shown.name;
    action.to = new_name;
    if (index_table != nullptr) {
      const QualifiedName table_key = *index_table;
      Relation& relation = schema_.relations.edit(table_key);
      if (auto item = relation.indexes.extract(old.key.name)) {
        item.key() = new_name;
        relation.indexes.insert(std::move(item));
      }
      schema_.index_tables.erase(old.key);
      schema_.index_tables.edit({old.key.schema, new_name}) = table_key;
    }
    return;
  }
  if (statement.missing_ok != 0 && schema_.complete && old.known == nullptr) return;
  Action& action = add(Operation::rename, old, statement_->offset);
  action.fact = Fact::rename;
  action.what = statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ? "table" : "view";
  action.from = old.shown.name;
  action.to = new_name;
  if (old.known == nullptr) return;
  const Relation copy = *old.known;
  schema_.relations.erase(old.key);
  const QualifiedName new_key{old.key.schema, new_name};
  schema_.relations.edit(new_key) = copy;
  if (copy.created_here) schema_.created_relations.push_back(new_key);
  for (const auto& [name, column] : copy.columns) {
    if (column.created_here) schema_.created_columns.emplace_back(new_key, name);
  }
  for (const auto& [name, index] : copy.indexes) schema_.index_tables.edit({old.key.schema, name}) = new_key;
  if (copy.partition_of) {
    Relation& parent = schema_.relations.edit(*copy.partition_of);
    parent.partitions.erase(old.key);
    parent.partitions.insert(new_key);
  }
  for (const QualifiedName& partition : copy.partitions) schema_.relations.edit(partition).partition_of = new_key;
}

void Analyser::rename_column(const PgQuery__RenameStmt& statement) {
  if (statement.relation == nullptr) return;
  const Target table = target(*statement.relation);
  const std::string old_name(text_of(statement.subname)), new_name(text_of(statement.newname));
  Action& action = add(Operation::rename, table, statement_->offset);
  action.fact = Fact::rename;
  action.what = "column";
  action.column = action.from = old_name;
  action.to = new_name;
  action.column_is_new = column_is_new(table, old_name);
  if (action.column_is_new) schema_.created_columns.emplace_back(table.key, new_name);
  triggers_reading(table, old_name, "renamed", statement_->offset);
  Relation& relation = edit(table);
  const auto replace = [&](std::vector<std::string>& names) { std::replace(names.begin(), names.end(), old_name, new_name); };
  const auto replace_in = [&](std::set<std::string>& names) {
    if (names.erase(old_name) > 0) names.insert(new_name);
  };
  if (auto item = relation.columns.extract(old_name)) {
    item.key() = new_name;
    relation.columns.insert(std::move(item));
  }
  for (auto& [name, constraint] : relation.constraints) {
    replace(constraint.columns);
    replace_in(constraint.not_null_columns);
    if (constraint.expression.find(old_name) != std::string::npos) constraint.expression.clear();
  }
  for (auto& [name, index] : relation.indexes) {
    replace(index.key);
    replace_in(index.columns);
  }
  replace(relation.partition_key);
}

void Analyser::set_schema(const PgQuery__AlterObjectSchemaStmt& statement) {
  const char* word = word_of(statement.object_type);
  if (statement.relation != nullptr) {
    const Target table = target(*statement.relation);
    Action& action = add(Operation::set_schema, table, statement_->offset);
    action.fact = Fact::rename;
    action.what = word == nullptr ? "table" : word;
    action.from = table.shown.name;
    action.to = std::string(text_of(statement.newschema)) + "." + table.shown.name;
    if (table.known != nullptr) {
      const Relation copy = *table.known;
      schema_.relations.erase(table.key);
      schema_.relations.edit({std::string(text_of(statement.newschema)), table.key.name}) = copy;
    }
    return;
  }
  if (word == nullptr || statement.object == nullptr) return;
  const std::vector<std::string> parts = names_of_object(*statement.object);
  if (parts.empty()) return;
  Action& action = add_fact(Fact::rename, Target{}, statement_->offset);
  action.what = word;
  action.from = parts.back();
  action.to = std::string(text_of(statement.newschema)) + "." + parts.back();
}

}  // namespace contraflow::lint
