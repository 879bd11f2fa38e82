// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/shadow.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/alter.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/index_parts.h"
#include "plan/strategies/reference_parts.h"
#include "plan/strategies/shadow_trigger.h"
#include "sql/expression.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// One direction of the road: forward to the desired schema on the shadow, or back to the current one on the retired column.
struct Direction {
  const Database* target;     // the schema that is built
  std::string_view suffix;    // of indexes and constraints until they change places
  bool forward;
  const std::string& built(const ShadowColumn& column) const { return forward ? column.shadow_name : column.retired_name; }
};

class Shadows {
 public:
  Shadows(Planner& planner, const ShadowTables& tables) : p_(planner), tables_(tables) {}

  ShadowSwap run() {
    for (const auto& [table, columns] : tables_) {
      if (refused(table, columns)) return swap_;
    }
    for (const auto& [table, columns] : tables_) expand(table, columns);
    for (const auto& [table, columns] : tables_) build_members(table, columns, kForward);
    for (const auto& [table, columns] : tables_) build_foreign_keys(table, kForward);
    for (const auto& [table, columns] : tables_) analyze(table, columns);
    swap_scripts();
    // The way back builds the same on the retired column, before the swap back: the last of these runs first.
    back_first_ = p_.operations.size();
    for (const auto& [table, columns] : tables_) build_members(table, columns, kBack);
    for (const auto& [table, columns] : tables_) build_foreign_keys(table, kBack);
    reverse_back_builds();
    for (const auto& [table, columns] : tables_) purge(table, columns);
    return std::move(swap_);
  }

 private:
  Planner& p_;
  const ShadowTables& tables_;
  ShadowSwap swap_;
  Direction kForward{&p_.to, "new", true};
  Direction kBack{&p_.from, "old", false};
  std::map<QualifiedName, std::vector<std::size_t>> ready_;  // what must be done before the shadow can be built on
  std::vector<std::size_t> builds_;
  std::size_t back_first_ = 0;
  Statements drops_forward_, drops_back_;      // members that leave at the swap
  Statements places_forward_, places_back_;    // members that take their places

  static const std::vector<ShadowColumn>& none() {
    static const std::vector<ShadowColumn> empty;
    return empty;
  }
  const std::vector<ShadowColumn>& columns_of(const QualifiedName& table) const {
    auto it = tables_.find(table);
    return it == tables_.end() ? none() : it->second;
  }
  // What the columns of the target schema are called while it is built. Only a copy that is gone after the swap stands on all second columns: an
  // original that keeps its place is used itself.
  sql::ColumnNames names(const QualifiedName& table, const Direction& direction, bool winners_only) const {
    sql::ColumnNames out;
    for (const ShadowColumn& column : columns_of(table)) {
      if (!winners_only || column.shadow_wins) {
        out[column.id.name] = direction.built(column);
      } else if (direction.forward && column.two_way()) {
        out[column.id.name] = column.old_name;
      }
    }
    return out;
  }

  sql::TypeNames types(const Direction& direction) const {
    sql::TypeNames out;
    for (const auto& [table, columns] : tables_) {
      for (const ShadowColumn& column : columns) {
        const auto& renamed = direction.forward ? column.types : column.back_types;
        out.insert(renamed.begin(), renamed.end());
      }
    }
    return out;
  }

  bool refused(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
    const Table* body = p_.from.find_body<Table>(ObjectId{Kind::table, table.schema, "", table.name, ""});
    const bool only_renamed = std::none_of(columns.begin(), columns.end(), [](const ShadowColumn& column) { return column.shadow_wins; });
    if (body && body->partitioned && !body->partition_of && only_renamed) return false;  // columns and row triggers reach the partitions
    if (body && !body->partitioned && !body->partition_of && body->inherits.empty() && Planner::children(p_.from, table).empty()) return false;
    for (const ShadowColumn& column : columns) {
      p_.refuse(fmt::format("{} changes online only through a second column, which is not supported on partitioned tables, partitions and in inheritance; "
                            "allow the rewrite with --allow-blocking rewrite",
                            describe(column.id)));
    }
    return true;
  }

  static ObjectId named(const ShadowColumn& column, const std::string& name) { return column_id(column.id.schema, column.id.relation, name); }

  // Before the swap: the original still has its name and the loser's name is not there.
  static std::string not_swapped(const ShadowColumn& column) { return absent(named(column, column.retired_name)); }
  std::string before_swap(const ShadowColumn& column) const {
    const Column& old_column = std::get<Column>(p_.from.objects.at(column.id).body);
    // An exchanged type keeps its name: there only the loser's name tells, and after purge the shadow's absence with the new labels.
    if (column.two_way()) return all_of({exists(named(column, column.old_name)), not_swapped(column)});
    if (type_stays(column)) return all_of({not_swapped(column), old_labels(column)});
    return all_of({not_swapped(column), column_has_type(column.id, old_column.type)});
  }
  bool type_stays(const ShadowColumn& column) const {
    return std::get<Column>(p_.from.objects.at(column.id).body).type == std::get<Column>(p_.to.objects.at(column.id).body).type;
  }
  std::string old_labels(const ShadowColumn& column) const {
    const std::string base = std::get<Column>(p_.from.objects.at(column.id).body).type_base;
    for (const auto& [id, object] : p_.from.objects) {
      if (id.kind == Kind::enum_type && (quoted_name(id) == base || quoted_name(id) + "[]" == base)) {
        return enum_labels_are(id, std::get<EnumType>(object.body).labels);
      }
    }
    return {};
  }

