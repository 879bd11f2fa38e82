// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/index_parts.h"
#include "sql/array_casts.h"

namespace contraflow::plan {

using namespace catalog;

std::string index_definition_named(const ObjectId& id, const Index& index, const std::string& name, bool concurrently) {
  // pg_get_indexdef() writes "CREATE [UNIQUE] INDEX name ON …", always in this form.
  const std::string head = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  const std::string rest = sql::keep_array_casts(index.definition.substr(head.size() + sql::quote_identifier(id.name).size()));
  return head + (concurrently ? "CONCURRENTLY " : "") + sql::quote_identifier(name) + rest;
}

namespace {

std::string tablespace_clause(const Index& index) {
  return index.tablespace.empty() ? std::string() : " TABLESPACE " + sql::quote_identifier(index.tablespace);
}

// The predicate comes after the tablespace in CREATE INDEX, and pg_get_indexdef() leaves the tablespace out.
std::string with_tablespace(const std::string& statement, const Index& index) {
  if (index.tablespace.empty()) return statement;
  const std::string where = " WHERE " + sql::keep_array_casts(index.predicate);
  if (!index.predicate.empty() && statement.size() > where.size() && statement.ends_with(where)) {
    return statement.substr(0, statement.size() - where.size()) + tablespace_clause(index) + where;
  }
  return statement + tablespace_clause(index);
}

}  // namespace

Action build_index(const ObjectId& id, const Index& index, const std::string& name, std::string unless) {
  const ObjectId built{Kind::index, id.schema, "", name, ""};
  Action action = concurrent(with_tablespace(index_definition_named(id, index, name, true), index),
                             all_of({negate(index_is_valid(built)), std::move(unless)}));
  action.builds_index = QualifiedName{id.schema, name};
  return action;
}

Action drop_index_concurrently(const ObjectId& id, const std::string& name) {
  return concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(QualifiedName{id.schema, name})));
}

Phase index_phase(const Planner& p, const Object& object) {
  const Index& index = std::get<Index>(object.body);
  if (!index.unique) return Phase::expand;
  // Uniqueness over a column that the deployed version does not write cannot refuse its rows.
  const bool new_column = std::any_of(index.columns.begin(), index.columns.end(), [&](const std::string& column) {
    return p.created.contains(column_id(object.id.schema, index.table, column));
  });
  const bool new_view = p.created.contains(ObjectId{Kind::materialized_view, object.id.schema, "", index.table, ""});
  return new_column || new_view ? Phase::expand : Phase::contract;
}

std::vector<Precondition> unique_precondition(const Planner& p, const ObjectId& id, const Index& index) {
  for (const Database* database : {&p.from, &p.to}) {
    const auto* view = database->find_body<MaterializedView>(ObjectId{Kind::materialized_view, id.schema, "", index.table, ""});
    if (view && !view->populated) return {};
  }
  if (!index.unique || index.columns.empty() || std::find(index.columns.begin(), index.columns.end(), "") != index.columns.end()) return {};
  std::string columns, not_null;
  for (const std::string& column : index.columns) {
    columns += (columns.empty() ? "" : ", ") + sql::quote_identifier(column);
    if (!index.nulls_not_distinct) not_null += (not_null.empty() ? "" : " AND ") + sql::quote_identifier(column) + " IS NOT NULL";
  }
  std::string where = not_null;
  if (!index.predicate.empty()) where += (where.empty() ? "" : " AND ") + fmt::format("({})", index.predicate);
  const std::string table = sql::quote(QualifiedName{id.schema, index.table});
  return {{fmt::format("duplicate values of ({}) in {}", columns, table),
           fmt::format("SELECT count(*) FROM (SELECT FROM {}{} GROUP BY {} HAVING count(*) > 1) AS duplicates", table,
                       where.empty() ? "" : " WHERE " + where, columns),
           "remove the duplicates first"}};
}

namespace {

bool on_partitioned(const Database& database, const ObjectId& id) {
  const auto* index = database.find_body<Index>(id);
  const auto* table = index ? database.find_body<Table>(ObjectId{Kind::table, id.schema, "", index->table, ""}) : nullptr;
  return table && table->partitioned;
}

std::string attach(const ObjectId& id, const Index& index) {
  return fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote(*index.parent), quoted_name(id));
}

