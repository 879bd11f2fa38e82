// SPDX-License-Identifier: Apache-2.0
//
// NOT NULL is set after a CHECK that is validated without blocking anybody, and dropped in a way that leads back.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"
#include "catalog/rename.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/not_null_names.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

bool is_keyed(const Database& database, const ObjectId& column) {
  const auto members = Planner::members(database, table_id({column.schema, column.relation}));
  return std::any_of(members.begin(), members.end(), [&](const Object* member) {
    const auto* key = std::get_if<Constraint>(&member->body);
    return key && key->type == ConstraintType::primary_key && std::find(key->columns.begin(), key->columns.end(), column.name) != key->columns.end();
  });
}

// DROP NOT NULL reaches every table below, also those that have it by themselves in `after` (before 18, where it is no constraint of theirs): these keep it, or get it again where a
// partitioned table cannot drop it alone.
struct Removal {
  Statements statements;
  std::vector<QualifiedName> scanned;
};
Removal remove_not_null(const Planner& p, const Database& after, const ObjectId& id, const std::string& name_now) {
  const Database& before = &after == &p.to ? p.from : p.to;
  const std::string drops = fmt::format("ALTER COLUMN {} DROP NOT NULL", sql::quote_identifier(name_now));
  std::vector<QualifiedName> keep, lose;
  for (QualifiedName& table : Planner::descendants(after, {id.schema, id.relation})) {
    const ObjectId copy = column_id(table.schema, table.name, id.name);
    const auto *was = before.find_body<Column>(copy), *is = after.find_body<Column>(copy);
    if (was && is && was->not_null) (is->not_null ? keep : lose).push_back(std::move(table));
  }
  Removal out;
  const std::string target = column_target(after, id);
  if (after.major() >= 18) {
    out.statements = {fmt::format("{} {}", target, drops)};
    // What a table declares itself, or had of a key of its own, stays.
    for (const QualifiedName& table : lose) {
      const ObjectId copy = column_id(table.schema, table.name, id.name);
      if (before.find_body<Column>(copy)->not_null_local || has_own_not_null_name(before, copy) || is_keyed(before, copy) || is_keyed(after, copy)) out.statements.push_back(fmt::format("{} {}", alter_table(after, table.schema, table.name), drops));
    }
    return out;
  }
  if (keep.empty()) {
    out.statements = {fmt::format("{} {}", target, drops)};
    return out;
  }
  const auto* body = after.find_body<Table>(table_id({id.schema, id.relation}));
  if (body && body->partitioned) {
    out.statements = {fmt::format("{} {}", target, drops)};
    for (const QualifiedName& table : keep) {
      out.statements.push_back(fmt::format("{} ALTER COLUMN {} SET NOT NULL", alter_table(after, table.schema, table.name), sql::quote_identifier(name_now)));
      const auto* partition = after.find_body<Table>(table_id(table));
      if (partition && !partition->partitioned) out.scanned.push_back(table);
    }
    return out;
  }
  out.statements = {fmt::format("{} {}", alter_table(after, id.schema, id.relation, true), drops)};
  for (const QualifiedName& table : lose) out.statements.push_back(fmt::format("{} {}", alter_table(after, table.schema, table.name, true), drops));
  return out;
}

// From 18 on what tables below only inherit goes with their parent's: those that have it by themselves afterwards own it before.
std::vector<ObjectId> owned_afterwards(const Planner& p, const ObjectId& id) {
  std::vector<ObjectId> out;
  if (p.to.major() < 18) return out;
  for (const QualifiedName& table : Planner::descendants(p.to, {id.schema, id.relation})) {
    const ObjectId copy = column_id(table.schema, table.name, id.name);
    const auto *was = p.from.find_body<Column>(copy), *is = p.to.find_body<Column>(copy);
    const bool in_key = is_keyed(p.from, copy);                                                          // that made it the table's own
    const bool has_own_name = was && was->not_null_name != p.from.find_body<Column>(id)->not_null_name;  // only one of its own has
    if (was && is && !has_own_name && was->not_null_inherited && is->not_null && !is->not_null_inherited && !in_key) out.push_back(copy);
  }
  return out;
}

