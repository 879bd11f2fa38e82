// SPDX-License-Identifier: Apache-2.0
//
// Indexes, keys and checks on second columns, built beside those of the first.
#include "plan/strategies/shadows.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/index_parts.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

// In either schema: what names such a column on one side only is another one on the other, and both change places with the columns.
bool Shadows::involves(const Object& member, const std::vector<ShadowColumn>& columns, bool winners_only) const {
  const Object *before = p_.from.find(member.id), *after = p_.to.find(member.id);
  return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) {
    return (!winners_only || column.shadow_wins) && ((before && before->depends_on.contains(column.id)) || (after && after->depends_on.contains(column.id)));
  });
}

Shadows::Members Shadows::members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction) {
  Members out;
  const Database& other = direction.forward ? p_.from : p_.to;
  for (const Object* member : Planner::members(*direction.target, ObjectId{Kind::table, table.schema, "", table.name, ""})) {
    if (const auto* index = std::get_if<Index>(&member->body)) {
      if (!involves(*member, columns, false)) continue;
      const bool in_both = other.find(member->id) != nullptr;
      if (in_both && index->parent && index->constraint.empty() && involves(*member, columns, true)) {  // goes and comes with its parent's
        p_.done.insert(member->id);
        swap_.touches.insert(member->id);
        continue;
      }
      if (in_both ? index->constraint.empty() : changes_with_columns(table, *member, columns, direction)) out.indexes.push_back(member);
      continue;
    }
    if (!other.find(member->id) && !changes_with_columns(table, *member, columns, direction)) continue;  // made or dropped on its own, beyond the swap
    if (const auto* constraint = std::get_if<Constraint>(&member->body)) {
      if (!involves(*member, columns, true)) continue;
      const Index* backing = constraint->index_name.empty() ? nullptr : direction.target->find_body<Index>(index_of(member->id));
      if ((constraint->type == ConstraintType::check && constraint->inherited) || (backing && backing->parent)) {  // likewise
        p_.done.insert(member->id);
        swap_.touches.insert(member->id);
        continue;
      }
      if (constraint->type == ConstraintType::check) out.checks.push_back(member);
      if (constraint->type == ConstraintType::unique || constraint->type == ConstraintType::primary_key) out.keys.push_back(member);
      if (constraint->type == ConstraintType::exclusion) {
        p_.refuse(fmt::format("{} is over a column that changes through a second one: no exclusion constraint can be built online", describe(member->id)));
      }
    }
  }
  return out;
}