void create_index(Planner& p, const ObjectId& id) {
  const Object& object = p.to.objects.at(id);
  const Index& index = std::get<Index>(object.body);
  const Phase phase = index_phase(p, object);
  const auto common = [&](Operation& operation) -> Operation& {
    operation.provides.insert(id);
    operation.needs = object.depends_on;
    return operation;
  };
  if (on_partitioned(p.to, id)) {
    // ON ONLY: the partitions' indexes are built one by one and attached; the last one makes this valid.
    common(p.add(phase, "create", id, brief(create_all(object, p.to), absent(id)), brief(drop(object))));
    return;
  }
  Operation& build = common(p.add(phase, "create", id, build_index(id, index, id.name, {}), drop_index_concurrently(id, id.name)));
  if (p.contended.contains(id)) build.step.undo.todo = belongs_to(id, table_id({id.schema, index.table}));
  if (index.parent) {
    // Once attached it goes with its parent's index; an interruption may have left it on its own.
    build.step.undo.todo = fmt::format("NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({}))", sql::quote_literal(quoted_name(id)));
  }
  build.step.preconditions = unique_precondition(p, id, index);
  build.step.effects = {{{id.schema, index.table}, effects::LockMode::share_update_exclusive, effects::Work::index_build}};
  if (index.unique && phase == Phase::contract && !index.parent && p.from.find(table_id({id.schema, index.table}))) {
    build.step.notes.push_back(fmt::format("{} comes in contract, because it may refuse what the deployed version writes: ON CONFLICT on its columns fails before", describe(id)));
  }
  const std::size_t built = p.operations.size() - 1;
  Statements after = describe_state(object, p.to);
  if (p.replica_identity_operations.contains(ObjectId{Kind::table, id.schema, "", index.table, ""})) {
    // The table's own step says it, after NOT NULL.
    std::erase_if(after, [](const std::string& statement) { return statement.find(" REPLICA IDENTITY USING INDEX ") != std::string::npos; });
  }
  if (index.parent) {
    const std::string done = fmt::format("EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({}))", sql::quote_literal(quoted_name(id)));
    Operation& operation = p.add(phase, "attach", id, brief({attach(id, index)}, negate(done)), Action{});
    operation.after.push_back(built);
    operation.needs.insert(ObjectId{Kind::index, index.parent->schema, "", index.parent->name, ""});
    p.attachments.emplace_back(id, p.operations.size() - 1);
  }
  if (!after.empty()) {
    Operation& operation = p.add(phase, "describe", id, brief(std::move(after)), Action{});
    operation.after.push_back(built);
  }
}

// Dropped, or its name is another table's index now.
bool goes_from_table(const Planner& p, const ObjectId& id) {
  const auto *before = p.from.find_body<Index>(id), *after = p.to.find_body<Index>(id);
  return p.dropped.contains(id) || (before && after && before->table != after->table);
}

void drop_index(Planner& p, const ObjectId& id) {
  const Object& object = p.from.objects.at(id);
  const Index& index = std::get<Index>(object.body);
  const bool parent_goes = index.parent && goes_from_table(p, ObjectId{Kind::index, index.parent->schema, "", index.parent->name, ""});
  if (on_partitioned(p.from, id)) {
    Operation& operation = p.add(Phase::contract, "drop", id, brief(drop(object)), brief(create_all(object, p.from), absent(id)));
    operation.removes.insert(id);
    return;
  }
  Statements state = describe_state(object, p.from);
  if (p.replica_identity_operations.contains(ObjectId{Kind::table, id.schema, "", index.table, ""})) {
    std::erase_if(state, [](const std::string& statement) { return statement.find(" REPLICA IDENTITY USING INDEX ") != std::string::npos; });
  }
  if (index.parent) state.insert(state.begin(), attach(id, index));
  // Undo runs backwards: the index is built, then described.
  Operation& description = p.add(Phase::contract, "drop", id, parent_goes ? Action{} : drop_index_concurrently(id, id.name), build_index(id, index, id.name, {}));
  description.removes.insert(id);
  description.step.effects = {{{id.schema, index.table}, effects::LockMode::share_update_exclusive, effects::Work::none}};
  const std::size_t dropped_at = p.operations.size() - 1;
  if (!state.empty()) {
    const std::string attached_already = fmt::format("EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass({}))", sql::quote_literal(quoted_name(id)));
    Operation& operation = p.add(Phase::contract, "way back: describe", id, Action{}, brief(std::move(state), index.parent ? negate(attached_already) : ""));
    operation.detaches.insert(id);
    // Before the drop, so that on the way back it comes after the build.
    p.operations[dropped_at].after.push_back(p.operations.size() - 1);
  }
}