// Those that keep their own under another name than the parent's: it is no longer inherited.
std::vector<ObjectId> freed_afterwards(const Planner& p, const ObjectId& id) {
  std::vector<ObjectId> out;
  if (p.to.major() < 18) return out;
  for (const QualifiedName& table : Planner::descendants(p.to, {id.schema, id.relation})) {
    const ObjectId copy = column_id(table.schema, table.name, id.name);
    const auto *was = p.from.find_body<Column>(copy), *is = p.to.find_body<Column>(copy);
    if (was && is && was->not_null && is->not_null && was->not_null_inherited && !is->not_null_inherited) out.push_back(copy);
  }
  return out;
}

// Those that declare it themselves before, and have it from their parent alone afterwards.
std::vector<QualifiedName> given_up(const Planner& p, const ObjectId& id) {
  std::vector<QualifiedName> out;
  if (p.to.major() < 18) return out;
  for (QualifiedName& table : Planner::descendants(p.to, {id.schema, id.relation})) {
    const ObjectId copy = column_id(table.schema, table.name, id.name);
    const auto *was = p.from.find_body<Column>(copy), *is = p.to.find_body<Column>(copy);
    if (was && is && was->not_null && is->not_null && !was->not_null_inherited && is->not_null_inherited && !is->not_null_local && !is_keyed(p.to, copy)) out.push_back(std::move(table));
  }
  return out;
}

// As an action; one that scans partitions which keep their NOT NULL only where they are small, or that may be.
Action removing(Planner& p, const Removal& removal, const ObjectId& id, std::string todo) {
  if (removal.scanned.empty()) return brief(removal.statements, std::move(todo));
  Action out = blocking(removal.statements, std::move(todo));
  p.allow_blocking(out, "scan", removal.scanned, fmt::format("NOT NULL of {}, which its partitions keep,", describe(id)));
  return out;
}

}  // namespace

void set_not_null(Planner& p, Phase phase, const ObjectId& id, const std::string& name_now, std::vector<std::size_t> after) {
  const std::string target = column_target(p.to, id);
  const std::string column = sql::quote_identifier(name_now);
  const ObjectId now{Kind::column, id.schema, id.relation, name_now, ""};
  const std::string table = sql::quote(QualifiedName{id.schema, id.relation});
  const Precondition no_nulls{fmt::format("rows of {} whose {} is NULL", table, column),
                              fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL", table, column),
                              fmt::format("give them a value: --fill {}=EXPR", sql::quote(QualifiedName{id.schema, id.relation}) + "." + sql::quote_identifier(id.name))};
  const auto finish = [&](Operation& operation) -> Operation& {
    operation.needs.insert(id);
    operation.after.insert(operation.after.end(), after.begin(), after.end());
    p.not_null_operations[id].push_back(p.operations.size() - 1);
    return operation;
  };
  const std::string set_not_null = fmt::format("{} {}", target, set_not_null_action(now, std::get<Column>(p.to.objects.at(id).body)));
  Removal drop_not_null = remove_not_null(p, p.from, id, name_now);
  Statements sets = own_not_null_first(p, p.to, id, name_now);
  sets.push_back(set_not_null);
  for (const QualifiedName& heir : given_up(p, id)) {
    const ObjectId copy = column_id(heir.schema, heir.name, id.name);
    if (!p.is_small({id.schema, id.relation})) {
      // It stays its own beside the parent's: of a partition no dump shows that.
      p.owned_not_null.insert(sql::quote(heir));
      continue;
    }
    p.claim(copy, Aspect::not_null_name);
    const std::string alter = alter_table(p.to, heir.schema, heir.name);
    sets.insert(sets.begin(), fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter, column));
    drop_not_null.statements.push_back(fmt::format("{} {}", alter, set_not_null_action(column_id(heir.schema, heir.name, name_now), *p.from.find_body<Column>(copy))));
  }
  const std::string done = column_is_not_null(now);
  if (p.to.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""})) {
    // Its rows are on another server, and nobody looks at them.
    finish(p.add(phase, "set NOT NULL on", id, brief(sets, negate(done)), brief(drop_not_null.statements, all_of({exists(now), done}))));
    return;
  }
  if (p.is_small({id.schema, id.relation})) {
    Action action = blocking(std::move(sets), negate(done));
    p.allow_blocking(action, "scan", {{id.schema, id.relation}}, "SET NOT NULL");
    Operation& operation = finish(p.add(phase, "set NOT NULL on", id, action, removing(p, drop_not_null, id, all_of({exists(now), done}))));
    operation.step.preconditions.push_back(no_nulls);
    operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::scan}};
    return;
  }
  const std::string check = p.spare_constraint(id.schema, id.relation, name_now, "not_null");
  const ObjectId check_id{Kind::constraint, id.schema, id.relation, check, ""};
  const std::string drop_check = fmt::format("{} DROP CONSTRAINT IF EXISTS {}", target, sql::quote_identifier(check));
  const std::string not_yet = negate(done);
  Removal undone = drop_not_null;
  undone.statements.insert(undone.statements.begin(), drop_check);
  Operation& add = finish(p.add(phase, "prepare NOT NULL on", id,
                                brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", target,
                                                   sql::quote_identifier(check), column)},
                                      all_of({not_yet, absent(check_id)})),
                                removing(p, undone, id, exists(now))));
  add.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
  add.step.preconditions.push_back(no_nulls);
  const std::size_t first = p.operations.size() - 1;
  after = {first};
  Operation& validate = finish(p.add(phase, "prove NOT NULL on", id,
                                     scan({fmt::format("{} VALIDATE CONSTRAINT {}", target, sql::quote_identifier(check))},
                                          all_of({not_yet, exists(check_id)})),
                                     Action{}));
  validate.step.effects = {{{id.schema, id.relation}, effects::LockMode::share_update_exclusive, effects::Work::scan}};
  after = {p.operations.size() - 1};
  sets.push_back(drop_check);
  Operation& set = finish(p.add(phase, "set NOT NULL on", id, brief(std::move(sets)), Action{}));
  set.step.effects = {{{id.schema, id.relation}, effects::LockMode::access_exclusive, effects::Work::none}};
}

