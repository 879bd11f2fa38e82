// SPDX-License-Identifier: Apache-2.0
//
// Objects that no ALTER leads to their new form are dropped and created again, together with everything that hangs on
// them, in one transaction: the application never sees a gap. The same transaction carries the changes that need it:
// a column's type, an exchanged type, a rebuilt table.
#include "plan/strategies/replace.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/replacements.h"

namespace contraflow::plan {

using namespace catalog;

bool view_extends(const View& a, const View& b) {
  if (b.columns.size() < a.columns.size()) return false;
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    if (a.columns[i].name != b.columns[i].name || a.columns[i].type != b.columns[i].type ||
        a.columns[i].collation != b.columns[i].collation) {
      return false;
    }
  }
  return true;
}

bool routine_replaceable(const Routine& a, const Routine& b) {
  return a.kind == b.kind && a.result == b.result && a.argument_names == b.argument_names && b.default_count >= a.default_count;
}

std::vector<ObjectId> dependency_order(const std::set<ObjectId>& objects, const Database& database) {
  std::vector<ObjectId> out;
  std::set<ObjectId> seen;
  const std::function<void(const ObjectId&)> visit = [&](const ObjectId& id) {
    if (!objects.contains(id) || !seen.insert(id).second) return;
    if (const Object* object = database.find(id)) {
      for (const ObjectId& dependency : object->depends_on) visit(dependency);
    }
    out.push_back(id);
  };
  for (const ObjectId& id : objects) visit(id);
  return out;
}

namespace {

void collect_dependents(const Database& database, const std::map<ObjectId, std::set<ObjectId>>& dependents, const ObjectId& id, std::set<ObjectId>& out) {
  auto it = dependents.find(id);
  if (it == dependents.end()) return;
  for (const ObjectId& dependent : it->second) {
    if (dependent.kind == Kind::column || dependent.kind == Kind::table || !database.find(dependent)) continue;
    if (out.insert(dependent).second) collect_dependents(database, dependents, dependent, out);
  }
}

}  // namespace

Statements with_dependents_made_anew(const Planner& p, const ObjectId& object, Statements core) {
  std::set<ObjectId> hanging;
  collect_dependents(p.from, p.dependents, object, hanging);
  const std::vector<ObjectId> order = dependency_order(hanging, p.from);
  Statements out;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    for (std::string& statement : drop(p.from.objects.at(*it))) out.push_back(std::move(statement));
  }
  for (std::string& statement : core) out.push_back(std::move(statement));
  for (const ObjectId& dependent : order) {
    for (std::string& statement : create_all(p.from.objects.at(dependent), p.from)) out.push_back(std::move(statement));
  }
  return out;
}

std::vector<diff::Rename> renamed_columns_of(const Planner& p, const std::set<ObjectId>& objects) {
  std::vector<diff::Rename> out;
  for (const diff::Rename& rename : p.renames) {
    if (rename.to.kind != Kind::column || !p.from.find(rename.to) || !p.to.find(rename.to)) continue;
    std::set<ObjectId> copies{rename.to};  // those of partitions and children get the name with their parent's
    for (const QualifiedName& heir : Planner::descendants(p.from, {rename.to.schema, rename.to.relation})) copies.insert(column_id(heir.schema, heir.name, rename.to.name));
    const bool used = std::any_of(objects.begin(), objects.end(), [&](const ObjectId& id) {
      const Object* object = p.from.find(id);
      return copies.contains(id) || (object && std::any_of(copies.begin(), copies.end(), [&](const ObjectId& column) { return object->depends_on.contains(column); }));
    });
    if (used) out.push_back(rename);
  }
  return out;
}

Statements under_new_names(const Planner& p, const std::set<ObjectId>& objects, Statements core, bool second_there) {
  Statements out, undress;
  for (const diff::Rename& rename : renamed_columns_of(p, objects)) {
    const ObjectId& id = rename.to;
    const auto change = [&](Statements& into, const std::string& a, const std::string& b) {
      into.push_back(fmt::format("{} RENAME COLUMN {} TO {}", alter_table(p.from, id.schema, id.relation), sql::quote_identifier(a), sql::quote_identifier(b)));
    };
    const std::string parked = p.spare_column(id.schema, id.relation, id.name, "swap");
    if (second_there) change(out, id.name, parked);
    change(out, rename.from.name, id.name);
    change(undress, id.name, rename.from.name);
    if (second_there) change(undress, parked, id.name);
  }
  out.insert(out.end(), core.begin(), core.end());
  out.insert(out.end(), undress.begin(), undress.end());
  return out;
}

void Replacements::run() {
  find_seeds();
  while (!queue_.empty()) {
    const ObjectId id = queue_.back();
    queue_.pop_back();
    spread(id);
  }
  join_riders();
  add_with_their_sources();
  emit();
}

// A new generated column comes after the columns that it reads have their types, and before the view that shows it, which goes and comes with these: all in
// one transaction.
void Replacements::add_with_their_sources() {
  for (const ObjectId& id : p_.created) {
    const auto* column = p_.to.find_body<Column>(id);
    if (!column || column->generated == Generated::none || p_.done.contains(id)) continue;
    const bool shown = std::any_of(p_.replaced.begin(), p_.replaced.end(), [&](const ObjectId& other) { return p_.to.objects.at(other).depends_on.contains(id); });
    const std::set<ObjectId>& reads = p_.to.objects.at(id).depends_on;
    const auto source = std::find_if(reads.begin(), reads.end(), [&](const ObjectId& read) { return read.kind == Kind::column && items_.contains(read) && !shadowed_.contains(read); });
    if (!shown || source == reads.end()) continue;
    unite(id, *source);
    Item& out = item(id);
    out.verb = "add";
    out.forward.core = create_all(p_.to.objects.at(id), p_.to);
    out.undo.before = {fmt::format("{} DROP COLUMN IF EXISTS {}", alter_table(p_.to, id.schema, id.relation), sql::quote_identifier(id.name))};
    out.todo = absent(id);
    out.undo_todo = exists(id);
    out.phase = Phase::contract;
    out.work = "rewrite";
    out.tables = {{id.schema, id.relation}};
    out.touches.insert(id);
    p_.done.insert(id);
  }
}

// What rides along when one of its columns is converted is made anew because of another: the two columns change in one transaction.
void Replacements::join_riders() {
  for (const ObjectId& id : p_.replaced) {
    if (id.kind != Kind::statistics && id.kind != Kind::index && id.kind != Kind::constraint) continue;
    for (const ObjectId& column : p_.from.objects.at(id).depends_on) {
      if (column.kind == Kind::column && items_.contains(column) && !shadowed_.contains(column)) unite(id, column);
    }
  }
}

ObjectId Replacements::find(const ObjectId& id) {
  auto it = leader_.find(id);
  if (it == leader_.end()) {
    leader_.emplace(id, id);
    return id;
  }
  if (it->second == id) return id;
  const ObjectId top = find(ObjectId(it->second));
  leader_[id] = top;
  return top;
}

void Replacements::replace(const ObjectId& id) {
  find(id);
  if (p_.replaced.insert(id).second) queue_.push_back(id);
}

Item& Replacements::item(const ObjectId& subject) {
  Item& out = items_[subject];
  out.subject = subject;
  find(subject);
  queue_.push_back(subject);
  return out;
}

void plan_replacements(Planner& planner) { Replacements(planner).run(); }

}  // namespace contraflow::plan
