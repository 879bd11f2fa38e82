// SPDX-License-Identifier: Apache-2.0
//
// Once all operations are there: NOT NULL around the keys that stand on it, foreign keys around the keys that they point at.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "plan/strategies/constraint_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// A partition's primary key keeps its parent's columns from losing NOT NULL: on the way back the parent's goes before the key comes again.
void order_not_null_after_keys_of_partitions(Planner& p, const Constraint& key, const ObjectId& id, std::size_t removal) {
  ObjectId table = table_id({id.schema, id.relation});
  for (const auto* body = p.from.find_body<Table>(table); body && body->partition_of; body = p.from.find_body<Table>(table)) {
    table = table_id(*body->partition_of);
    for (const std::string& column : key.columns) {
      auto it = p.not_null_operations.find(column_id(table.schema, table.name, column));
      if (it == p.not_null_operations.end()) continue;
      for (const std::size_t later : it->second) p.operations[later].after.push_back(removal);
    }
  }
}

}  // namespace

void order_not_null_around_keys(Planner& p) {
  for (const auto& [table, operation] : p.replica_identity_operations) {
    // On the way back the columns of the index are NOT NULL before it identifies rows again.
    if (const auto* old_index = p.from.find_body<Index>(ObjectId{Kind::index, table.schema, "", std::get<Table>(p.from.objects.at(table).body).replica_identity_index, ""})) {
      for (const std::string& column : old_index->columns) {
        auto it = p.null_operations.find(column_id(table.schema, table.name, column));
        if (it == p.null_operations.end()) continue;
        for (const std::size_t later : it->second) p.operations[later].after.push_back(operation);
      }
    }
    const auto* index = p.to.find_body<Index>(ObjectId{Kind::index, table.schema, "", std::get<Table>(p.to.objects.at(table).body).replica_identity_index, ""});
    if (!index) continue;
    for (const std::string& column : index->columns) {
      auto it = p.not_null_operations.find(column_id(table.schema, table.name, column));
      if (it != p.not_null_operations.end()) p.operations[operation].after.insert(p.operations[operation].after.end(), it->second.begin(), it->second.end());
    }
  }
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const auto primary_key = [&](const ObjectId& id, const Database& database) -> const Constraint* {
      const auto* constraint = id.kind == Kind::constraint ? database.find_body<Constraint>(id) : nullptr;
      return constraint && constraint->type == ConstraintType::primary_key ? constraint : nullptr;
    };
    const auto members_of = [&](const std::vector<std::size_t>& list) { return std::find(list.begin(), list.end(), i) != list.end(); };
    for (const ObjectId& id : std::set<ObjectId>(p.operations[i].provides)) {
      const Constraint* key = primary_key(id, p.to);
      if (!key) continue;
      // A table has one primary key: the old one goes first.
      for (std::size_t other = 0; other < p.operations.size(); ++other) {
        const auto takes_old = [&](const ObjectId& gone) {
          return gone != id && gone.kind == Kind::constraint && gone.schema == id.schema && gone.relation == id.relation && primary_key(gone, p.from);
        };
        const auto& removes = p.operations[other].removes;
        if (other != i && std::any_of(removes.begin(), removes.end(), takes_old)) p.operations[i].after.push_back(other);
      }
      for (const std::string& column : key->columns) {
        auto it = p.not_null_operations.find(column_id(id.schema, id.relation, column));
        if (it == p.not_null_operations.end() || members_of(it->second)) continue;
        p.operations[i].after.insert(p.operations[i].after.end(), it->second.begin(), it->second.end());
      }
    }
    for (const ObjectId& id : std::set<ObjectId>(p.operations[i].removes)) {
      const auto* index = p.from.find_body<Index>(id);
      const ObjectId key_id = index && !index->constraint.empty() ? ObjectId{Kind::constraint, id.schema, index->table, index->constraint, ""} : id;
      const Constraint* key = primary_key(key_id, p.from);
      if (!key) continue;
      order_not_null_after_keys_of_partitions(p, *key, key_id, i);
      if (key_id != id) continue;
      for (const std::string& column : key->columns) {
        auto it = p.null_operations.find(column_id(id.schema, id.relation, column));
        if (it == p.null_operations.end() || members_of(it->second)) continue;
        for (const std::size_t later : it->second) p.operations[later].after.push_back(i);
      }
    }
  }
}

