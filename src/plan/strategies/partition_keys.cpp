// SPDX-License-Identifier: Apache-2.0
//
// Primary keys and UNIQUE constraints of partitioned tables, online: the parent's is made ON ONLY the parent, which builds nothing, each partition
// gets its own over an index that is built concurrently, and is attached. With the last one the parent's becomes valid.
#include "plan/strategies/partition_keys.h"

#include <fmt/format.h>

#include "catalog/ddl.h"
#include "plan/strategies/index_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

bool is_partitioned(const Database& database, const ObjectId& key) {
  const auto* table = database.find_body<Table>(ObjectId{Kind::table, key.schema, "", key.relation, ""});
  return table && table->partitioned;
}

std::string attached(const ObjectId& index) {
  return fmt::format("EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({}))", sql::quote_literal(quoted_name(index)));
}

std::string attach(const ObjectId& index, const QualifiedName& parent) {
  return fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(parent), quoted_name(index));
}

// ADD CONSTRAINT over the index that is there, or ON ONLY a partitioned table; what describes it; without the attachment.
Statements make_key(const Database& database, const ObjectId& key, const Object& index) {
  const Object& object = database.objects.at(key);
  Statements out;
  if (is_partitioned(database, key)) {
    for (std::string& statement : create(object, database)) {
      if (!statement.starts_with("ALTER INDEX ")) out.push_back(std::move(statement));
    }
  } else {
    out.push_back(add_key_using_index(database, key, key.name));
  }
  for (const Object* part : {&object, &index}) {
    for (std::string& statement : describe_state(*part, database)) out.push_back(std::move(statement));
  }
  return out;
}

}  // namespace

bool is_partition_key(const Database& database, const ObjectId& key) {
  const auto* index = database.find_body<Index>(index_of(key));
  return index && index->parent && index->constraint == key.name && index->table == key.relation;
}

void add_partition_key(Planner& p, const ObjectId& key) {
  const ObjectId index_id = index_of(key);
  const Object& object = p.to.objects.at(key);
  const Object& index_object = p.to.objects.at(index_id);
  const Index& index = std::get<Index>(index_object.body);
  p.take(index_id);
  const Phase phase = index_phase(p, index_object);
  std::vector<std::size_t> after;
  const auto* present = p.from.find_body<Index>(index_id);
  if (!is_partitioned(p.to, key) && !(present && present->table == key.relation && present->definition == index.definition)) {
    Operation& build = p.add(phase, "build the index of", key, build_index(index_id, index, key.name, absent(key)),
                             concurrent("DROP INDEX CONCURRENTLY IF EXISTS " + quoted_name(index_id), all_of({absent(key), exists(index_id)})));
    build.step.preconditions = unique_precondition(p, index_id, index);
    build.step.effects = {{{key.schema, key.relation}, effects::LockMode::share_update_exclusive, effects::Work::index_build}};
    for (const ObjectId& needed : object.depends_on) {
      if (needed.kind == Kind::column || needed.kind == Kind::table) build.needs.insert(needed);
    }
    after.push_back(p.operations.size() - 1);
  }
  // Attached, it goes with its parent's; alone, by itself.
  Operation& add = p.add(phase, "add", key, brief(make_key(p.to, key, index_object), absent(key)),
                         brief({fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", sql::quote(QualifiedName{key.schema, key.relation}),
                                            sql::quote_identifier(key.name))},
                               all_of({exists(key), negate(attached(index_id))})));
  add.after = after;
  add.provides = {key, index_id};
  add.step.effects = {{{key.schema, key.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  for (const std::string& column : std::get<Constraint>(object.body).columns) add.needs.insert(column_id(key.schema, key.relation, column));
  const std::size_t added = p.operations.size() - 1;
  const ObjectId parent{Kind::index, index.parent->schema, "", index.parent->name, ""};
  Operation& join = p.add(phase, "attach the index of", key, brief({attach(index_id, *index.parent)}, negate(attached(index_id))), Action{});
  join.after.push_back(added);
  p.attachments.emplace_back(index_id, p.operations.size() - 1);
  join.needs.insert(parent);
  join.step.effects = {{{key.schema, key.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  if (p.from.find(parent)) {
    join.step.grade = Grade::order;
    join.step.notes.push_back(describe(key) + " stays attached to its parent's after a rollback: no statement detaches an index");
  }
}

std::vector<std::size_t> return_partition_keys(Planner& p, const ObjectId& parent_key) {
  std::vector<std::size_t> out;
  const ObjectId parent_index = index_of(parent_key);
  for (const QualifiedName& child : Planner::children(p.from, {parent_key.schema, parent_key.relation})) {
    const ObjectId table{Kind::table, child.schema, "", child.name, ""};
    if (!p.to.find(table)) continue;  // comes back as a whole
    for (const Object* member : Planner::members(p.from, table)) {
      const auto* index = std::get_if<Index>(&member->body);
      if (!index || index->parent != QualifiedName{parent_index.schema, parent_index.name} || index->constraint.empty()) continue;
      const ObjectId key{Kind::constraint, child.schema, child.name, index->constraint, ""};
      p.take(key);
      p.take(member->id);
      std::vector<std::size_t> before = return_partition_keys(p, key);
      Statements back = make_key(p.from, key, *member);
      back.push_back(attach(member->id, *index->parent));
      Operation& add = p.add(Phase::contract, "way back: add", key, Action{}, brief(std::move(back), absent(key)));
      add.detaches = {key, member->id};
      add.after = before;
      std::size_t last = p.operations.size() - 1;
      if (!is_partitioned(p.from, key)) {
        Operation& build = p.add(Phase::contract, "way back: build the index of", key, Action{}, build_index(member->id, *index, key.name, absent(key)));
        build.detaches = {key, member->id};
        build.after.push_back(last);
        last = p.operations.size() - 1;
      }
      out.push_back(last);
    }
  }
  return out;
}

}  // namespace contraflow::plan
