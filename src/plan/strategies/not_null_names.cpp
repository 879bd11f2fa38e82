// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/not_null_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "catalog/rename.h"
#include "plan/strategies/column_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

const Column* copy_in(const Database& database, const QualifiedName& table, const ObjectId& column) { return database.find_body<Column>(column_id(table.schema, table.name, column.name)); }

std::vector<QualifiedName> parents_of(const Database& database, const QualifiedName& table) {
  const auto* body = database.find_body<Table>(table_id(table));
  if (!body) return {};
  if (body->partition_of) return {*body->partition_of};
  return body->inherits;
}

// Those whose NOT NULL of the column reaches the table.
std::vector<QualifiedName> dictating(const Database& database, const QualifiedName& table, const ObjectId& column) {
  std::vector<QualifiedName> out = parents_of(database, table);
  std::erase_if(out, [&](const QualifiedName& parent) {
    const Column* above = copy_in(database, parent, column);
    return !above || !above->not_null;
  });
  return out;
}

// The table and those below that have the column NOT NULL, parents first.
std::vector<QualifiedName> family_of(const Database& database, const ObjectId& column) {
  std::vector<QualifiedName> out{{column.schema, column.relation}};
  for (QualifiedName& table : Planner::descendants(database, out.front())) {
    const Column* copy = copy_in(database, table, column);
    if (copy && copy->not_null) out.push_back(std::move(table));
  }
  return out;
}

bool has_own_name(const Database& database, const QualifiedName& table, const ObjectId& column) {
  const std::vector<QualifiedName> above = dictating(database, table, column);
  const Column* copy = copy_in(database, table, column);
  return copy && !copy->not_null_name.empty() && std::any_of(above.begin(), above.end(), [&](const QualifiedName& parent) { return copy_in(database, parent, column)->not_null_name != copy->not_null_name; });
}

// A partition that sets it by itself has it as its own beside its parent's, which no dump shows.
void note_own(Planner& p, const Database& database, const std::vector<QualifiedName>& family, const ObjectId& column) {
  for (const QualifiedName& table : family) {
    if (!copy_in(database, table, column)->not_null_local && has_own_name(database, table, column)) p.owned_not_null.insert(sql::quote(table));
  }
}

std::string alter(const Database& database, const QualifiedName& table) { return alter_table(database, table.schema, table.name); }

std::string drop(const Database& database, const QualifiedName& table, const ObjectId& column) {
  return fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(database, table), sql::quote_identifier(column.name));
}

std::string set(const Database& database, const QualifiedName& table, const ObjectId& column) {
  return fmt::format("{} {}", alter(database, table), set_not_null_action(column_id(table.schema, table.name, column.name), *copy_in(database, table, column)));
}

// All of the family anew: each parent's reaches those below, so it goes first and comes last.
Statements renewed(const Database& database, const std::vector<QualifiedName>& family, const ObjectId& column) {
  Statements out;
  for (const QualifiedName& table : family) out.push_back(drop(database, table, column));
  for (auto table = family.rbegin(); table != family.rend(); ++table) {
    if (table == family.rend() - 1 || copy_in(database, *table, column)->not_null_local || has_own_name(database, *table, column)) out.push_back(set(database, *table, column));
  }
  return out;
}

std::string names_are(const Database& database, const std::vector<QualifiedName>& family, const ObjectId& column) {
  std::vector<std::string> out;
  for (const QualifiedName& table : family) out.push_back(exists(ObjectId{Kind::constraint, table.schema, table.name, copy_in(database, table, column)->not_null_name, ""}));
  return all_of(out);
}