namespace {

// Rows that were written without a value stop the way back: said beforehand, and by the step itself with their number.
std::string expect_no_null(const QualifiedName& table, const std::string& column) {
  const std::string name = sql::quote(table);
  return fmt::format("DO {}", sql::dollar_quote(fmt::format("DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM {} WHERE {} IS NULL; IF found > 0 THEN RAISE EXCEPTION "
                                                            "USING MESSAGE = found || {}, HINT = {}; END IF; END",
                                                            name, column, sql::quote_literal(fmt::format(" rows of {} hold NULL in {}, which was NOT NULL", name, column)),
                                                            sql::quote_literal(fmt::format("UPDATE {} SET {} = … WHERE {} IS NULL; then run this file again", name, column, column))),
                                                "check"));
}

}  // namespace

// `fill`: what rows get, on the way back, that were written without a value in the meantime; empty: they stop it.
void drop_not_null(Planner& p, Phase phase, const ObjectId& id, bool contents_may_be_lost, const std::string& fill) {
  const std::string target = column_target(p.from, id);
  const std::string column = sql::quote_identifier(id.name);
  const QualifiedName table{id.schema, id.relation};
  Removal removal = remove_not_null(p, p.to, id, id.name);
  const std::vector<ObjectId> owned = owned_afterwards(p, id), freed = freed_afterwards(p, id);
  Statements set_again;  // on the way back: they inherit alone again
  for (const ObjectId& copy : owned) {
    const std::string alter = fmt::format("{} ALTER COLUMN {}", alter_table(p.from, copy.schema, copy.relation, true), column);
    removal.statements.insert(removal.statements.begin(), alter + " SET NOT NULL");
    set_again.push_back(alter + " DROP NOT NULL");
  }
  const Statements& forward = removal.statements;
  append(set_again, own_not_null_first(p, p.from, id, id.name));
  set_again.push_back(fmt::format("{} {}", target, set_not_null_action(id, std::get<Column>(p.from.objects.at(id).body))));
  std::string not_yet = all_of({exists(id), negate(column_is_not_null(id))});
  if (p.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""})) {
    p.add(phase, "drop NOT NULL of", id, brief(forward, column_is_not_null(id)), brief(set_again, not_yet)).detaches.insert(id);
    p.null_operations[id].push_back(p.operations.size() - 1);
    return;
  }
  if (contents_may_be_lost) {
    const std::string holes = fmt::format("EXISTS (SELECT FROM {} WHERE {} IS NULL)", sql::quote(table), column);
    const std::string warning = fmt::format("{} stays without NOT NULL: rows hold NULL in it", describe(id));
    Operation& warn = p.add(phase, "way back: warn of rows without a value for", id, Action{},
                            brief({fmt::format("DO {}", sql::dollar_quote(fmt::format("BEGIN RAISE WARNING USING MESSAGE = {}; END", sql::quote_literal(warning)), "warn"))}, all_of({not_yet, holes})));
    warn.detaches.insert(id);
    warn.groupable = false;
    not_yet = all_of({not_yet, "NOT " + holes});
  }
  if (p.is_small(table)) {
    Statements again{fill.empty() ? expect_no_null(table, column) : fmt::format("UPDATE {} SET {} = {} WHERE {} IS NULL", sql::quote(table), column, fill, column)};
    append(again, set_again);
    Operation& operation = p.add(phase, "drop NOT NULL of", id, removing(p, removal, id, column_is_not_null(id)),
                                 blocking(std::move(again), not_yet));
    operation.detaches.insert(id);
    operation.detaches.insert(freed.begin(), freed.end());
    p.null_operations[id].push_back(p.operations.size() - 1);
    return;
  }
  // The way back proves NOT NULL without a scan under ACCESS EXCLUSIVE; undo runs from the last operation to the first.
  const std::string check = p.spare_constraint(id.schema, id.relation, id.name, "not_null");
  const ObjectId check_id{Kind::constraint, id.schema, id.relation, check, ""};
  const std::string quoted_check = sql::quote_identifier(check);
  set_again.push_back(fmt::format("{} DROP CONSTRAINT IF EXISTS {}", target, quoted_check));
  Operation& first = p.add(phase, "drop NOT NULL of", id, removing(p, removal, id, column_is_not_null(id)),
                           brief(std::move(set_again), contents_may_be_lost ? exists(check_id) : exists(id)));
  first.detaches.insert(id);
  first.detaches.insert(freed.begin(), freed.end());
  first.step.effects = {{table, effects::LockMode::access_exclusive, effects::Work::none}};
  const std::size_t before = p.operations.size() - 1;
  Operation& second = p.add(phase, "way back: prove NOT NULL of", id, Action{},
                            scan({fmt::format("{} VALIDATE CONSTRAINT {}", target, quoted_check)}, exists(check_id)));
  second.after.push_back(before);
  second.detaches.insert(id);
  std::vector<std::size_t> all{before, before + 1};
  if (fill.empty()) {
    Operation& counted = p.add(phase, "way back: look for rows without a value for", id, Action{}, brief({expect_no_null(table, column)}, exists(check_id)));
    counted.detaches.insert(id);
  } else {
    Action action;
    action.mode = Mode::batched;
    action.todo = exists(check_id);
    action.backfill = Backfill{table, usable_key(p, table), fmt::format("{} = {}", column, fill), column + " IS NULL"};
    Operation& filled = p.add(phase, "way back: fill rows that have no value for", id, Action{}, std::move(action));
    filled.detaches.insert(id);
  }
  p.operations.back().after.push_back(before + 1);
  p.operations.back().groupable = false;
  all.push_back(before + 2);
  Operation& third = p.add(phase, "way back: prepare NOT NULL of", id, Action{},
                           brief({fmt::format("{} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", target, quoted_check, column)},
                                 all_of({not_yet, absent(check_id)})));
  third.after.push_back(before + 2);
  third.detaches.insert(id);
  all.push_back(before + 3);
  for (const std::size_t i : all) p.null_operations[id].push_back(i);
}