void plan_moved_foreign_keys(Planner& p) {
  const auto becomes_another = [&](const ObjectId& key) { return key.kind == Kind::constraint && p.has(key, Aspect::definition); };
  const auto gone = [&](const ObjectId& key) {
    if (key.kind != Kind::index && key.kind != Kind::constraint) return false;
    if (p.dropped.contains(key)) return true;
    const auto* index = p.from.find_body<Index>(key);
    return index && index->constraint.empty() && p.has(key, Aspect::definition);
  };
  const auto retyped = [&](const QualifiedName& table, const std::vector<std::string>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
      const ObjectId id = column_id(table.schema, table.name, column);
      return p.has(id, Aspect::type) || std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& r) { return r.to == id; });
    });
  };
  std::set<ObjectId> on_changed_keys;
  const auto add_users_of = [&](const ObjectId& key) {
    const auto users = key.kind == Kind::index || key.kind == Kind::constraint ? p.dependents.find(key) : p.dependents.end();
    if (users == p.dependents.end()) return;
    std::copy_if(users->second.begin(), users->second.end(), std::inserter(on_changed_keys, on_changed_keys.end()), [](const ObjectId& user) { return user.kind == Kind::constraint; });
  };
  for (const ObjectId& key : p.dropped) add_users_of(key);
  for (const auto& [key, aspects] : p.altered) add_users_of(key);
  for (const ObjectId& id : on_changed_keys) {
    const Object& object = p.from.objects.at(id);
    const auto* old_key = std::get_if<Constraint>(&object.body);
    const auto* new_key = p.to.find_body<Constraint>(id);
    if (!old_key || old_key->type != ConstraintType::foreign_key || from_parent(*old_key) || !new_key || new_key->type != ConstraintType::foreign_key) continue;
    const auto goes = [&](const ObjectId& key) { return gone(key) || (becomes_another(key) && !p.to.objects.at(id).depends_on.contains(key)); };
    if (std::none_of(object.depends_on.begin(), object.depends_on.end(), goes)) continue;
    Planner::MovedForeignKey move;
    move.id = id;
    std::vector<std::string> standing;
    for (const ObjectId& key : object.depends_on) {
      if (!goes(key)) continue;
      move.old_keys.insert(key);
      standing.push_back(p.dropped.contains(key) ? exists(key) : has_definition(p.from.objects.at(key)));
    }
    if (p.done.contains(id)) continue;
    if (retyped({id.schema, id.relation}, old_key->columns) || (old_key->references && retyped(*old_key->references, old_key->referenced_columns))) continue;
    for (const ObjectId& key : p.to.objects.at(id).depends_on) {
      if (key.kind == Kind::index || (key.kind == Kind::constraint && key != id)) move.new_keys.insert(key);
    }
    move.same_columns = old_key->references == new_key->references && old_key->referenced_columns == new_key->referenced_columns;
    p.take(id);
    // Where it points at another table the server says which; an index of the old key's name may be another table's by then.
    const bool elsewhere = old_key->references && new_key->references && *old_key->references != *new_key->references;
    const std::string before = elsewhere ? foreign_key_points_at(id, *old_key->references) : all_of(standing);
    const std::size_t first = p.operations.size();
    add_or_restore(p, id, false);
    const std::size_t second = p.operations.size();
    add_or_restore(p, id, true);
    for (std::size_t i = first; i < p.operations.size(); ++i) {
      Operation& operation = p.operations[i];
      operation.groupable = false;
      operation.step.phase = Phase::contract;
      if (i < second) {
        move.drop.push_back(i);
        if (!operation.step.forward.empty()) operation.step.forward.todo = all_of({exists(id), before});
        operation.detaches.insert(id);
      } else {
        move.add.push_back(i);
        if (!operation.step.undo.empty()) operation.step.undo.todo = all_of({exists(id), negate(before)});
        operation.after.insert(operation.after.end(), move.drop.begin(), move.drop.end());
      }
    }
    p.operations.back().step.notes.push_back(fmt::format(
        "{} is off from the moment its old key goes until it points at the new one: rows that break it in between make its validation fail, and are to be mended", describe(id)));
    p.moved_foreign_keys.push_back(std::move(move));
  }
}