void Shadows::build_members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction) {
  const Members found = members(table, columns, direction);
  const std::string todo = gate(table, direction);
  const Database& target = *direction.target;
  Statements& drops = direction.forward ? drops_back_ : drops_forward_;  // what is here leaves when the other comes
  Statements& places = direction.forward ? places_forward_ : places_back_;
  // Columns of the index that identifies rows keep their NOT NULL: on the way back it does so no longer, and the one that comes takes over below.
  const Table& body_before = std::get<Table>(p_.from.objects.at(table_id(table)).body);
  const bool identity_stays = p_.to.find(ObjectId{Kind::index, table.schema, "", body_before.replica_identity_index, ""});
  if (direction.forward && !body_before.partitioned && identified_by(p_.from, table, columns) && (identity_stays || identity_changes_with(table, columns))) {
    drops.push_back(fmt::format("{} REPLICA IDENTITY DEFAULT", alter(table)));
  }
  for (const Object* member : found.indexes) build_index_on_second(table, columns, *member, direction);
  if (direction.forward && tables_.contains(table)) find_copies(table, columns);
  for (const auto& [copied, member] : copies_) {
    if (copied == table) build_copy(table, *member, direction);
  }
  for (const Object* member : found.keys) {
    const ObjectId index_id{Kind::index, table.schema, "", member->id.name, ""};
    const Object* index = target.find(index_id);
    if (!index) continue;
    if (std::get<Index>(index->body).partitioned) {
      build_key_tree(table, *member, *index, direction);
      continue;
    }
    const std::string spare = p_.spare_relation(table.schema, member->id.name, direction.suffix);
    Action action = concurrent(sql::index_over(std::get<Index>(index->body).definition, spare, names(table, direction, true), true, types(direction)),
                               all_of({todo, negate(index_is_valid(ObjectId{Kind::index, table.schema, "", spare, ""}))}));
    action.builds_index = QualifiedName{table.schema, spare};
    Action removal = concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(QualifiedName{table.schema, spare})));
    build(direction, "build for the second column", member->id, std::move(action), std::move(removal), {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
    const bool in_both = p_.from.find(member->id) && p_.to.find(member->id);
    if (direction.forward && in_both) restore("build for the second column", member->id, p_.operations.back().step.forward);
    if (direction.forward && !in_both) describe_new_index(table, *member, *index);
    if (!direction.forward && !in_both) p_.operations.back().detaches.insert(member->id);
    p_.done.insert(member->id);
    p_.done.insert(index_id);
    swap_.touches.insert(member->id);
    swap_.touches.insert(index_id);
    drops.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(member->id.name)));
    places.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{table.schema, spare}), sql::quote_identifier(member->id.name)));
    Statements key{add_key_using_index(target, member->id, member->id.name)};
    append(key, describe_state(*member, target));
    append(key, describe_state(*index, target));
    append(places, key);
  }
  for (const Object* member : found.checks) {
    if (calls_over_exchanged_type(*member, columns)) {
      if (direction.forward) check_after_swap(table, *member);
      continue;
    }
    const Constraint& check = std::get<Constraint>(member->body);
    const std::string spare = p_.spare_constraint(table.schema, table.name, member->id.name, direction.suffix);
    constrain(direction, table, *member, spare, sql::constraint_over({sql::quote(table), spare, check.definition, names(table, direction, true), {}, true, types(direction)}), check.validated, todo,
              {{table, effects::LockMode::access_exclusive, effects::Work::none}});
  }
  for (const ShadowColumn& column : columns) {
    if (!column.shadow_wins) continue;
    const Column& body = std::get<Column>(target.objects.at(column.id).body);
    if (!body.not_null || body.not_null_inherited) continue;
    const std::string spare = p_.spare_constraint(table.schema, table.name, column.id.name, std::string("not_null_") + std::string(direction.suffix));
    prove_not_null(direction, table, column, spare, todo);
  }
}

// An index or key that the plan makes or drops, over a column that changes: it changes places with the column, so that queries are never without one. Not where what else
// it is made of only comes after the swap.
bool Shadows::changes_with_columns(const QualifiedName& table, const Object& member, const std::vector<ShadowColumn>& columns, const Direction& direction) const {
  if (p_.done.contains(member.id) || p_.contended.contains(member.id) || !stands_alone(p_.from, table_id(table))) return false;
  if (calls_over_exchanged_type(member, columns)) return false;
  const bool wins = involves(member, columns, true);
  if (const auto* index = std::get_if<Index>(&member.body)) {
    if (!index->constraint.empty() || (!direction.forward && !wins)) return false;  // what goes from an original goes after the swap
    if (index->replica_identity && !identity_changes_with(table, columns)) return false;
  } else if (const auto* constraint = std::get_if<Constraint>(&member.body)) {
    const bool key = constraint->type == ConstraintType::unique || constraint->type == ConstraintType::primary_key;
    const ObjectId index_id{Kind::index, table.schema, "", member.id.name, ""};
    if (!key || !wins || is_referenced(table)) return false;
    // A plain index has its name in the other schema: that one is built on the columns as well, or the key cannot wait for them.
    const Database& other = direction.forward ? p_.from : p_.to;
    const Object* plain = direction.target->find(index_id) ? other.find(index_id) : nullptr;
    if (plain && (!std::get<Index>(plain->body).constraint.empty() || std::none_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) { return column.shadow_wins && plain->depends_on.contains(column.id); }))) return false;
  }
  const auto changes_here = [&](const ObjectId& id) {
    return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) { return column.id == id; });
  };
  return std::none_of(member.depends_on.begin(), member.depends_on.end(), [&](const ObjectId& need) {
    if (need.kind != Kind::column) return p_.replaced.contains(need);
    if (changes_here(need) || p_.created.contains(need) || p_.dropped.contains(need)) return false;
    if (p_.replaced.contains(need) || p_.has(need, Aspect::type) || p_.has(need, Aspect::generated)) return true;
    const Object* column = direction.target->find(need);
    return column && std::get<Column>(column->body).generated != Generated::none && std::any_of(column->depends_on.begin(), column->depends_on.end(), changes_here);
  });
}

// The index by which rows of the table are told apart in replication gives way to another one over the columns: without one the server refuses UPDATE and DELETE of a published table.
bool Shadows::identity_changes_with(const QualifiedName& table, const std::vector<ShadowColumn>& columns) const {
  return identified_by(p_.from, table, columns) && identified_by(p_.to, table, columns);
}

