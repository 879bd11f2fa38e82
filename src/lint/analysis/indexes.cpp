// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;

void Analyser::create_index(const PgQuery__IndexStmt& statement) {
  const Target table = target(*statement.relation);
  const std::string name = index_name(statement);
  if (statement.if_not_exists != 0 && schema_.index_tables.find({table.key.schema, name}) != nullptr) {
    // It exists: nothing is built. Whether it is valid is another matter.
    const Index* known = table.known != nullptr && table.known->indexes.contains(name) ? &table.known->indexes.at(name) : nullptr;
    if (known != nullptr && !known->concurrently) return;
  }
  Index index = index_of(statement);
  const bool partitioned = table.known != nullptr && table.known->kind == RelationKind::partitioned;
  Operation operation = statement.concurrent != 0 ? Operation::create_index_concurrently : Operation::create_index;
  if (partitioned && statement.concurrent == 0) {
    // DefineIndex(): partitions that have such an index are attached, the others get one built.
    const bool all_have = !table.known->partial && (!table.known->partitions.empty() || has_no_partitions(table)) && std::all_of(table.known->partitions.begin(), table.known->partitions.end(), [&](const QualifiedName& partition) {
      const Relation* known = schema_.relations.find(partition);
      if (known == nullptr) return false;
      if (known->created_here || known->kind == RelationKind::foreign_table) return true;
      return std::any_of(known->indexes.begin(), known->indexes.end(), [&](const auto& item) { return same_index(item.second, index); });
    });
    if (table.only || all_have) operation = Operation::create_index_only;
  }
  if (table.only && statement.concurrent == 0 && table.known == nullptr) operation = Operation::create_index_only;  // ONLY makes sense on a partitioned table alone
  Action& action = add(operation, table, statement_->offset);
  action.object = name;
  action.column = fmt::format("{}", fmt::join(index.key, ", "));
  action.what = index.unique ? "unique" : "";
  if (statement.concurrent != 0 && partitioned && !table.only) {
    action.locks = false;  // refused before any lock
    action.fact = Fact::concurrently_on_partitioned;
  }
  if (statement.concurrent != 0 && statement.if_not_exists != 0 && !table.is_private) {
    Action& trap = add_fact(Fact::builds_if_not_exists, table, statement_->offset);
    trap.object = name;
  }
  schema_.index_tables.edit({table.key.schema, name}) = table.key;
  edit(table).indexes[name] = std::move(index);
}

void Analyser::drop_index(const PgQuery__DropStmt& statement) {
  for (std::size_t i = 0; i < statement.n_objects; ++i) {
    const std::vector<std::string> parts = names_of_object(*statement.objects[i]);
    if (parts.empty()) continue;
    QualifiedName written{parts.size() > 1 ? parts[parts.size() - 2] : std::string(), parts.back()};
    QualifiedName full = written;
    if (full.schema.empty()) {
      full.schema = session_.search_path.empty() ? "public" : session_.search_path.front();
      for (const std::string& schema : session_.search_path) {
        if (schema_.index_tables.find({schema, written.name}) == nullptr) continue;
        full.schema = schema;
        break;
      }
    }
    const QualifiedName* table_name = schema_.index_tables.find(full);
    if (table_name == nullptr && schema_.complete && statement.missing_ok != 0) {
      Action& absent = add_fact(Fact::none, statement_->offset);
      absent.object = written.name;
      continue;
    }
    const Target table = table_name == nullptr ? Target{} : target(*table_name);
    Action& action = add(statement.concurrent != 0 ? Operation::drop_index_concurrently : Operation::drop_index, table, statement_->offset);
    action.object = sql::quote(written);
    if (table_name == nullptr) action.depends = "";
    if (table_name == nullptr) continue;
    const QualifiedName table_key = *table_name;
    schema_.relations.edit(table_key).indexes.erase(full.name);
    schema_.index_tables.erase(full);
  }
}

void Analyser::reindex(const PgQuery__ReindexStmt& statement) {
  const bool concurrent = is_on({statement.params, statement.n_params}, "concurrently");
  const Operation operation = concurrent ? Operation::reindex_concurrently : Operation::reindex;
  if (statement.relation == nullptr) {
    Action& action = add(operation, Target{}, statement_->offset);
    action.object = text_of(statement.name);
    action.what = statement.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA ? "schema" : "database";
    return;
  }
  Target named = target(*statement.relation);
  std::string object;
  if (statement.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
    object = sql::quote(named.shown);
    if (const QualifiedName* table = schema_.index_tables.find(named.key)) named = target(*table);
    else named = Target{};
  }
  Action& action = add(operation, named, statement_->offset);
  action.object = object;
  action.what = object.empty() ? "table" : "index";
}

void Analyser::cluster(const PgQuery__ClusterStmt& statement) {
  const Target table = statement.relation == nullptr ? Target{} : target(*statement.relation);
  Action& action = add(Operation::cluster, table, statement_->offset);
  action.object = text_of(statement.indexname);
  action.reason = "CLUSTER";
}

void Analyser::vacuum(const PgQuery__VacuumStmt& statement) {
  if (statement.is_vacuumcmd == 0 || !is_on({statement.options, statement.n_options}, "full")) return;
  if (statement.n_rels == 0) add(Operation::vacuum_full, Target{}, statement_->offset).reason = "VACUUM FULL";
  for (std::size_t i = 0; i < statement.n_rels; ++i) {
    if (statement.rels[i]->vacuum_relation->relation == nullptr) continue;
    add(Operation::vacuum_full, target(*statement.rels[i]->vacuum_relation->relation), statement_->offset).reason = "VACUUM FULL";
  }
}

void Analyser::refresh(const PgQuery__RefreshMatViewStmt& statement) {
  const Target view = target(*statement.relation);
  if (statement.skip_data != 0) {
    // Emptied, not computed.
    Action& action = add(Operation::truncate, view, statement_->offset);
    action.fact = Fact::view_left_empty;
    return;
  }
  add(statement.concurrent != 0 ? Operation::refresh_concurrently : Operation::refresh, view, statement_->offset);
}

}  // namespace contraflow::lint