// No statement renames an inherited one: all of the tree are dropped and added again in one transaction, after a CHECK that proves NOT NULL where the tables are large.
void renew(Planner& p, const ObjectId& top, const std::vector<QualifiedName>& family) {
  for (const QualifiedName& table : family) p.claim(column_id(table.schema, table.name, top.name), Aspect::not_null_name);
  note_own(p, p.from, family, top);
  note_own(p, p.to, family, top);
  const QualifiedName table{top.schema, top.relation};
  const std::string there = names_are(p.to, family, top), gone = names_are(p.from, family, top);
  const auto finish = [&](Operation& operation) -> Operation& {
    operation.needs.insert(top);
    operation.groupable = false;
    for (const QualifiedName& one : family) p.not_null_operations[column_id(one.schema, one.name, top.name)].push_back(p.operations.size() - 1);
    return operation;
  };
  Statements forward = renewed(p.to, family, top), back = renewed(p.from, family, top);
  if (p.is_small(table)) {
    Action action = blocking(std::move(forward), negate(there));
    p.allow_blocking(action, "scan", family, "another name of NOT NULL");
    finish(p.add(Phase::expand, "rename the NOT NULL constraints of", top, std::move(action), blocking(std::move(back), all_of({exists(top), negate(gone)})))).step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::scan}};
    return;
  }
  const std::string check = p.spare_constraint(top.schema, top.relation, top.name, "not_null"), quoted = sql::quote_identifier(check);
  const ObjectId check_id{Kind::constraint, top.schema, top.relation, check, ""};
  const std::string prepare = fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", alter(p.to, table), quoted, sql::quote_identifier(top.name)), validate = fmt::format("{} VALIDATE CONSTRAINT {}", alter(p.to, table), quoted),
                    end = fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(p.to, table), quoted);
  forward.push_back(end);
  back.push_back(end);
  const auto step = [&](std::string verb, Action action, Action undo, effects::LockMode lock, effects::Work work) {
    Operation& operation = finish(p.add(Phase::expand, std::move(verb), top, std::move(action), std::move(undo)));
    operation.step.effects = {{table, lock, work}};
  };
  const std::size_t first = p.operations.size();
  step("prepare another name of NOT NULL of", brief({prepare}, all_of({negate(there), absent(check_id)})), brief({end}), effects::LockMode::access_exclusive, effects::Work::none);
  step("prove NOT NULL of", scan({validate}, all_of({negate(there), exists(check_id)})), Action{}, effects::LockMode::share_update_exclusive, effects::Work::scan);
  step("rename the NOT NULL constraints of", brief(std::move(forward), all_of({negate(there), exists(check_id)})), brief(std::move(back), all_of({negate(gone), exists(check_id)})), effects::LockMode::access_exclusive, effects::Work::none);
  step("way back: prove NOT NULL of", Action{}, scan({validate}, all_of({negate(gone), exists(check_id)})), effects::LockMode::share_update_exclusive, effects::Work::scan);
  step("way back: prepare another name of NOT NULL of", Action{}, brief({prepare}, all_of({exists(top), negate(gone), absent(check_id)})), effects::LockMode::access_exclusive, effects::Work::none);
  for (std::size_t i = first + 1; i < p.operations.size(); ++i) p.operations[i].after.push_back(i - 1);
}

// The highest table whose NOT NULL of the column reaches this one; nothing where there are several ways up.
std::optional<ObjectId> top_of(const Planner& p, ObjectId id) {
  for (;;) {
    const QualifiedName table{id.schema, id.relation};
    const std::vector<QualifiedName> before = dictating(p.from, table, id), after = dictating(p.to, table, id);
    if (before != after || before.size() > 1) return std::nullopt;
    if (before.empty()) return id;
    id = column_id(before.front().schema, before.front().name, id.name);
  }
}

// The tree's NOT NULL may be dropped for a moment and added again: the same tables in both schemas, each with one parent, and no primary key over the column.
bool may_renew(const Planner& p, const ObjectId& top, const std::vector<QualifiedName>& family) {
  if (family != family_of(p.to, top) || not_null_is_keyed(p, top)) return false;
  return std::all_of(family.begin(), family.end(), [&](const QualifiedName& table) {
    const Column *a = copy_in(p.from, table, top), *b = copy_in(p.to, table, top);
    const auto above = dictating(p.from, table, top);
    return a && b && a->not_null && b->not_null && !a->not_null_name.empty() && !b->not_null_name.empty() && above.size() <= 1 && above == dictating(p.to, table, top);
  });
}

}  // namespace

