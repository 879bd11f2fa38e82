// SPDX-License-Identifier: Apache-2.0
//
// Tables that a second or a new one takes the place of.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include "plan/strategies/enum_labels.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/second_table.h"
#include "plan/strategies/second_view.h"

namespace contraflow::plan {

using namespace catalog;

// Tables that no ALTER leads to their new form without blocking.
void Replacements::find_second_tables() {
  std::set<ObjectId> tables;
  const auto consider = [&](const ObjectId& id) {
    const QualifiedName home = id.kind == Kind::table ? QualifiedName{id.schema, id.name} : QualifiedName{id.schema, id.relation};
    if (id.kind == Kind::table || id.kind == Kind::column || id.kind == Kind::constraint) tables.insert(ObjectId{Kind::table, home.schema, "", home.name, ""});
  };
  for (const auto& [id, aspects] : p_.altered) consider(id);
  for (const ObjectId& id : p_.created) consider(id);
  for (const auto& [id, users] : p_.dependents) {
    if ((id.kind != Kind::enum_type && id.kind != Kind::domain) || !is_exchanged_type(p_, id)) continue;
    for (const ObjectId& column : users) {
      if (column.kind == Kind::column && in_both(column)) tables.insert(root_of(p_.from, table_id({column.schema, column.relation})));
    }
  }
  for (const ObjectId& id : tables) {
    const auto reason = must_exchange(p_, id);
    if (!reason) continue;
    std::set<ObjectId> read{id};
    for (const QualifiedName& child : Planner::descendants(p_.from, {id.schema, id.name})) read.insert(ObjectId{Kind::table, child.schema, "", child.name, ""});
    for (const ObjectId& table : std::set<ObjectId>(read)) {
      for (const Object* member : Planner::members(p_.from, table)) read.insert(member->id);
    }
    p_.exchanged.insert(id);
    TableExchange exchange = plan_second_table(p_, id, *reason);
    for (const ObjectId& key : exchange.carried) p_.done.insert(key);
    Item& out = item(id);
    out.forward.core = std::move(exchange.forward);
    out.undo.core = std::move(exchange.undo);
    out.forward.before = std::move(exchange.forward_before);
    out.undo.before = std::move(exchange.undo_before);
    out.forward.after = std::move(exchange.forward_after);
    out.undo.after = std::move(exchange.undo_after);
    out.undo.last = std::move(exchange.undo_last);
    out.renamed = std::move(exchange.renamed);
    out.preconditions = std::move(exchange.preconditions);
    for (const ObjectId& column : exchange.joined) unite(id, column);
    out.todo = std::move(exchange.todo);
    out.undo_todo = std::move(exchange.undo_todo);
    out.undo_preconditions = std::move(exchange.undo_preconditions);
    out.phase = Phase::contract;
    out.work = exchange.work;
    out.grade = exchange.grade;
    out.tables = {{id.schema, id.name}};
    out.touches = std::move(exchange.touches);
    out.needs = std::move(exchange.needs);
    out.preceded_by = std::move(exchange.before);
    out.followed_by = std::move(exchange.after);
    out.notes = std::move(exchange.notes);
    for (const ObjectId& member : read) read_by_others(member, id, read);
    exchanged_.merge(read);
    p_.made_anew.insert(id);
  }
}

// What reads the table from outside is made anew in the same transaction.
void Replacements::read_by_others(const ObjectId& id, const ObjectId& table, const std::set<ObjectId>& family) {
  auto it = p_.dependents.find(id);
  if (it == p_.dependents.end()) return;
  for (const ObjectId& dependent : it->second) {
    if (family.contains(dependent) || p_.done.contains(dependent) || !in_both(dependent)) continue;
    if (dependent.kind == Kind::table || dependent.kind == Kind::column || dependent.kind == Kind::sequence || dependent.kind == Kind::publication) continue;
    if (dependent.kind == Kind::materialized_view && stands_beside(dependent, table)) continue;
    pull_in(dependent, table);
  }
}

// `swap`: the subject of the item after which the view can be computed anew.
bool Replacements::stands_beside(const ObjectId& view, const ObjectId& swap) {
  if (beside_.contains(view)) return true;
  auto it = items_.find(swap);
  if (it == items_.end() || !can_stand_beside(p_, view)) return false;
  ViewExchange exchange = plan_second_view(p_, view);
  it->second.preceded_by.insert(it->second.preceded_by.end(), exchange.before.begin(), exchange.before.end());
  it->second.followed_by.insert(it->second.followed_by.end(), exchange.after.begin(), exchange.after.end());
  beside_.insert(view);
  return true;
}

void Replacements::rebuild(const ObjectId& id) {
  Item& out = item(id);
  std::vector<std::string> copied;
  for (const Object* member : Planner::members(p_.to, id)) {
    if (member->id.kind != Kind::column || !p_.from.find(member->id)) continue;
    if (std::get<Column>(member->body).generated == Generated::none) copied.push_back(member->id.name);
  }
  if (!Planner::children(p_.from, {id.schema, id.name}).empty() || !Planner::children(p_.to, {id.schema, id.name}).empty()) {
    // Partitions keep their rows only when they are moved one by one; that is not built.
    const auto& children = Planner::children(p_.from, {id.schema, id.name});
    if (!children.empty()) {
      p_.refuse(fmt::format("{} changes how it is partitioned and has partitions ({}): not supported", describe(id),
                            sql::quote(children.front())));
    }
  }
  out.forward.core = rebuild_table(p_.to, id, copied);
  out.undo.core = rebuild_table(p_.from, id, copied);
  out.phase = Phase::contract;
  out.work = "rewrite";
  out.tables = {{id.schema, id.name}};
  out.touches.insert(id);
  out.todo = negate(is_partitioned_by(id, std::get<Table>(p_.to.objects.at(id).body).partition_key));
  out.undo_todo = negate(is_partitioned_by(id, std::get<Table>(p_.from.objects.at(id).body).partition_key));
  p_.made_anew.insert(id);
  // The rebuild makes every member as the desired schema has it; what points at the table from outside is made anew.
  p_.done.insert(id);
  const auto take_members = [&](const Database& database) {
    for (const Object* member : Planner::members(database, id)) {
      p_.done.insert(member->id);
      p_.claim(member->id, Aspect::not_null_name);
      out.touches.insert(member->id);
      if (member->id.kind == Kind::column) rebuild_dependents(member->id, id);
    }
  };
  take_members(p_.from);
  take_members(p_.to);
  rebuild_dependents(id, id);
}

void Replacements::rebuild_dependents(const ObjectId& id, const ObjectId& table) {
  auto it = p_.dependents.find(id);
  if (it == p_.dependents.end()) return;
  for (const ObjectId& dependent : it->second) {
    if (!in_both(dependent)) continue;
    const QualifiedName place = Planner::home(p_.from, p_.from.objects.at(dependent));
    if (place == QualifiedName{table.schema, table.name}) continue;
    if (dependent.kind == Kind::table || dependent.kind == Kind::column || dependent.kind == Kind::sequence) continue;
    pull_in(dependent, table);
  }
}

}  // namespace contraflow::plan