void note_rows_without_value(Planner& p, const ObjectId& id, const std::string& value, std::string_view otherwise) {
  p.notes.push_back(value.empty() ? fmt::format("{}: rows that the next version writes without it {}; --fill {}.{}=EXPR gives them one there",
                                                describe(id), otherwise, sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name))
                                  : fmt::format("{}: rows that the next version writes without it get {} on the way back", describe(id), value));
}

bool not_null_needed_by_dropped_key(const Planner& p, const ObjectId& id) {
  for (const ObjectId& other : p.dropped) {
    if (other.kind != Kind::constraint || other.schema != id.schema || other.relation != id.relation) continue;
    const auto& constraint = std::get<Constraint>(p.from.objects.at(other).body);
    if (constraint.type == ConstraintType::primary_key &&
        std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end()) {
      return true;
    }
  }
  for (const auto& [other, aspects] : p.altered) {
    if (other.kind != Kind::constraint || other.schema != id.schema || other.relation != id.relation || !aspects.contains(Aspect::definition)) continue;
    const auto& constraint = std::get<Constraint>(p.from.objects.at(other).body);
    if (constraint.type == ConstraintType::primary_key &&
        std::find(constraint.columns.begin(), constraint.columns.end(), id.name) != constraint.columns.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace contraflow::plan