// Another definition under the same name: the new one is built beside the old one, then they change places.
void replace_index(Planner& p, const ObjectId& id) {
  const Object& a = p.from.objects.at(id);
  const Object& b = p.to.objects.at(id);
  const Index& old_index = std::get<Index>(a.body);
  const Index& new_index = std::get<Index>(b.body);
  p.take(id);
  if (on_partitioned(p.from, id) || on_partitioned(p.to, id) || old_index.parent || new_index.parent || old_index.table != new_index.table) {
    Statements forward = drop(a), undo = drop(b);
    for (std::string& statement : create_all(b, p.to)) forward.push_back(std::move(statement));
    for (std::string& statement : create_all(a, p.from)) undo.push_back(std::move(statement));
    Action action = blocking(std::move(forward), negate(has_definition(b)));
    p.allow_blocking(action, "index-build", {{id.schema, old_index.table}, {id.schema, new_index.table}}, "replacing " + describe(id));
    Operation& operation = p.add(index_phase(p, b), "replace", id, std::move(action), blocking(std::move(undo), negate(has_definition(a))));
    operation.provides.insert(id);
    operation.removes.insert(id);
    operation.needs = b.depends_on;
    return;
  }
  exchange_index(p, id, a, b);
}

// What stands between the parentheses after USING method, split at its commas.
std::vector<std::string> keys_of(const Index& index) {
  std::vector<std::string> out(1);
  const std::string opening = " USING " + sql::quote_identifier(index.access_method) + " (";
  const std::size_t start = index.definition.find(opening);
  if (start == std::string::npos) return out;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = start + opening.size(); i < index.definition.size(); ++i) {
    const char c = index.definition[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth-- == 0) {
      break;
    } else if (c == ',' && depth == 0) {
      out.emplace_back();
      ++i;  // the blank
      continue;
    }
    out.back() += c;
  }
  return out;
}

// Whether a query or ON CONFLICT that the old index serves finds as much in the new one.
bool serves_the_same(const Index& a, const Index& b) {
  if (a.access_method != b.access_method || (!b.predicate.empty() && b.predicate != a.predicate)) return false;
  const std::vector<std::string> old_keys = keys_of(a), new_keys = keys_of(b);
  if (a.unique || a.access_method != "btree") return old_keys == new_keys && (b.unique || !a.unique);
  return old_keys.size() <= new_keys.size() && std::equal(old_keys.begin(), old_keys.end(), new_keys.begin());
}

}  // namespace

