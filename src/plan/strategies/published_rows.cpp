// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/published_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/of_kind.h"
#include "sql/expression.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// What tells a row to subscribers: columns of the primary key or of the index chosen; nothing where there is none.
std::optional<std::set<std::string>> identity_columns(const Planner& p, const QualifiedName& name, const Table& table) {
  for (const Object* member : Planner::members(p.from, table_id(name))) {
    const auto* key = std::get_if<Constraint>(&member->body);
    const auto* index = std::get_if<Index>(&member->body);
    if (table.replica_identity == ReplicaIdentity::default_ && key && key->type == ConstraintType::primary_key) return std::set<std::string>(key->columns.begin(), key->columns.end());
    if (table.replica_identity == ReplicaIdentity::index && index && member->id.name == table.replica_identity_index) return std::set<std::string>(index->columns.begin(), index->columns.end());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> refuses_updates(const Planner& p, const QualifiedName& name) {
  const auto* table = p.from.find_body<Table>(table_id(name));
  if (!table || table->partitioned || table->persistence != Persistence::permanent) return std::nullopt;
  std::vector<QualifiedName> above{name};  // the table and what it is a partition of
  for (const Table* body = table; body && body->partition_of; body = p.from.find_body<Table>(table_id(above.back()))) above.push_back(*body->partition_of);
  const bool full = table->replica_identity == ReplicaIdentity::full;
  const auto identity = identity_columns(p, name, *table);
  for (const auto& [id, object] : catalog::of_kind(p.from, Kind::publication)) {
    const auto& publication = std::get<Publication>(object.body);
    const auto option = [&](const char* key) {
      const auto it = publication.options.find(key);
      return it == publication.options.end() ? std::string() : it->second;
    };
    if (option("publish").find("update") == std::string::npos) continue;
    const bool by_root = option("publish_via_partition_root") == "true";
    bool published = publication.all_tables;
    for (const QualifiedName& one : above) published = published || std::find(publication.schemas.begin(), publication.schemas.end(), one.schema) != publication.schemas.end();
    const PublicationTable* entry = nullptr;
    for (const QualifiedName& one : above) {
      for (const PublicationTable& member : publication.tables) {
        if (member.table != one) continue;
        published = true;
        if (one == name || by_root) entry = &member;
      }
    }
    if (!published) continue;
    const std::string who = describe(id);
    if (!full && !identity) return fmt::format("{} publishes updates, and the table has no replica identity", who);
    if (!entry) continue;
    if (!entry->where.empty() && !full) {
      for (const sql::ColumnReference& reference : sql::columns_in(entry->where)) {
        if (!identity->contains(reference.column)) return fmt::format("{} publishes updates of rows that it filters by {}, which is not part of the replica identity", who, sql::quote_identifier(reference.column));
      }
    }
    if (!entry->columns.empty()) {
      const bool covered = !full && std::all_of(identity->begin(), identity->end(), [&](const std::string& column) { return std::find(entry->columns.begin(), entry->columns.end(), column) != entry->columns.end(); });
      if (!covered) return fmt::format("{} publishes updates of columns that do not cover the replica identity", who);
    }
  }
  return std::nullopt;
}

void refuse_updates_of_published(Planner& p) {
  std::set<QualifiedName> said;
  for (const Operation& operation : p.operations) {
    for (const Action* action : {&operation.step.forward, &operation.step.undo}) {
      if (!action->backfill || action->backfill->assignments.starts_with("INSERT ")) continue;
      std::vector<QualifiedName> tables{action->backfill->table};
      for (const QualifiedName& below : Planner::descendants(p.from, action->backfill->table)) tables.push_back(below);
      for (const QualifiedName& table : tables) {
        const auto why = refuses_updates(p, table);
        if (!why || !said.insert(table).second) continue;
        p.refuse(fmt::format("{} cannot be: the server refuses every UPDATE of {}, because {}; set its REPLICA IDENTITY to FULL for the time of the plan, or leave it out of the publication", operation.step.title,
                             sql::quote(table), *why));
      }
    }
  }
}

}  // namespace contraflow::plan