  Operation& add(Phase phase, std::string verb, const ObjectId& subject, Action forward, Action undo, Grade grade = Grade::exact) {
    Operation& operation = p_.add(phase, std::move(verb), subject, std::move(forward), std::move(undo), grade);
    operation.groupable = false;
    return operation;
  }

  std::string alter(const QualifiedName& table) const { return "ALTER TABLE " + sql::quote(table); }

  void expand(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
    Statements statements, undo;
    std::vector<std::string> conditions;
    Backfill fill{table, usable_key(p_, table), "", ""};
    std::vector<std::string> present;
    for (const ShadowColumn& column : columns) {
      const Column& desired = std::get<Column>(p_.to.objects.at(column.id).body);
      const std::string shadow = sql::quote_identifier(column.shadow_name);
      statements.push_back(fmt::format("{} ADD COLUMN IF NOT EXISTS {} {}{}", alter(table), shadow, column.shadow_type,
                                       desired.collation.empty() ? "" : " COLLATE " + desired.collation));
      conditions.push_back(before_swap(column));
      present.push_back(exists(named(column, column.shadow_name)));
      fill.assignments += fmt::format("{}{} = {}", fill.assignments.empty() ? "" : ", ", shadow, column.up);
      fill.pending += (fill.pending.empty() ? "" : " OR ") + differs(shadow, column.up, column.shadow_type);
      undo.push_back(fmt::format("{} DROP COLUMN IF EXISTS {}", alter(table), shadow));
    }
    const bool triggers = p_.options.synchronise == Synchronise::triggers;
    if (!triggers) {
      for (const ShadowColumn& column : columns) {
        p_.written_twice.push_back(fmt::format("{} and {} of {}", sql::quote_identifier(column.old_name), sql::quote_identifier(column.shadow_name), sql::quote(table)));
      }
    }
    if (triggers) append(statements, create_sync_trigger(table, columns, false));
    Statements undo_all = triggers ? drop_sync_trigger(table) : Statements{};
    append(undo_all, undo);
    // The undo must not touch the column once it has taken its place: going back from contract comes first.
    std::vector<std::string> undo_conditions;
    for (const ShadowColumn& column : columns) undo_conditions.push_back(not_swapped(column));
    Operation& first = add(Phase::expand, "add the second column for", columns.front().id, brief(std::move(statements), all_of(conditions)),
                           brief(std::move(undo_all), all_of({all_of(undo_conditions), all_of(conditions)})));
    first.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
    for (const ShadowColumn& column : columns) {
      const std::set<ObjectId>& needs = p_.to.objects.at(column.id).depends_on;
      for (const ObjectId& need : needs) {
        if (p_.created.contains(need)) first.needs.insert(need);
      }
    }
    const std::size_t added = p_.operations.size() - 1;
    Action action;
    action.mode = Mode::batched;
    action.backfill = fill;
    // Conditions on all columns: they come and go together.
    action.todo = all_of({all_of(conditions), all_of(present)});
    Operation& backfill = add(Phase::backfill, "backfill the second column for", columns.front().id, std::move(action), Action{});
    backfill.after.push_back(added);
    backfill.step.effects = {{table, effects::LockMode::row_exclusive, effects::Work::none}};
    backfill.step.notes.push_back(fmt::format("the backfill writes every row of {} once, in batches of about 0.1 s; expect WAL of a few hundred bytes a row, dead rows for "
                                              "vacuum, and bulk UPDATEs through the trigger to take about four times as long",
                                              sql::quote(table)));
    ready_[table] = {p_.operations.size() - 1};
    for (const ShadowColumn& column : columns) {
      (column.shadow_wins ? swap_.touches : swap_.provides).insert(column.id);
      p_.done.insert(column.id);
    }
  }

  // After the swap queries are planned with what is known of the new column and of the indexes over it.
  void analyze(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
    std::vector<std::string> there;
    for (const ShadowColumn& column : columns) {
      if (column.shadow_wins) there.push_back(exists(named(column, column.shadow_name)));
    }
    if (there.empty()) return;
    Operation& operation = add(Phase::backfill, "collect statistics of the second column for", columns.front().id,
                               scan({"ANALYZE (SKIP_LOCKED) " + sql::quote(table)}, all_of(there)), Action{});
    operation.after = ready_[table];
    operation.after.insert(operation.after.end(), builds_.begin(), builds_.end());
    operation.step.effects = {{table, effects::LockMode::share_update_exclusive, effects::Work::none}};
    builds_.push_back(p_.operations.size() - 1);
  }

  // ---- members: what depends on the columns and lives on the table