void exchange_index(Planner& p, const ObjectId& id, const Object& a, const Object& b) {
  const Index& old_index = std::get<Index>(a.body);
  const Index& new_index = std::get<Index>(b.body);
  const std::string spare_new = p.spare_relation(id.schema, id.name, "new");
  const std::string spare_old = p.spare_relation(id.schema, id.name, "old");
  const ObjectId new_id{Kind::index, id.schema, "", spare_new, ""};
  const ObjectId old_id{Kind::index, id.schema, "", spare_old, ""};
  const Phase phase = std::max(index_phase(p, b), old_index.constraint.empty() ? Phase::expand : Phase::contract);
  // What the deployed version's queries use stays until it is gone.
  const Phase exchange_phase = std::max(phase, serves_the_same(old_index, new_index) ? Phase::expand : Phase::contract);
  // With the same definition, whether a constraint stands on it is what changes.
  const auto stands = [&](const Object& object, const Index& index) {
    const std::string& name = index.constraint.empty() ? id.name : index.constraint;
    const ObjectId key{Kind::constraint, id.schema, index.table, name, ""};
    const Object* constraint = (&index == &old_index ? p.from : p.to).find(key);
    return all_of({has_definition(object), index.constraint.empty() ? absent(key) : constraint ? has_definition(*constraint)
                                                                                               : exists(key)});
  };
  const auto swap = [&](const Index& leaving, const Index& coming, const Object& coming_object, const Database& database, const std::string& spare) {
    const std::string table = alter_table(database, id.schema, coming.table);
    Statements out;
    out.push_back(leaving.constraint.empty() ? fmt::format("DROP INDEX IF EXISTS {}", quoted_name(id))
                                             : fmt::format("{} DROP CONSTRAINT IF EXISTS {}", table, sql::quote_identifier(leaving.constraint)));
    out.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{id.schema, spare}), sql::quote_identifier(id.name)));
    if (!coming.constraint.empty()) {
      const ObjectId key{Kind::constraint, id.schema, coming.table, coming.constraint, ""};
      out.push_back(add_key_using_index(database, key, id.name));
      if (const Object* constraint = database.find(key)) {
        for (std::string& statement : describe_state(*constraint, database)) out.push_back(std::move(statement));
      }
    }
    for (std::string& statement : describe_state(coming_object, database)) out.push_back(std::move(statement));
    return out;
  };
  Operation& build = p.add(phase, "build the new", id, build_index(id, new_index, spare_new, negate(stands(b, new_index))), drop_index_concurrently(id, spare_new));
  build.needs = b.depends_on;
  build.needs.erase(ObjectId{Kind::constraint, id.schema, new_index.table, new_index.constraint, ""});
  build.step.preconditions = unique_precondition(p, id, new_index);
  build.step.effects = {{{id.schema, new_index.table}, effects::LockMode::share_update_exclusive, effects::Work::index_build}};
  const std::size_t built = p.operations.size() - 1;
  Operation& exchange = p.add(exchange_phase, "put in place the new", id, brief(swap(old_index, new_index, b, p.to, spare_new), exists(new_id)),
                              brief(swap(new_index, old_index, a, p.from, spare_old), exists(old_id)));
  exchange.after.push_back(built);
  exchange.provides.insert(id);
  exchange.removes.insert(id);
  for (const auto& [index, database] : {std::pair{&old_index, &p.from}, std::pair{&new_index, &p.to}}) {
    const ObjectId key{Kind::constraint, id.schema, index->table, index->constraint, ""};
    if (index->constraint.empty() || !database->find(key)) continue;
    p.take(key);
    (database == &p.to ? exchange.provides : exchange.removes).insert(key);
  }
  exchange.groupable = false;
  exchange.step.effects = {{{id.schema, new_index.table}, effects::LockMode::access_exclusive, effects::Work::none}};
  Operation& back = p.add(exchange_phase, "way back: build the old", id, Action{}, build_index(id, old_index, spare_old, negate(stands(a, old_index))));
  back.after.push_back(built + 1);
  back.detaches.insert(id);
  if (!old_index.constraint.empty()) back.detaches.insert(ObjectId{Kind::constraint, id.schema, old_index.table, old_index.constraint, ""});
}

