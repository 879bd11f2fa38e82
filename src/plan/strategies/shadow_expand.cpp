// SPDX-License-Identifier: Apache-2.0
//
// Second columns, the trigger that keeps them in step, and their backfill.
#include "plan/strategies/shadows.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/shadow_trigger.h"

namespace contraflow::plan {

using namespace catalog;

// Renaming a column reaches the children; not where one of them has it from a parent outside, or the table itself has it from its own.
bool Shadows::inherited_from_elsewhere(const ShadowColumn& column) const {
  const QualifiedName table{column.id.schema, column.id.relation};
  if (std::get<Column>(p_.from.objects.at(column.id).body).inherited) return true;
  std::set<QualifiedName> family{table};
  for (QualifiedName& child : Planner::descendants(p_.from, table)) family.insert(std::move(child));
  return std::any_of(family.begin(), family.end(), [&](const QualifiedName& child) {
    const Table* body = child == table ? nullptr : p_.from.find_body<Table>(table_id(child));
    return body && std::any_of(body->inherits.begin(), body->inherits.end(), [&](const QualifiedName& parent) {
             return !family.contains(parent) && p_.from.find(column_id(parent.schema, parent.name, column.id.name));
           });
  });
}

// Those that need a trigger each: a partitioned table's reaches its partitions, children inherit none.
std::vector<QualifiedName> Shadows::synchronised(const QualifiedName& table) const {
  std::vector<QualifiedName> out{table};
  const Table* body = p_.from.find_body<Table>(table_id(table));
  if (body && body->partitioned) return out;
  for (QualifiedName& child : Planner::descendants(p_.from, table)) out.push_back(std::move(child));
  return out;
}

bool Shadows::refused(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  const Table* body = p_.from.find_body<Table>(ObjectId{Kind::table, table.schema, "", table.name, ""});
  const bool only_renamed = std::none_of(columns.begin(), columns.end(), [](const ShadowColumn& column) { return column.shadow_wins; });
  if (body && !body->partition_of && only_renamed && std::none_of(columns.begin(), columns.end(), [&](const ShadowColumn& column) { return inherited_from_elsewhere(column); })) return false;
  if (body && !body->partitioned && !body->partition_of && body->inherits.empty() && Planner::children(p_.from, table).empty()) return false;
  return refused_in_tree(table, columns);
}

std::string Shadows::before_swap(const ShadowColumn& column) const {
  const Column& old_column = std::get<Column>(p_.from.objects.at(column.id).body);
  // An exchanged type keeps its name: there only the loser's name tells, and after purge the shadow's absence with the new labels.
  if (column.two_way()) return all_of({exists(named(column, column.old_name)), not_swapped(column)});
  if (type_stays(column)) return all_of({not_swapped(column), old_labels(column)});
  return all_of({not_swapped(column), column_has_type(column.id, old_column.type)});
}

bool Shadows::type_stays(const ShadowColumn& column) const {
  return std::get<Column>(p_.from.objects.at(column.id).body).type == std::get<Column>(p_.to.objects.at(column.id).body).type;
}

std::string Shadows::old_labels(const ShadowColumn& column) const {
  const std::string base = std::get<Column>(p_.from.objects.at(column.id).body).type_base;
  for (const auto& [id, object] : p_.from.objects) {
    if (id.kind == Kind::enum_type && (quoted_name(id) == base || quoted_name(id) + "[]" == base)) {
      return enum_labels_are(id, std::get<EnumType>(object.body).labels);
    }
  }
  return {};
}

void Shadows::expand(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  Statements statements, undo;
  std::vector<std::string> conditions;
  Backfill fill{table, usable_key(p_, table), "", ""};
  std::vector<std::string> present;
  // In the order in which they stand in the desired schema, so that it is the one that comes out.
  std::vector<const ShadowColumn*> placed;
  for (const ShadowColumn& column : columns) placed.push_back(&column);
  const auto wanted = [&](const ShadowColumn& column) -> const Column& { return std::get<Column>(p_.to.objects.at(column.id).body); };
  std::stable_sort(placed.begin(), placed.end(), [&](const ShadowColumn* one, const ShadowColumn* two) { return wanted(*one).position < wanted(*two).position; });
  for (const ShadowColumn* column : placed) {
    const std::string& collation = wanted(*column).collation;
    append(statements, add_column(table, *column, column->shadow_name, column->shadow_type + (collation.empty() ? "" : " COLLATE " + collation) + (column->two_way() && !column->plain && has_domain_default(p_.to, wanted(*column)) ? " DEFAULT NULL" : ""), p_.to));
    if (column->plain) {
      p_.notes.push_back(fmt::format("{} is of {} until contract, when it is of its domain again: a prepared statement that reads it by its new name fails once at that moment", describe(column->id), column->shadow_type));
    }
    const Object& object = p_.to.objects.at(column->id);
    // The next version's roles use it under this name before the swap.
    if (column->two_way() && column->shadow_name == column->id.name) append(statements, alter_grants(object, {}, object.grants, p_.to.objects.at(table_id(table)).owner));
  }
  for (const ShadowColumn& column : columns) {
    const std::string shadow = sql::quote_identifier(column.shadow_name);
    conditions.push_back(before_swap(column));
    present.push_back(exists(named(column, column.shadow_name)));
    fill.assignments += fmt::format("{}{} = {}", fill.assignments.empty() ? "" : ", ", shadow, column.up);
    fill.pending += (fill.pending.empty() ? "" : " OR ") + differs(shadow, column.up, column.shadow_type);
    append(undo, drop_column(table, column, column.shadow_name, p_.to));
  }
  const bool triggers = p_.options.synchronise == Synchronise::triggers;
  if (!triggers) {
    for (const ShadowColumn& column : columns) {
      p_.written_twice.push_back(fmt::format("{} and {} of {}", sql::quote_identifier(column.old_name), sql::quote_identifier(column.shadow_name), sql::quote(table)));
    }
  }
  if (triggers) append(statements, create_sync_triggers(synchronised(table), columns, false));
  Statements undo_all = triggers ? drop_sync(synchronised(table)) : Statements{};
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
      const bool made_anew = p_.replaced.contains(need) && !p_.from.objects.at(column.id).depends_on.contains(need);  // a collation, say
      if (p_.created.contains(need) || made_anew) first.needs.insert(need);
    }
  }
  const std::size_t added = p_.operations.size() - 1;
  swap_.added = added;
  Action action;
  action.mode = Mode::batched;
  action.backfill = fill;
  // Conditions on all columns: they come and go together.
  action.todo = all_of({all_of(conditions), all_of(present)});
  Operation& backfill = add(Phase::backfill, "backfill the second column for", columns.front().id, std::move(action), Action{});
  for (const ShadowColumn& column : columns) backfill.step.preconditions.insert(backfill.step.preconditions.end(), column.up_refused.begin(), column.up_refused.end());
  backfill.after.push_back(added);
  backfill.step.effects = {{table, effects::LockMode::row_exclusive, effects::Work::none}};
  backfill.step.notes.push_back(fmt::format(
      "the backfill writes every row of {} once, in batches of about 0.1 s; expect WAL of a few hundred bytes a row, dead rows for "
      "vacuum, and bulk UPDATEs through the trigger to take about four times as long",
      sql::quote(table)));
  ready_[table] = {p_.operations.size() - 1};
  swap_.filled = p_.operations.size() - 1;
  for (const ShadowColumn& column : columns) {
    (column.shadow_wins ? swap_.touches : swap_.provides).insert(column.id);
    if (column.shadow_wins || !column.two_way()) p_.done.insert(column.id);  // the others keep what they have, and are altered under their new name
    for (const QualifiedName& heir : below(table)) {
      if (!column.shadow_wins) break;
      swap_.touches.insert(column_id(heir.schema, heir.name, column.id.name));
      p_.done.insert(column_id(heir.schema, heir.name, column.id.name));
    }
  }
}

// After the swap queries are planned with what is known of the new column and of the indexes over it.
void Shadows::analyze(const QualifiedName& table, const std::vector<ShadowColumn>& columns) {
  std::vector<std::string> there;
  for (const ShadowColumn& column : columns) {
    if (column.shadow_wins) there.push_back(exists(named(column, column.shadow_name)));
  }
  if (there.empty()) return;
  std::string analyzed = sql::quote(table);
  const Table* body = p_.from.find_body<Table>(table_id(table));
  if (body && !body->partitioned) {  // a partitioned table's reaches its partitions
    for (const QualifiedName& heir : below(table)) analyzed += ", " + sql::quote(heir);
  }
  Operation& operation = add(Phase::backfill, "collect statistics of the second column for", columns.front().id,
                             scan({"ANALYZE (SKIP_LOCKED) " + analyzed}, all_of(there)), Action{});
  operation.after = ready_[table];
  operation.after.insert(operation.after.end(), builds_.begin(), builds_.end());
  operation.step.effects = {{table, effects::LockMode::share_update_exclusive, effects::Work::none}};
  builds_.push_back(p_.operations.size() - 1);
}

}  // namespace contraflow::plan