bool Shadows::identified_by(const Database& database, const QualifiedName& table, const std::vector<ShadowColumn>& columns) const {
  const auto* body = database.find_body<Table>(table_id(table));
  const Object* index = body ? database.find(ObjectId{Kind::index, table.schema, "", body->replica_identity_index, ""}) : nullptr;
  return index && std::get<Index>(index->body).constraint.empty() && involves(*index, columns, true);
}

// A foreign key wants its key for as long as it stands.
bool Shadows::is_referenced(const QualifiedName& table) const {
  const auto refers = [&](const Database& database) {
    return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
      const auto* key = std::get_if<Constraint>(&entry.second.body);
      return key && key->references == table;
    });
  };
  return refers(p_.from) || refers(p_.to);
}

void Shadows::build_index_on_second(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Object& member, const Direction& direction) {
  const Index& index = std::get<Index>(member.body);
  const bool in_both = p_.from.find(member.id) && p_.to.find(member.id);
  if (calls_over_exchanged_type(member, columns)) {
    if (direction.forward) index_after_swap(table, member);
    return;
  }
  const bool wins = involves(member, columns, true);
  if (!wins && in_both) return;  // it stays on the original
  if (index.partitioned) {
    build_index_tree(table, member, direction);
    return;
  }
  const std::string name = wins ? p_.spare_relation(table.schema, member.id.name, direction.suffix) : member.id.name;
  Action action = concurrent(sql::index_over(index.definition, name, names(table, direction, true), true, types(direction)),
                             all_of({gate(table, direction), negate(index_is_valid(ObjectId{Kind::index, table.schema, "", name, ""}))}));
  action.builds_index = QualifiedName{table.schema, name};
  build(direction, wins ? "build for the second column" : "create", member.id, std::move(action), drop_index_concurrently(member.id, name),
        {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
  if (!in_both && direction.forward) describe_new_index(table, member, member);
  if (!in_both && !direction.forward) p_.operations.back().detaches.insert(member.id);  // a column that leaves is there again before it
  p_.done.insert(member.id);
  swap_.touches.insert(member.id);
  Statements& drops = direction.forward ? drops_back_ : drops_forward_;  // what is here leaves when the other comes
  Statements& places = direction.forward ? places_forward_ : places_back_;
  if (wins) {
    // On the way back the new one steps aside; the old one, which left at the swap, was dropped with its column's role.
    drops.push_back(direction.forward ? fmt::format("ALTER INDEX {} RENAME TO {}", quoted_name(member.id), sql::quote_identifier(name))
                                      : fmt::format("DROP INDEX IF EXISTS {}", quoted_name(member.id)));
    places.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{table.schema, name}), sql::quote_identifier(member.id.name)));
  }
  append(places, describe_state(member, *direction.target));
  if (index.replica_identity && !in_both) p_.claim(table_id(table), Aspect::replica_identity);
}

// What an index that the plan makes needs and promises, as far as the columns that change with it do not say so: the operation that has just been added.
void Shadows::describe_new_index(const QualifiedName& table, const Object& member, const Object& built) {
  Operation& operation = p_.operations.back();
  for (const ObjectId& need : member.depends_on) {
    if (!swap_.touches.contains(need) && !swap_.provides.contains(need) && p_.created.contains(need)) operation.needs.insert(need);
  }
  Index index = std::get<Index>(built.body);
  const sql::ColumnNames now = names(table, kForward, true);
  for (std::string& column : index.columns) {
    if (const auto other = now.find(column); other != now.end()) column = other->second;
  }
  if (!index.predicate.empty()) index.predicate = sql::rename_columns(index.predicate, now);
  operation.step.preconditions = unique_precondition(p_, built.id, index);
  if (index_phase(p_, built) != Phase::contract) return;
  hold_until_contract();  // its rule may refuse what the deployed version writes
}