bool not_null_names_differ(const Database& database, const ObjectId& column) {
  if (database.major() < 18) return false;
  const Column* body = database.find_body<Column>(column);
  if (!body || !body->not_null) return false;
  const std::vector<QualifiedName> family = family_of(database, column);
  return std::any_of(family.begin() + 1, family.end(), [&](const QualifiedName& table) { return has_own_name(database, table, column); });
}

bool not_null_is_keyed(const Planner& p, const ObjectId& column) {
  for (const Database* database : {&p.from, &p.to}) {
    for (const QualifiedName& table : family_of(*database, column)) {
      for (const Object* member : Planner::members(*database, table_id(table))) {
        const auto* key = std::get_if<Constraint>(&member->body);
        if (key && key->type == ConstraintType::primary_key && std::find(key->columns.begin(), key->columns.end(), column.name) != key->columns.end()) return true;
      }
    }
  }
  return false;
}

Statements part_not_null(const Database& database, const ObjectId& column) {
  Statements out;
  for (const QualifiedName& table : family_of(database, column)) {
    if (!Planner::children(database, table).empty()) out.push_back(drop(database, table, column));
  }
  return out;
}

Statements join_not_null(Planner& p, const Database& database, const ObjectId& column) {
  Statements out;
  const std::vector<QualifiedName> family = family_of(database, column);
  note_own(p, database, family, column);
  for (auto table = family.rbegin(); table != family.rend(); ++table) {
    const bool was_dropped = !Planner::children(database, *table).empty(), local = copy_in(database, *table, column)->not_null_local;
    if ((was_dropped && local) || (!local && has_own_name(database, *table, column))) out.push_back(set(database, *table, column));
  }
  return out;
}

bool has_own_not_null_name(const Database& database, const ObjectId& column) { return has_own_name(database, {column.schema, column.relation}, column); }

Statements own_not_null_first(Planner& p, const Database& database, const ObjectId& column, const std::string& name_now) {
  if (database.major() < 18) return {};
  Statements out;
  const Database& leaving = &database == &p.to ? p.from : p.to;
  const std::vector<QualifiedName> family = family_of(database, column);
  for (auto table = family.rbegin(); table + 1 != family.rend(); ++table) {
    const Column* there = copy_in(leaving, *table, column);
    if (!there || there->not_null || !has_own_name(database, *table, column)) continue;
    out.push_back(fmt::format("{} {}", alter(database, *table), set_not_null_action(column_id(table->schema, table->name, name_now), *copy_in(database, *table, column))));
    note_own(p, database, {*table}, column);
  }
  return out;
}