namespace {

// A foreign key can only point at a partitioned index that is whole: after the last attachment, and on the way back likewise.
void order_foreign_keys_after_attachments(Planner& p) {
  const auto below = [](const Database& database, ObjectId id, const ObjectId& key) {
    for (const Index* index = database.find_body<Index>(id); index; index = database.find_body<Index>(id)) {
      if (id.name == key.name && id.schema == key.schema) return true;
      if (!index->parent) return false;
      id = {Kind::index, index->parent->schema, "", index->parent->name, ""};
    }
    return false;
  };
  const auto each_key = [](const Database& database, const std::set<ObjectId>& ids, const auto& visit) {
    for (const ObjectId& id : ids) {
      const auto* body = id.kind == Kind::constraint ? database.find_body<Constraint>(id) : nullptr;
      if (!body || body->type != ConstraintType::foreign_key || !body->references) continue;
      if (!partitioned(database, ObjectId{Kind::constraint, body->references->schema, body->references->name, "", ""})) continue;
      for (const ObjectId& key : database.objects.at(id).depends_on) {
        if (key.kind == Kind::index || key.kind == Kind::constraint) visit(key);
      }
    }
  };
  // Where the key is added NOT VALID first, what validates it provides it: what adds it is what must wait.
  const auto adds_a_key = [&](std::size_t i) {
    const auto& statements = p.operations[i].step.forward.statements;
    return std::any_of(statements.begin(), statements.end(), [](const std::string& s) { return s.find(" ADD CONSTRAINT ") != std::string::npos && s.find(" FOREIGN KEY ") != std::string::npos; });
  };
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    std::vector<std::size_t> adding{i};
    for (const std::size_t before : p.operations[i].after) {
      if (adds_a_key(before)) adding.push_back(before);
    }
    each_key(p.to, p.operations[i].provides, [&](const ObjectId& key) {
      for (const auto& [index, attachment] : p.attachments) {
        if (!below(p.to, index, key)) continue;
        for (const std::size_t later : adding) p.operations[later].after.push_back(attachment);
      }
    });
    each_key(p.from, p.operations[i].removes, [&](const ObjectId& key) {
      for (std::size_t other = 0; other < p.operations.size(); ++other) {
        for (const auto* ids : {&p.operations[other].removes, &p.operations[other].detaches}) {
          if (other != i && std::any_of(ids->begin(), ids->end(), [&](const ObjectId& id) { return id.kind == Kind::index && below(p.from, id, key); })) {
            p.operations[other].rather_after.push_back(i);
          }
        }
      }
    });
  }
}

// A new foreign key would take the older of two keys that would do, which may be on its way out.
void order_new_foreign_keys(Planner& p) {
  using Columns = std::set<std::string>;
  std::map<std::pair<QualifiedName, Columns>, std::vector<std::size_t>> key_removals;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    for (const ObjectId& id : p.operations[i].removes) {
      const auto* index = p.from.find_body<Index>(id);
      if (index && index->unique && p.dropped.contains(id)) key_removals[{{id.schema, index->table}, Columns(index->columns.begin(), index->columns.end())}].push_back(i);
    }
  }
  for (Operation& operation : p.operations) {
    for (const ObjectId& id : operation.provides) {
      const auto* key = id.kind == Kind::constraint && p.created.contains(id) ? p.to.find_body<Constraint>(id) : nullptr;
      if (!key || key->type != ConstraintType::foreign_key || !key->references) continue;
      const auto removals = key_removals.find({*key->references, Columns(key->referenced_columns.begin(), key->referenced_columns.end())});
      if (removals == key_removals.end()) continue;
      operation.rather_after.insert(operation.rather_after.end(), removals->second.begin(), removals->second.end());
    }
  }
}

}  // namespace

void order_moved_foreign_keys(Planner& p) {
  order_new_foreign_keys(p);
  order_foreign_keys_after_attachments(p);
  const auto meet = [](const std::set<ObjectId>& a, const std::set<ObjectId>& b) {
    return std::any_of(a.begin(), a.end(), [&](const ObjectId& id) { return b.contains(id); });
  };
  for (const Planner::MovedForeignKey& move : p.moved_foreign_keys) {
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      const Operation& operation = p.operations[i];
      if (operation.step.forward.mode == Mode::concurrent) {
        // Nothing that takes long happens in between. On a small table nothing does: there the foreign key goes first, so that on the way back from anywhere it meets one key alone.
        const QualifiedName& there = *std::get<Constraint>(p.from.objects.at(move.id).body).references;
        const bool small = p.is_small(there) && std::find(operation.step.tables.begin(), operation.step.tables.end(), there) != operation.step.tables.end();
        for (const std::size_t drop : move.drop) (small ? p.operations[i].after : p.operations[drop].rather_after).push_back(small ? drop : i);
        continue;
      }
      // With both keys there, the server would choose the older one.
      if (meet(operation.removes, move.old_keys)) {
        for (const std::size_t add : move.add) p.operations[add].after.push_back(i);
      }
      if (move.same_columns && meet(operation.provides, move.new_keys)) p.operations[i].after.insert(p.operations[i].after.end(), move.drop.begin(), move.drop.end());
    }
  }
}

}  // namespace contraflow::plan