// What is on an original that keeps its place serves its old name alone until the swap: queries by the new one need the same, in every table of a tree.
void Shadows::find_copies(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  const bool second_table = exchanged(table);  // what the plan makes or changes is on that one
  const Database& database = second_table ? p_.from : p_.to;
  std::vector<QualifiedName> family = Planner::descendants(database, table);
  family.insert(family.begin(), table);
  for (const QualifiedName& heir : family) {
    std::vector<ShadowColumn> its = columns;
    for (ShadowColumn& column : its) column.id = column_id(heir.schema, heir.name, column.id.name);
    for (const Object* member : Planner::members(database, table_id(heir))) {
      const auto* index = std::get_if<Index>(&member->body);
      if (!index) continue;
      // The index of a constraint depends on that alone.
      const Object* over = index->constraint.empty() ? member : database.find(ObjectId{Kind::constraint, heir.schema, heir.name, index->constraint, ""});
      if (!over || involves(*over, its, true) || !involves(*over, its, false) || calls_over_exchanged_type(*over, columns)) continue;
      if (second_table) {
        // Over a new type it may be another index.
        const bool converted = std::any_of(its.begin(), its.end(), [&](const ShadowColumn& column) { return column.converted && over->depends_on.contains(column.id); });
        const auto* after = p_.to.find_body<Index>(member->id);
        if (converted && (!after || after->definition != index->definition)) continue;
      } else {
        const Object* before = p_.from.find(member->id);
        if (before ? std::get<Index>(before->body).table != heir.name : !can_be_copied(*over)) continue;
      }
      if (!index->partitioned) copies_.emplace_back(table, member);
      else if (index->unique) p_.notes.push_back(fmt::format("{} has no copy over the column's new name until contract, its partitions have: ON CONFLICT by the new name fails on {} before that", describe(member->id), sql::quote(heir)));
    }
  }
}

// An index that the plan makes, of what is there before the swap.
bool Shadows::can_be_copied(const Object& member) const {
  if (p_.done.contains(member.id)) return true;
  return std::none_of(member.depends_on.begin(), member.depends_on.end(), [&](const ObjectId& need) { return p_.created.contains(need) || p_.replaced.contains(need); });
}