void plan_indexes(Planner& p) {
  for (const ObjectId& id : p.created) {
    if (id.kind != Kind::index || !p.take(id)) continue;
    create_index(p, id);
  }
  for (const ObjectId& id : p.dropped) {
    if (id.kind != Kind::index || !p.take(id)) continue;
    drop_index(p, id);
  }
  for (const auto& [id, aspects] : p.altered) {
    if (id.kind != Kind::index || p.done.contains(id)) continue;
    const Object& a = p.from.objects.at(id);
    const Object& b = p.to.objects.at(id);
    const Index& old_index = std::get<Index>(a.body);
    const Index& new_index = std::get<Index>(b.body);
    if (p.has(id, Aspect::definition)) {
      replace_index(p, id);
      continue;
    }
    if (p.claim(id, Aspect::statistics_target)) {
      Operation& operation = p.add(Phase::expand, "set the statistics targets of", id,
                                   brief(alter_index_statistics(id, old_index.statistics_targets, new_index.statistics_targets)),
                                   brief(alter_index_statistics(id, new_index.statistics_targets, old_index.statistics_targets)));
      operation.detaches.insert(id);
    }
    if (p.claim(id, Aspect::clustered)) {
      const auto mark = [&, &id = id](const Index& index) {
        const std::string table = alter_table(p.to, id.schema, index.table);
        return Statements{index.clustered ? fmt::format("{} CLUSTER ON {}", table, sql::quote_identifier(id.name)) : table + " SET WITHOUT CLUSTER"};
      };
      // Another index of the table may take the mark in the same plan: then its own change says so.
      const bool moves = !new_index.clustered && std::any_of(p.to.objects.begin(), p.to.objects.end(), [&, &id = id](const auto& entry) {
        const auto* other = std::get_if<Index>(&entry.second.body);
        return other && other->clustered && other->table == new_index.table && entry.first.schema == id.schema;
      });
      // Marking one takes the mark off the other, which the way back gives it again.
      const auto marked = std::find_if(p.from.objects.begin(), p.from.objects.end(), [&, &id = id](const auto& entry) {
        const auto* other = std::get_if<Index>(&entry.second.body);
        return other && other->clustered && other->table == old_index.table && entry.first.schema == id.schema && entry.first != id;
      });
      Action unmark = brief(mark(old_index));
      if (marked != p.from.objects.end()) {
        unmark = brief({fmt::format("{} CLUSTER ON {}", alter_table(p.from, id.schema, old_index.table), sql::quote_identifier(marked->first.name))}, exists(marked->first));
      }
      if (!moves) p.add(Phase::expand, "mark for clustering", id, brief(mark(new_index)), unmark);
      else p.add(Phase::expand, "unmark for clustering", id, Action{}, brief(mark(old_index)));
    }
    if (p.claim(id, Aspect::tablespace)) {
      const auto move = [&, &id = id](const Index& index) {
        return Statements{fmt::format("ALTER INDEX {} SET TABLESPACE {}", quoted_name(id), index.tablespace.empty() ? "pg_default" : sql::quote_identifier(index.tablespace))};
      };
      Action action = blocking(move(new_index));
      p.allow_blocking(action, "rewrite", {{id.schema, new_index.table}}, "moving " + describe(id));
      p.add(Phase::expand, "move", id, action, blocking(move(old_index)));
    }
    if (p.claim(id, Aspect::validated)) {
      if (new_index.partitioned) {
        // Valid as soon as every partition has its own attached.
      } else if (new_index.valid) {
        p.add(Phase::expand, "rebuild the INVALID", id, concurrent("REINDEX INDEX CONCURRENTLY " + quoted_name(id), negate(index_is_valid(id))), Action{});
        p.operations.back().step.notes.push_back(describe(id) + " is INVALID; a rollback leaves it valid");
      } else {
        p.refuse(describe(id) + " is INVALID in the desired schema: drop it there or build it");
      }
    }
    if (p.claim(id, Aspect::partition_parent)) {
      if (new_index.parent) {
        Operation& operation = p.add(Phase::expand, "attach", id, brief({attach(id, new_index)}), Action{});
        operation.needs = b.depends_on;
        operation.needs.insert(ObjectId{Kind::index, new_index.parent->schema, "", new_index.parent->name, ""});
      }
      // An index leaves its parent only with its table, which DETACH PARTITION does.
    }
  }
}

namespace {

// The table whose rows are found through it: an index, or a constraint that has one.
std::optional<QualifiedName> searched(const Database& database, const ObjectId& id) {
  if (const auto* index = id.kind == Kind::index ? database.find_body<Index>(id) : nullptr) return QualifiedName{id.schema, index->table};
  const auto* constraint = id.kind == Kind::constraint ? database.find_body<Constraint>(id) : nullptr;
  if (constraint && !constraint->index_name.empty()) return QualifiedName{id.schema, id.relation};
  return std::nullopt;
}

}  // namespace

// Queries that used the one use the other: what comes is built before what goes is dropped, wherever nothing speaks against it.
void order_builds_before_drops(Planner& p) {
  std::map<QualifiedName, std::vector<std::size_t>> builds;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& operation = p.operations[i];
    if (operation.step.forward.empty()) continue;
    std::set<ObjectId> made = operation.provides;
    if (const auto& built = operation.step.forward.builds_index) made.insert(ObjectId{Kind::index, built->schema, "", built->name, ""});
    for (const ObjectId& id : made) {
      if (const auto table = searched(p.to, id); table && (p.created.contains(id) || !p.from.find(id))) builds[*table].push_back(i);
    }
  }
  for (Operation& operation : p.operations) {
    if (operation.step.forward.empty() || !operation.provides.empty()) continue;
    for (const ObjectId& id : operation.removes) {
      const auto table = p.dropped.contains(id) ? searched(p.from, id) : std::nullopt;
      const auto found = table ? builds.find(*table) : builds.end();
      if (found != builds.end()) operation.rather_after.insert(operation.rather_after.end(), found->second.begin(), found->second.end());
    }
  }
}

}  // namespace contraflow::plan