  struct Members {
    std::vector<const Object*> keys, indexes, checks;
  };

  bool involves(const Object& member, const std::vector<ShadowColumn>& columns, bool winners_only) const {
    return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) {
      return (!winners_only || column.shadow_wins) && member.depends_on.contains(column.id);
    });
  }

  Members members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction) const {
    Members out;
    const Database& other = direction.forward ? p_.from : p_.to;
    for (const Object* member : Planner::members(*direction.target, ObjectId{Kind::table, table.schema, "", table.name, ""})) {
      if (!other.find(member->id)) continue;  // made or dropped on its own, beyond the swap
      if (const auto* index = std::get_if<Index>(&member->body)) {
        if (index->constraint.empty() && involves(*member, columns, false)) out.indexes.push_back(member);
      } else if (const auto* constraint = std::get_if<Constraint>(&member->body)) {
        if (!involves(*member, columns, true)) continue;
        if (constraint->type == ConstraintType::check) out.checks.push_back(member);
        if (constraint->type == ConstraintType::unique || constraint->type == ConstraintType::primary_key) out.keys.push_back(member);
        if (constraint->type == ConstraintType::exclusion) {
          p_.refuse(fmt::format("{} is over a column that changes through a second one: no exclusion constraint can be built online", describe(member->id)));
        }
      }
    }
    return out;
  }

  std::string gate(const QualifiedName& table, const Direction& direction) const {
    std::vector<std::string> present;
    for (const ShadowColumn& column : columns_of(table)) present.push_back(exists(named(column, direction.built(column))));
    std::vector<std::string> conditions{all_of(present)};
    if (direction.forward) {
      for (const ShadowColumn& column : columns_of(table)) conditions.push_back(before_swap(column));
    }
    return all_of(conditions);
  }

  // A build of the forward road runs in backfill; one of the way back is the undo of an operation after the swap.
  void build(const Direction& direction, std::string verb, const ObjectId& subject, Action action, Action removal, std::vector<effects::Effect> effects) {
    if (direction.forward) {
      Operation& operation = add(Phase::backfill, std::move(verb), subject, std::move(action), std::move(removal));
      operation.step.effects = std::move(effects);
      const QualifiedName table = operation.step.tables.empty() ? QualifiedName{} : operation.step.tables.front();
      for (const auto& [name, before] : ready_) operation.after.insert(operation.after.end(), before.begin(), before.end());
      if (!builds_.empty()) operation.after.push_back(builds_.back());
      builds_.push_back(p_.operations.size() - 1);
    } else {
      add(Phase::contract, "way back: " + verb, subject, Action{}, std::move(action));
    }
  }

  // What the swap used up is made again on the way back, after the swap back: the undo of an operation before the swap.
  void restore(const std::string& verb, const ObjectId& subject, const Action& action) {
    add(Phase::contract, "way back: " + verb, subject, Action{}, action);
    restores_.push_back(p_.operations.size() - 1);
  }
  std::vector<std::size_t> restores_;

  // A foreign key whose key is exchanged cannot stay beside it.
  bool points_at_swapped_key(const Object& member) const {
    const auto* key = std::get_if<Constraint>(&member.body);
    if (!key || key->type != ConstraintType::foreign_key || !key->references) return false;
    const auto& columns = columns_of(*key->references);
    return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& c) {
      return c.shadow_wins && std::find(key->referenced_columns.begin(), key->referenced_columns.end(), c.id.name) != key->referenced_columns.end();
    });
  }

  void build_members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction) {
    const Members found = members(table, columns, direction);
    const std::string todo = gate(table, direction);
    const Database& target = *direction.target;
    Statements& drops = direction.forward ? drops_back_ : drops_forward_;       // what is here leaves when the other comes
    Statements& places = direction.forward ? places_forward_ : places_back_;
    std::vector<Statements> late;
    for (const Object* member : found.indexes) {
      const Index& index = std::get<Index>(member->body);
      if (calls_over_exchanged_type(*member, columns)) {
        if (direction.forward) index_after_swap(table, *member);
        continue;
      }
      const bool wins = involves(*member, columns, true);
      if (index.partitioned) {
        if (direction.forward) {
          p_.notes.push_back(fmt::format("{} has no copy over the column's new name until contract: queries that search {} by the new name before that use no index for it",
                                         describe(member->id), sql::quote(table)));
        }
        continue;
      }
      // A renamed column needs its indexes under both names while both are read; where the original keeps its place, the copy goes at the swap.
      const std::string spare = p_.spare_relation(table.schema, member->id.name, wins ? direction.suffix : "copy");
      const ObjectId spare_id{Kind::index, table.schema, "", spare, ""};
      Action action = concurrent(sql::index_over(index.definition, spare, names(table, direction, wins), true, types(direction)), all_of({todo, negate(index_is_valid(spare_id))}));
      action.builds_index = QualifiedName{table.schema, spare};
      Action removal = concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(QualifiedName{table.schema, spare})));
      build(direction, "build for the second column", member->id, std::move(action), std::move(removal), {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
      const std::string drop_copy = fmt::format("DROP INDEX IF EXISTS {}", sql::quote(QualifiedName{table.schema, spare}));
      if (!wins) {
        if (direction.forward) drops_forward_.push_back(drop_copy);
        continue;
      }
      p_.done.insert(member->id);
      swap_.touches.insert(member->id);
      // On the way back the new one steps aside; the old one, which left at the swap, was dropped with its column's role.
      drops.push_back(direction.forward ? fmt::format("ALTER INDEX {} RENAME TO {}", quoted_name(member->id), sql::quote_identifier(spare))
                                        : fmt::format("DROP INDEX IF EXISTS {}", quoted_name(member->id)));
      places.push_back(fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote(QualifiedName{table.schema, spare}), sql::quote_identifier(member->id.name)));
      append(places, describe_state(*member, target));
    }
    for (const Object* member : found.keys) {
      const ObjectId index_id{Kind::index, table.schema, "", member->id.name, ""};
      const Object* index = target.find(index_id);
      if (!index) continue;
      const std::string spare = p_.spare_relation(table.schema, member->id.name, direction.suffix);
      Action action = concurrent(sql::index_over(std::get<Index>(index->body).definition, spare, names(table, direction, true), true, types(direction)),
                                 all_of({todo, negate(index_is_valid(ObjectId{Kind::index, table.schema, "", spare, ""}))}));
      action.builds_index = QualifiedName{table.schema, spare};
      Action removal = concurrent(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote(QualifiedName{table.schema, spare})));
      build(direction, "build for the second column", member->id, std::move(action), std::move(removal), {{table, effects::LockMode::share_update_exclusive, effects::Work::index_build}});
      if (direction.forward) restore("build for the second column", member->id, p_.operations.back().step.forward);
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
      if (!body.not_null) continue;
      const std::string spare = p_.spare_constraint(table.schema, table.name, column.id.name, std::string("not_null_") + std::string(direction.suffix));
      prove_not_null(direction, table, column, spare, todo);
    }
  }

  // It calls a function of a type that is exchanged: there is no such function of the second column's type until the swap.
  bool calls_over_exchanged_type(const Object& member, const std::vector<ShadowColumn>& columns) const {
    return std::any_of(member.depends_on.begin(), member.depends_on.end(), [&](const ObjectId& called) {
      if (called.kind != Kind::routine) return false;
      const Object* routine = p_.from.find(called);
      return routine && std::any_of(routine->depends_on.begin(), routine->depends_on.end(), [&](const ObjectId& type) {
        return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) { return column.types.contains(quoted_name(type)); });
      });
    });
  }

  struct AroundSwap {
    Action leave, come_back;  // before the swap, and after the swap back
    Action come, leave_again;
  };
  // Gone while the columns change places.
  void around_swap(const QualifiedName& table, const ObjectId& subject, AroundSwap actions, std::vector<effects::Effect> effects) {
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
  std::vector<std::pair<std::size_t, std::size_t>> around_;

  void index_after_swap(const QualifiedName& table, const Object& member) {
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

  void check_after_swap(const QualifiedName& table, const Object& member) {
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

  void prove_not_null(const Direction& direction, const QualifiedName& table, const ShadowColumn& column, const std::string& spare, const std::string& todo) {
    const ObjectId spare_id{Kind::constraint, table.schema, table.name, spare, ""};
    const std::string name = sql::quote_identifier(direction.built(column));
    Action add_check = brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", alter(table), sql::quote_identifier(spare), name)}, all_of({todo, absent(spare_id)}));
    Action removal = brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(spare))});
    Action validate = scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), sql::quote_identifier(spare))}, all_of({todo, exists(spare_id), negate(constraint_is_validated(spare_id))}));
    if (direction.forward) {
      restore("prove NOT NULL of the second column for", column.id, validate);
      restore("prepare NOT NULL of the second column for", column.id, add_check);
    }
    build(direction, "prepare NOT NULL of the second column for", column.id, std::move(add_check), std::move(removal), {{table, effects::LockMode::access_exclusive, effects::Work::none}});
    build(direction, "prove NOT NULL of the second column for", column.id, std::move(validate), Action{}, {{table, effects::LockMode::share_update_exclusive, effects::Work::scan}});
  }

  void constrain(const Direction& direction, const QualifiedName& table, const Object& member, const std::string& spare, const std::string& statement, bool validated,
                 const std::string& todo, std::vector<effects::Effect> effects) {
    if (const std::vector<ReferencePart> parts = reference_parts(*direction.target, member); !parts.empty()) {
      constrain_partitions(direction, member, parts, spare, todo, std::move(effects));
      return;
    }
    const ObjectId spare_id{Kind::constraint, table.schema, table.name, spare, ""};
    const std::string quoted = sql::quote_identifier(spare);
    const Action addition = brief({statement}, all_of({todo, absent(spare_id)}));
    const Action validation = scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quoted)}, all_of({todo, exists(spare_id), negate(constraint_is_validated(spare_id))}));
    std::vector<effects::Effect> scanned{{table, effects::LockMode::share_update_exclusive, effects::Work::scan}};
    build(direction, "add NOT VALID for the second column", member.id, addition,
          brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), quoted)}), std::move(effects));
    if (validated) build(direction, "validate for the second column", member.id, validation, Action{}, std::move(scanned));
    p_.done.insert(member.id);
    swap_.touches.insert(member.id);
    Statements& drops = direction.forward ? drops_back_ : drops_forward_;
    Statements& places = direction.forward ? places_forward_ : places_back_;
    // Before keys go: a foreign key depends on the key that it points at.
    drops.insert(drops.begin(), direction.forward && !points_at_swapped_key(member)
                                    ? fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(table), sql::quote_identifier(member.id.name), quoted)
                                    : fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(member.id.name)));
    if (direction.forward && points_at_swapped_key(member)) {
      if (validated) restore("validate for the second column", member.id, validation);
      restore("add NOT VALID for the second column", member.id, addition);
    }
    places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(table), quoted, sql::quote_identifier(member.id.name)));
    append(places, describe_state(member, *direction.target));
  }

  // A foreign key of a partitioned table that points at the second column.
  void constrain_partitions(const Direction& direction, const Object& member, const std::vector<ReferencePart>& parts, const std::string& spare, const std::string& todo,
                            std::vector<effects::Effect> effects) {
    const auto& key = std::get<Constraint>(member.body);
    const std::string quoted = sql::quote_identifier(spare);
    const auto over = [&](const QualifiedName& table) {
      return sql::constraint_over({sql::quote(table), spare, key.definition, {}, names(*key.references, direction, true), false, {}});
    };
    std::vector<std::pair<ObjectId, std::pair<Action, Action>>> made;  // what it is on, how it is made and removed
    for (const ReferencePart& part : parts) {
      if (!part.leaf) continue;
      const ObjectId spare_id{Kind::constraint, part.id.schema, part.id.relation, spare, ""};
      const QualifiedName table{part.id.schema, part.id.relation};
      const std::string there = all_of({todo, exists(ObjectId{Kind::table, table.schema, "", table.name, ""})});
      made.push_back({part.id, {brief({over(table) + " NOT VALID"}, all_of({there, absent(spare_id)})),
                                brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), quoted)}, exists(spare_id))}});
      made.push_back({part.id, {scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quoted)},
                                     all_of({there, exists(spare_id), negate(constraint_is_validated(spare_id))})), Action{}}});
    }
    const QualifiedName home{member.id.schema, member.id.relation};
    const ObjectId spare_id{Kind::constraint, home.schema, home.name, spare, ""};
    made.push_back({member.id, {brief({over(home)}, all_of({todo, absent(spare_id)})), brief({fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(home), quoted)})}});
    for (const auto& [id, actions] : made) {
      const bool validates = actions.first.mode == Mode::scan;
      const QualifiedName table{id.schema, id.relation};
      build(direction, validates ? "validate for the second column" : id == member.id ? "join for the second column" : "add NOT VALID for the second column", id, actions.first, actions.second,
            validates ? std::vector<effects::Effect>{{table, effects::LockMode::share_update_exclusive, effects::Work::scan}} : effects);
    }
    if (direction.forward) {
      for (auto it = made.rbegin(); it != made.rend(); ++it) {
        restore(it->second.first.mode == Mode::scan ? "validate for the second column" : "add for the second column", it->first, it->second.first);
      }
    }
    Statements& drops = direction.forward ? drops_back_ : drops_forward_;
    Statements& places = direction.forward ? places_forward_ : places_back_;
    drops.insert(drops.begin(), fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(home), sql::quote_identifier(member.id.name)));
    p_.done.insert(member.id);
    swap_.touches.insert(member.id);
    places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter(home), quoted, sql::quote_identifier(member.id.name)));
    append(places, describe_state(member, *direction.target));
    const Database& other = direction.forward ? p_.from : p_.to;
    for (const ReferencePart& part : parts) {
      if (!other.find(part.id)) continue;  // the partition comes or goes in this plan
      p_.done.insert(part.id);
      swap_.touches.insert(part.id);
      places.push_back(fmt::format("{} RENAME CONSTRAINT {} TO {}", alter({part.id.schema, part.id.relation}), quoted, sql::quote_identifier(part.id.name)));
      append(places, describe_state(*direction.target->find(part.id), *direction.target));
    }
  }

  // Foreign keys of the table, and those of other tables that point at its columns.
  void build_foreign_keys(const QualifiedName& table, const Direction& direction) {
    const Database& other = direction.forward ? p_.from : p_.to;
    for (auto it = direction.target->objects.lower_bound(ObjectId{Kind::constraint, "", "", "", ""});
         it != direction.target->objects.end() && it->first.kind == Kind::constraint; ++it) {
      const ObjectId& id = it->first;
      const auto& key = std::get<Constraint>(it->second.body);
      if (key.type != ConstraintType::foreign_key || !key.references || !other.find(id)) continue;
      if ((key.inherited && !key.local) || p_.crossing_foreign_keys.contains(id)) continue;  // the parent's carries it, or an exchange
      const QualifiedName home{id.schema, id.relation};
      const auto wins = [](const std::vector<ShadowColumn>& columns, const std::vector<std::string>& used) {
        return std::any_of(columns.begin(), columns.end(), [&](const ShadowColumn& c) { return c.shadow_wins && std::find(used.begin(), used.end(), c.id.name) != used.end(); });
      };
      const bool mine = home == table && wins(columns_of(home), key.columns);
      const bool points_here = *key.references == table && wins(columns_of(table), key.referenced_columns);
      if (!mine && !points_here) continue;
      auto& built = direction.forward ? built_forward_ : built_back_;
      if (!built.insert(id).second) continue;  // both ends are in the swap
      const std::string spare = p_.spare_constraint(id.schema, id.relation, id.name, direction.suffix);
      constrain(direction, home, it->second, spare,
                sql::constraint_over({sql::quote(home), spare, key.definition, names(home, direction, true), names(*key.references, direction, true), true, {}}), key.validated,
                gate(table, direction),
                {{home, effects::LockMode::share_row_exclusive, effects::Work::none}, {*key.references, effects::LockMode::share_row_exclusive, effects::Work::none}});
    }
  }
  std::set<ObjectId> built_forward_, built_back_;

  // Undo runs from the last operation to the first: what must be built first on the way back has to stand last.
  void reverse_back_builds() {
    for (std::size_t i = back_first_; i < p_.operations.size(); ++i) {
      swap_.after.push_back(i);
      if (i + 1 < p_.operations.size()) p_.operations[i].after.push_back(i + 1);
    }
  }

  void swap_scripts() {
    // Deferred until the way back is known: see finish_swap().
    std::vector<std::string> shadow_there, retired_there;
    for (const auto& [table, columns] : tables_) {
      for (const ShadowColumn& column : columns) {
        shadow_there.push_back(exists(named(column, column.shadow_name)));
        if (column.shadow_name == column.id.name) shadow_there.push_back(exists(named(column, column.old_name)));
        retired_there.push_back(exists(named(column, column.retired_name)));
        swap_.preconditions.push_back({fmt::format("rows of {} whose two columns for {} differ", sql::quote(table), sql::quote_identifier(column.id.name)),
                                       fmt::format("SELECT count(*) FROM {} WHERE {}", sql::quote(table), differs(sql::quote_identifier(column.shadow_name), column.up, column.shadow_type)),
                                       "run 2_backfill.sql again, and see that every writer goes through the trigger"});
        if (column.down_loses) {
          swap_.grade = std::max(swap_.grade, Grade::data);
          swap_.notes.push_back(fmt::format("the way back of {} can lose information: what the old type cannot hold becomes NULL", describe(column.id)));
        }
        if (!column.two_way()) {
          swap_.notes.push_back(fmt::format("{} changes its type under the same name at the start of contract: a prepared statement that reads it fails once at that moment; a query that "
                                            "casts it to the new type ({}::{}) keeps its result type across the swap",
                                            describe(column.id), sql::quote_identifier(column.id.name), std::get<Column>(p_.to.objects.at(column.id).body).type));
        }
      }
    }
    // Keys first on the way back, then what points at them: the operations stand in the opposite order.
    for (std::size_t i = 0; i < restores_.size(); ++i) {
      Operation& operation = p_.operations[restores_[i]];
      operation.after.insert(operation.after.end(), builds_.begin(), builds_.end());
      swap_.before.push_back(restores_[i]);
    }
    for (const std::size_t later : restores_) {
      for (const std::size_t earlier : restores_) {
        const bool key = p_.operations[later].step.undo.mode == Mode::concurrent;
        if (key && p_.operations[earlier].step.undo.mode != Mode::concurrent) p_.operations[later].after.push_back(earlier);
      }
    }
    for (std::size_t i = 0; i + 1 < restores_.size(); ++i) {
      const bool same_kind = (p_.operations[restores_[i]].step.undo.mode == Mode::concurrent) == (p_.operations[restores_[i + 1]].step.undo.mode == Mode::concurrent);
      if (same_kind) p_.operations[restores_[i + 1]].after.push_back(restores_[i]);
    }
    swap_.todo = all_of(shadow_there);
    swap_.undo_todo = all_of(retired_there);
    for (const std::size_t i : builds_) swap_.before.push_back(i);
    for (const auto& [table, before] : ready_) swap_.before.insert(swap_.before.end(), before.begin(), before.end());
  }

 public:
  // The swap's statements, when all members of both directions are known.
  void finish_swap(ShadowSwap& swap) const {
    const bool triggers = p_.options.synchronise == Synchronise::triggers;
    const auto one_way = [&](const Direction& direction, Statements& out, const Statements& drops, const Statements& places) {
      const Database& target = *direction.target;
      for (const auto& [table, columns] : tables_) {
        if (triggers) out.push_back(drop_sync_trigger(table).front());
      }
      append(out, drops);
      for (const auto& [table, columns] : tables_) {
        for (const ShadowColumn& column : columns) {
          const auto rename = [&](const std::string& a, const std::string& b) {
            if (a != b) out.push_back(fmt::format("{} RENAME COLUMN {} TO {}", alter(table), sql::quote_identifier(a), sql::quote_identifier(b)));
          };
          if (column.shadow_wins) {
            if (direction.forward) hand_over_defaults(out, table, column, true);
            if (direction.forward) {
              rename(column.old_name, column.retired_name);
              rename(column.shadow_name, column.id.name);
            } else {
              hand_over_defaults(out, table, column, false);
              rename(column.id.name, column.shadow_name);
              rename(column.retired_name, column.old_name);
            }
            settle(out, table, column, direction, target);
          } else if (direction.forward) {
            rename(column.shadow_name, column.retired_name);
            rename(column.old_name, column.id.name);
          } else {
            rename(column.id.name, column.old_name);
            rename(column.retired_name, column.shadow_name);
          }
        }
      }
      append(out, places);
      for (const auto& [table, columns] : tables_) {
        if (triggers) append(out, Statements(create_sync_trigger(table, columns, direction.forward)));
      }
    };
    one_way(kForward, swap.forward, drops_forward_, places_forward_);
    one_way(kBack, swap.undo, drops_back_, places_back_);
    for (const auto& [table, columns] : tables_) {
      for (const ShadowColumn& column : columns) {
        if (!column.two_way()) continue;
        const auto rename = [&](Statements& out, const std::string& a, const std::string& b) {
          out.push_back(fmt::format("{} RENAME COLUMN {} TO {}", alter(table), sql::quote_identifier(a), sql::quote_identifier(b)));
        };
        const std::string parked = p_.spare_column(table.schema, table.name, column.id.name, "swap");
        rename(swap.undo_dress, column.shadow_name, parked);
        rename(swap.undo_dress, column.old_name, column.id.name);
        rename(swap.undo_undress, column.id.name, column.old_name);
        rename(swap.undo_undress, parked, column.shadow_name);
      }
    }
  }

 private:
  // Default and identity leave the column that goes; the numbers go on where they stood.
  void hand_over_defaults(Statements& out, const QualifiedName& table, const ShadowColumn& column, bool forward) const {
    const Database& leaving = forward ? p_.from : p_.to;
    const Column& body = std::get<Column>(leaving.objects.at(column.id).body);
    const std::string name = sql::quote_identifier(forward ? column.old_name : column.id.name);
    if (!body.default_expression.empty() && body.generated == Generated::none) out.push_back(fmt::format("{} ALTER COLUMN {} DROP DEFAULT", alter(table), name));
    if (body.identity != Identity::none) {
      const QualifiedName parked{body.identity_sequence.schema, p_.spare_relation(body.identity_sequence.schema, body.identity_sequence.name, "swap")};
      out.push_back(fmt::format("ALTER SEQUENCE {} RENAME TO {}", sql::quote(body.identity_sequence), sql::quote_identifier(parked.name)));
    }
  }

  // The column that has come to its name gets everything else that it has in the schema.
  void settle(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction, const Database& target) const {
    const Database& leaving = direction.forward ? p_.from : p_.to;
    const Object& object = target.objects.at(column.id);
    const Column& body = std::get<Column>(object.body);
    const Column& old_body = std::get<Column>(leaving.objects.at(column.id).body);
    const std::string name = sql::quote_identifier(direction.forward ? column.id.name : column.old_name);
    const std::string loser = sql::quote_identifier(direction.forward ? column.retired_name : column.shadow_name);
    if (old_body.not_null && old_body.identity == Identity::none) out.push_back(fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(table), loser));
    if (body.not_null) {
      p_.claim(column.id, Aspect::not_null_name);
      out.push_back(fmt::format("{} {}", alter(table), set_not_null_action(named(column, direction.forward ? column.id.name : column.old_name), body)));
      const std::string spare = p_.spare_constraint(table.schema, table.name, column.id.name, std::string("not_null_") + std::string(direction.suffix));
      out.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", alter(table), sql::quote_identifier(spare)));
    }
    if (!body.default_expression.empty() && body.generated == Generated::none) {
      out.push_back(fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", alter(table), name, body.default_expression));
    }
    if (body.identity != Identity::none) {
      Column bare = body;
      bare.identity = Identity::none;
      bare.default_expression.clear();
      append(out, alter_identity(column.id, bare, body));
    }
    if (old_body.identity != Identity::none) {
      const QualifiedName parked{old_body.identity_sequence.schema, p_.spare_relation(old_body.identity_sequence.schema, old_body.identity_sequence.name, "swap")};
      if (body.identity != Identity::none) {
        out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(sql::quote(body.identity_sequence)), sql::quote(parked)));
      }
      out.push_back(fmt::format("{} ALTER COLUMN {} DROP IDENTITY", alter(table), loser));
      out.push_back(fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(table), loser));
    }
    for (const auto& [id, sequence] : target.objects) {
      const auto* owned = std::get_if<Sequence>(&sequence.body);
      if (owned && owned->owned_by == column.id) out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(id), sql::quote(table), name));
    }
    if (!direction.forward) return;  // the original has kept the rest
    if (body.statistics_target != -1) append(out, alter_column_statistics(column.id, body.statistics_target));
    if (!body.storage.empty()) append(out, alter_column_storage(column.id, body));
    if (!body.compression.empty()) append(out, alter_column_compression(column.id, body));
    if (!body.options.empty()) append(out, alter_column_options(column.id, {}, body.options));
    append(out, describe_state(object, target));
  }

  void purge(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
    Statements statements = p_.options.synchronise == Synchronise::triggers ? drop_sync_trigger(table) : Statements{};
    Statements back;
    std::vector<std::string> conditions, swapped;
    Backfill fill{table, usable_key(p_, table), "", ""};
    Grade grade = Grade::exact;
    for (const ShadowColumn& column : columns) {
      const std::string retired = sql::quote_identifier(column.retired_name);
      statements.push_back(fmt::format("{} DROP COLUMN IF EXISTS {}", alter(table), retired));
      const Column& old_body = std::get<Column>(p_.from.objects.at(column.id).body);
      const std::string& type = column.shadow_wins ? column.retired_type : column.shadow_type;
      Statements described;
      if (column.shadow_wins) {
        // It is the original again: what describes it comes with it.
        Object original = p_.from.objects.at(column.id);
        original.id = named(column, column.retired_name);
        described = describe_state(original, p_.from);
        grade = std::max(grade, column.down_loses ? Grade::data : Grade::order);
        p_.moved_columns.insert(column.id);
      }
      back.push_back(fmt::format("{} ADD COLUMN IF NOT EXISTS {} {}{}", alter(table), retired, type, column.shadow_wins && !old_body.collation.empty() ? " COLLATE " + old_body.collation : ""));
      append(back, described);
      // Swapped, and only then: the current schema must not be mistaken for it.
      std::vector<std::string> swapped_state{exists(column.id), absent(named(column, column.shadow_name == column.id.name ? column.old_name : column.shadow_name))};
      if (!column.two_way()) swapped_state.push_back(negate(type_stays(column) ? old_labels(column) : column_has_type(column.id, old_body.type)));
      conditions.push_back(all_of(swapped_state));
      fill.assignments += fmt::format("{}{} = {}", fill.assignments.empty() ? "" : ", ", retired, column.down);
      fill.pending += (fill.pending.empty() ? "" : " OR ") + differs(retired, column.down, type);
      swapped.push_back(exists(named(column, column.retired_name)));
    }
    if (p_.options.synchronise == Synchronise::triggers) append(back, create_sync_trigger(table, columns, true));
    Action action;
    action.mode = Mode::batched;
    action.backfill = fill;
    action.todo = all_of(swapped);
    Operation& refill = add(Phase::purge, "way back: fill the old column for", columns.front().id, Action{}, std::move(action));
    swap_.after.push_back(p_.operations.size() - 1);
    refill.after = {};
    const std::size_t filled = p_.operations.size() - 1;
    // The trigger goes first: a writer between the two would name a column that is gone. Both are one transaction.
    Operation& last = add(Phase::purge, "purge the old column for", columns.front().id, brief(std::move(statements), all_of(swapped)), brief(std::move(back), all_of(conditions)), grade);
    last.after.push_back(filled);
    last.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
    swap_.after.push_back(p_.operations.size() - 1);
  }
};

}  // namespace