// Over all new names, gone with the swap.
void Shadows::build_copy(const QualifiedName& table, const Object& member, const Direction& direction) {
  const Index& index = std::get<Index>(member.body);
  const QualifiedName on{member.id.schema, index.table};
  const bool second_table = exchanged(table);
  if (second_table && !direction.forward) return;  // it has stayed on the first table
  const auto* constraint = index.constraint.empty() ? nullptr : (second_table ? p_.from : p_.to).find_body<Constraint>(ObjectId{Kind::constraint, on.schema, on.name, index.constraint, ""});
  const Object* before = p_.from.find(member.id);
  // A rule that is new holds from contract on, a deferrable one at commit: the copy of such is for searching alone.
  const bool rules = index.unique && before && std::get<Index>(before->body).unique && !(constraint && constraint->deferrable);
  const std::string_view unique = "CREATE UNIQUE INDEX ", plain = "CREATE INDEX ";
  std::string definition = index.definition;
  if (index.unique && !rules) definition.replace(0, unique.size(), plain);
  const QualifiedName spare{on.schema, p_.spare_relation(on.schema, member.id.name, "copy")};
  // After the swap the second column is of the new type under that type's own name.
  const sql::TypeNames type_names = direction.forward ? types(direction) : sql::TypeNames{};
  Action action = concurrent(sql::index_over(definition, spare.name, names(table, direction, false), true, type_names),
                             all_of({gate(table, direction), negate(index_is_valid(ObjectId{Kind::index, spare.schema, "", spare.name, ""}))}));
  action.builds_index = spare;
  build(direction, "build for the second column", member.id, std::move(action), drop_index_concurrently(member.id, spare.name),
        {{on, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
  if (second_table) {
    swap_.copies.push_back({member.id, spare, rules});
  } else if (direction.forward) {
    drops_forward_.push_back(fmt::format("DROP INDEX IF EXISTS {}", sql::quote(spare)));
  }
}

// It calls a function of a type that is exchanged: there is no such function of the second column's type until the swap.
bool Shadows::calls_over_exchanged_type(const Object& member, const std::vector<ShadowColumn>& columns) const {
  return std::any_of(member.depends_on.begin(), member.depends_on.end(), [&](const ObjectId& called) {
    if (called.kind != Kind::routine) return false;
    const Object* routine = p_.from.find(called);
    return routine && std::any_of(routine->depends_on.begin(), routine->depends_on.end(), [&](const ObjectId& type) {
             return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) { return column.types.contains(quoted_name(type)); });
           });
  });
}

// Gone while the columns change places.
void Shadows::around_swap(const QualifiedName& table, const ObjectId& subject, AroundSwap actions, std::vector<effects::Effect> effects) {
  p_.done.insert(subject);
  swap_.touches.insert(subject);
  const std::string before = gate(table, kForward), after = gate(table, kBack);
  for (auto [action, state] : {std::pair{&actions.leave, &before}, std::pair{&actions.come_back, &before}, std::pair{&actions.come, &after}, std::pair{&actions.leave_again, &after}}) {
    action->todo = all_of({*state, action->todo});
  }
  const auto blocked = [&](const Action& action) { return action.empty() ? std::vector<effects::Effect>{} : effects; };
  add(Phase::contract, actions.leave.empty() ? "way back: validate" : "drop until its column has changed:", subject, actions.leave, actions.come_back).step.effects = blocked(actions.leave);
  const std::size_t left = p_.operations.size() - 1;
  p_.operations[left].after.insert(p_.operations[left].after.end(), builds_.begin(), builds_.end());
  swap_.before.push_back(left);
  add(Phase::contract, actions.come.mode == Mode::scan ? "validate" : "make again", subject, actions.come, actions.leave_again).step.effects = blocked(actions.come);
  swap_.after.push_back(p_.operations.size() - 1);
  around_.push_back({left, p_.operations.size() - 1});
}

void Shadows::index_after_swap(const QualifiedName& table, const Object& member) {
  const Action removal = drop_index_concurrently(member.id, member.id.name);
  const Object& before = p_.from.objects.at(member.id);
  around_swap(table, member.id,
              {removal, build_index(member.id, std::get<Index>(before.body), member.id.name, {}), build_index(member.id, std::get<Index>(member.body), member.id.name, {}), removal},
              {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
  p_.operations[around_.back().second].step.notes.push_back(
      fmt::format("{} computes with a function of the type that is exchanged: in contract it is dropped before its column changes and built after it; queries have no use of it in between", describe(member.id)));
  const auto [dropped, built] = around_.back();
  p_.operations[dropped].step.effects.front().work = effects::Work::none;
  add(Phase::contract, "collect statistics for", member.id, scan({"ANALYZE (SKIP_LOCKED) " + sql::quote(table)}, all_of({gate(table, kBack), index_is_valid(member.id)})), Action{}).after.push_back(built);
  if (Statements described = describe_state(member, p_.to); !described.empty()) {
    add(Phase::contract, "describe", member.id, brief(std::move(described), all_of({gate(table, kBack), exists(member.id)})), Action{}).after.push_back(built);
  }
  if (Statements described = describe_state(before, p_.from); !described.empty()) {
    add(Phase::contract, "way back: describe", member.id, Action{}, brief(std::move(described), all_of({gate(table, kForward), exists(member.id)})));
    p_.operations[dropped].after.push_back(p_.operations.size() - 1);
  }
}

void Shadows::check_after_swap(const QualifiedName& table, const Object& member) {
  const std::string quoted = sql::quote_identifier(member.id.name);
  const auto addition = [&](const Object& object) {
    Statements out{sql::constraint_over({sql::quote(table), member.id.name, std::get<Constraint>(object.body).definition, {}, {}, true, {}})};
    append(out, describe_state(object, p_.to));
    return brief(std::move(out), absent(member.id));
  };
  const Action removal = brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), quoted)});
  const Action validation = scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quoted)}, all_of({exists(member.id), negate(constraint_is_validated(member.id))}));
  const Object& before = p_.from.objects.at(member.id);
  const bool validated = std::get<Constraint>(member.body).validated, was_validated = std::get<Constraint>(before.body).validated;
  // Undone in the opposite order: the way back validates after it has added.
  around_swap(table, member.id, {Action{}, was_validated ? validation : Action{}, validated ? validation : Action{}, Action{}},
              {{table, effects::LockMode::share_update_exclusive, effects::Work::scan}});
  const auto [validate_back, validate] = around_.back();
  around_swap(table, member.id, {removal, addition(before), addition(member), removal}, {{table, effects::LockMode::access_exclusive, effects::Work::none}});
  const auto [leave, come] = around_.back();
  p_.operations[leave].after.push_back(validate_back);
  p_.operations[validate].after.push_back(come);
  p_.operations[come].step.notes.push_back(
      fmt::format("{} calls a function of the type that is exchanged: in contract it is dropped before its column changes and added after it; nothing is checked in between", describe(member.id)));
}

}  // namespace contraflow::plan