void rename_not_null(Planner& p, const ObjectId& id) {
  const Column& before = std::get<Column>(p.from.objects.at(id).body);
  const Column& after = std::get<Column>(p.to.objects.at(id).body);
  const QualifiedName table{id.schema, id.relation};
  const bool stays_inherited = before.not_null_inherited && after.not_null_inherited && dictating(p.from, table, id) == dictating(p.to, table, id);
  if (stays_inherited) {
    // The server renames it with the parent's of the same name, and in no other way.
    for (const auto& [above, aspects] : p.altered) {
      if (above.kind != Kind::column || above.name != id.name || !aspects.contains(Aspect::not_null_name)) continue;
      const std::vector<QualifiedName> heirs = Planner::children(p.from, {above.schema, above.relation});
      if (std::find(heirs.begin(), heirs.end(), table) == heirs.end() || not_null_names_differ(p.from, above) || not_null_names_differ(p.to, above)) continue;
      return;
    }
  }
  if (stays_inherited || not_null_names_differ(p.from, id) || not_null_names_differ(p.to, id)) {
    const std::optional<ObjectId> top = top_of(p, id);
    const std::vector<QualifiedName> family = top ? family_of(p.from, *top) : std::vector<QualifiedName>{};
    if (top && may_renew(p, *top, family)) return renew(p, *top, family);
    p.refuse(fmt::format("the NOT NULL constraint of {} gets the name {} where its table and those above or below it have different names for theirs: no ALTER renames it while it is inherited{}", describe(id), sql::quote_identifier(after.not_null_name),
                         not_null_is_keyed(p, top.value_or(id)) ? ", and it cannot be dropped for a moment because of a primary key" : ""));
    return;
  }
  const ObjectId now{Kind::constraint, id.schema, id.relation, before.not_null_name, ""}, then{Kind::constraint, id.schema, id.relation, after.not_null_name, ""};
  const auto rename = [](const ObjectId& from, const ObjectId& to) { return brief({rename_statement(from, to.name)}, all_of({exists(from), absent(to)})); };
  Operation& operation = p.add(Phase::expand, "rename the NOT NULL constraint of", id, rename(now, then), rename(then, now));
  operation.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t renamed = p.operations.size() - 1;
  p.not_null_operations[id].push_back(renamed);
  // While it is not inherited.
  for (std::size_t i = 0; i < renamed; ++i) {
    if (!p.operations[i].detaches.contains(id)) continue;
    if (before.not_null_inherited) p.operations[renamed].after.push_back(i);
    else if (after.not_null_inherited) p.operations[i].after.push_back(renamed);
  }
  for (const auto* leaving : {&p.leaves_parent, &p.leaves_partition}) {
    for (const auto& [child, i] : *leaving) {
      if (before.not_null_inherited && name_of(child) == table) p.operations[renamed].after.push_back(i);
    }
  }
}

void note_own_not_null_of_partitions(Planner& p) {
  if (p.to.major() < 18) return;
  std::set<std::string> tables = p.owned_not_null;
  for (const auto& [database, way] : {std::pair{&p.to, &Step::forward}, std::pair{&p.from, &Step::undo}}) {
    for (const auto& [id, object] : of_kind(*database, Kind::constraint)) {
      const auto& key = std::get<Constraint>(object.body);
      const QualifiedName table{id.schema, id.relation};
      const auto* body = database->find_body<Table>(table_id(table));
      if (key.type != ConstraintType::primary_key || !body || !body->partition_of) continue;
      const std::string built = fmt::format(" ADD CONSTRAINT {} PRIMARY KEY USING INDEX ", sql::quote_identifier(id.name)), of = " " + sql::quote(table) + built;
      const bool adds = std::any_of(p.operations.begin(), p.operations.end(), [&, way = way](const Operation& operation) {
        const Statements& statements = (operation.step.*way).statements;
        return std::any_of(statements.begin(), statements.end(), [&](const std::string& statement) { return statement.find(of) != std::string::npos; });
      });
      const bool plain = std::any_of(key.columns.begin(), key.columns.end(), [&](const std::string& column) {
        const ObjectId copy = column_id(table.schema, table.name, column);
        const Column *a = p.from.find_body<Column>(copy), *b = p.to.find_body<Column>(copy);
        return (a && a->not_null && !a->not_null_local) || (b && b->not_null && !b->not_null_local);
      });
      if (adds && plain) tables.insert(sql::quote(table));
    }
  }
  if (tables.empty()) return;
  p.notes.push_back(fmt::format("NOT NULL becomes the partitions' own beside their parent's, and stays that after a rollback: {}. A key over an index that stands, and a name of its own, come by statements on the partition, which do that (pg_constraint.conislocal); no dump shows it, and DROP NOT NULL of the parent then leaves it to them",
                                contraflow::join(std::vector<std::string>(tables.begin(), tables.end()), ", ")));
}

}  // namespace contraflow::plan