ShadowColumn shadow_for(const Planner& planner, const ObjectId& id, const std::string& old_name) {
  const Column& a = std::get<Column>(planner.from.objects.at(id).body);
  const Column& b = std::get<Column>(planner.to.objects.at(id).body);
  ShadowColumn out;
  out.id = id;
  out.old_name = old_name;
  const bool renamed = old_name != id.name;
  out.shadow_name = renamed ? id.name : planner.spare_column(id.schema, id.relation, id.name, "new");
  out.retired_name = planner.spare_column(id.schema, id.relation, old_name, renamed ? "retired" : "old");
  out.shadow_type = b.type;
  out.retired_type = a.type;
  out.shadow_wins = a.type != b.type || a.collation != b.collation;
  if (!out.shadow_wins) {
    out.up = sql::quote_identifier(old_name);
    out.down = sql::quote_identifier(id.name);
    return out;
  }
  const Conversion up = forward_conversion(planner, id, a.type, b.type);
  const Conversion down = back_conversion(planner, id, b.type, a.type);
  out.up = renamed ? sql::rename_columns(up.expression, {{id.name, old_name}}) : up.expression;
  out.down = down.expression;
  out.up_may_fail = up.may_fail;
  out.down_may_fail = down.may_fail;
  out.down_loses = down.loses;
  return out;
}

ShadowSwap plan_shadow_columns(Planner& planner, const ShadowTables& tables) {
  Shadows shadows(planner, tables);
  ShadowSwap swap = shadows.run();
  shadows.finish_swap(swap);
  return swap;
}

}  // namespace contraflow::plan
