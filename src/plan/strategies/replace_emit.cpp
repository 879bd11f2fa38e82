// SPDX-License-Identifier: Apache-2.0
//
// The steps: one transaction for each group of objects that hang together.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "effects/type_change.h"
#include "plan/strategies/replace.h"

namespace contraflow::plan {

using namespace catalog;

// The column, or the one of a partitioned parent that it is a partition's copy of, takes another name and stays: its default is altered under that name.
bool Replacements::only_renamed(ObjectId id) const {
  while (!renamed(id) || winning_shadow(id) || converted_.contains(id)) {
    const auto* table = p_.to.find_body<Table>(table_id({id.schema, id.relation}));
    if (!table || !table->partition_of) return false;
    id = column_id(table->partition_of->schema, table->partition_of->name, id.name);
  }
  return true;
}

void Replacements::emit() {
  std::map<ObjectId, std::pair<std::set<ObjectId>, std::vector<const Item*>>> groups;
  for (const ObjectId& id : p_.replaced) groups[find(id)].first.insert(id);
  for (const auto& [id, entry] : items_) {
    groups[find(id)].second.push_back(&entry);
    if (id.kind == Kind::domain || (id.kind == Kind::column && !only_renamed(id))) p_.claim(id, Aspect::default_expression);
  }
  for (const auto& [leader, group] : groups) emit_group(group.first, group.second);
}

// Types first, then tables, then columns: a column's new type must be there.
int Replacements::item_rank(const Item& entry) const {
  switch (entry.subject.kind) {
    case Kind::column: return p_.from.find(entry.subject) && !regenerated_.contains(entry.subject) ? 2 : 3;  // those that are computed from others come after them
    case Kind::table: return 1;
    default: return 0;
  }
}

// Indexes of partitions that are attached to these, at every level, parents first.
std::vector<ObjectId> Replacements::parts_of_indexes(const std::vector<ObjectId>& indexes, const Database& database) {
  std::vector<ObjectId> out, open;
  for (const ObjectId& id : indexes) {
    const auto* index = database.find_body<Index>(id);
    if (index && index->partitioned) open.push_back(id);
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    for (const auto& [id, object] : catalog::of_kind(database, Kind::index)) {
      const auto& index = std::get<Index>(object.body);
      if (!index.parent || *index.parent != name_of(open[i]) || std::find(open.begin(), open.end(), id) != open.end()) continue;
      open.push_back(id);
      out.push_back(id);
    }
  }
  return out;
}

// Of the members: the routines that columns call, with what these stand on.
std::set<ObjectId> Replacements::called_by(const std::vector<const Item*>& items, const std::set<ObjectId>& members, const Database& database) {
  std::set<ObjectId> out;
  std::vector<ObjectId> open;
  const auto follow = [&](const Object& object, bool routines_only) {
    for (const ObjectId& need : object.depends_on) {
      if (members.contains(need) && (!routines_only || need.kind == Kind::routine) && out.insert(need).second) open.push_back(need);
    }
  };
  for (const Item* entry : items) {
    const Object* column = entry->subject.kind == Kind::column || entry->subject.kind == Kind::domain ? database.find(entry->subject) : nullptr;
    if (column) follow(*column, true);
  }
  while (!open.empty()) {
    const ObjectId id = open.back();
    open.pop_back();
    if (const Object* object = database.find(id)) follow(*object, false);
  }
  return out;
}

namespace {

// Rows written from now on obey it, those that are there have not been read.
Object not_valid(Object object) {
  auto& constraint = std::get<Constraint>(object.body);
  if (constraint.validated) constraint.definition += " NOT VALID";
  constraint.validated = false;
  return object;
}

}  // namespace

// A CHECK or foreign key that comes anew is added NOT VALID: the rows of its table are read afterwards, under a lock that lets the traffic pass.
bool Replacements::proven_later(const ObjectId& id, const Constraint& constraint) const {
  const QualifiedName table{id.schema, id.relation};
  if (constraint.type == ConstraintType::foreign_key) {
    const auto* body = p_.to.find_body<Table>(table_id(table));
    if (body && body->partitioned && p_.to.major() < 18) return false;  // takes none NOT VALID
    if (constraint.references && !p_.is_small(*constraint.references)) return true;
  } else if (constraint.type != ConstraintType::check) {
    return false;
  }
  return !p_.is_small(table) && p_.from.find(table_id(table));
}

// The steps that read the rows: one after the group, one that the way back reaches after it.
void Replacements::prove(const ObjectId& id, Phase phase, std::size_t group) {
  const auto validation = [&](const Database& database) {
    const auto& constraint = std::get<Constraint>(database.objects.at(id).body);
    if (!constraint.validated || !constraint.enforced || constraint.inherited) return Action{};
    return scan({fmt::format("{} VALIDATE CONSTRAINT {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name))}, all_of({exists(id), negate(constraint_is_validated(id))}));
  };
  const auto add = [&](const std::string& verb, Action forward, Action undo) {
    Operation& operation = p_.add(phase, verb, id, std::move(forward), std::move(undo));
    operation.groupable = false;
    operation.step.effects = {{{id.schema, id.relation}, effects::LockMode::share_update_exclusive, effects::Work::scan}};
    return p_.operations.size() - 1;
  };
  if (Action forward = validation(p_.to); forward.mode != Mode::none) p_.operations[add("validate", std::move(forward), Action{})].after.push_back(group);
  if (Action undo = validation(p_.from); undo.mode != Mode::none) p_.operations[group].after.push_back(add("way back: validate", Action{}, std::move(undo)));
}

void Replacements::emit_group(const std::set<ObjectId>& members, std::vector<const Item*> items) {
  // Columns that are added come in the order of their places.
  const auto place = [&](const Item& entry) {
    const Object* column = p_.from.find(entry.subject) ? p_.from.find(entry.subject) : p_.to.find(entry.subject);
    if (const auto built = built_on_.find(entry.subject); built != built_on_.end()) return std::pair(0, built->second.depth);
    return std::pair(item_rank(entry), item_rank(entry) == 3 ? std::get<Column>(column->body).position : 0);
  };
  std::stable_sort(items.begin(), items.end(), [&](const Item* a, const Item* b) { return place(*a) < place(*b); });
  Operation operation;
  operation.groupable = false;
  Action forward = brief({}), undo = brief({});
  std::vector<std::string> conditions, undo_conditions, titles;
  std::vector<QualifiedName> worked;
  std::string work, culprit;
  bool undo_rewrites = false;
  Phase phase = Phase::expand;
  const auto want_work = [&](const std::string& kind, const std::vector<QualifiedName>& tables) {
    work = kind;
    for (const QualifiedName& table : tables) {
      if (std::find(worked.begin(), worked.end(), table) == worked.end()) worked.push_back(table);
    }
  };
  std::set<QualifiedName> tables;
  std::set<ObjectId> unproven;  // members that are added NOT VALID
  const bool works = std::any_of(items.begin(), items.end(), [](const Item* entry) { return !entry->work.empty(); });
  std::vector<std::size_t> followers;
  const bool two_names = std::any_of(items.begin(), items.end(), [](const Item* entry) { return !entry->renamed.empty(); });
  for (const ObjectId& id : members) {
    const Object& a = p_.from.objects.at(id);
    const Object& b = p_.to.objects.at(id);
    if (causes_.contains(id)) {
      titles.push_back("replace " + describe(id));
      if (auto it = rebound_.find(id); it != rebound_.end()) {
        conditions.push_back(it->second.first);
        undo_conditions.push_back(it->second.second);
      } else if (const std::string same = has_definition(b); !same.empty()) {
        conditions.push_back(negate(same));
        // `from` has the new names of columns; where they got their old ones back, the swap's own condition tells.
        if (!two_names || renamed_columns_of(p_, {id}).empty()) undo_conditions.push_back(negate(has_definition(a)));
      } else {
        conditions.emplace_back();
        undo_conditions.emplace_back();
      }
      phase = std::max(phase, replacement_phase(a, b));
    }
    const QualifiedName table = Planner::home(p_.from, a);
    if (!table.name.empty()) tables.insert(table);
    if (const auto* index = p_.from.find_body<Index>(id); index && p_.from.find(ObjectId{Kind::table, table.schema, "", table.name, ""})) {
      const auto* behind = p_.from.find_body<Constraint>({Kind::constraint, table.schema, table.name, index->constraint, ""});
      want_work(behind && behind->type == ConstraintType::exclusion ? "exclusion" : "index-build", {table});
    }
    if (const auto* constraint = std::get_if<Constraint>(&b.body)) {
      const bool check = constraint->type == ConstraintType::check || constraint->type == ConstraintType::foreign_key;
      if (!works && proven_later(id, *constraint)) {
        unproven.insert(id);
      } else {
        want_work(check ? "scan" : constraint->type == ConstraintType::exclusion ? "exclusion"
                                                                                 : "index-build",
                  {table});
      }
      // The index comes and goes with the constraint.
      const ObjectId index{Kind::index, id.schema, "", id.name, ""};
      for (const Database* database : {&p_.from, &p_.to}) {
        const auto* backing = database->find_body<Index>(index);
        if (backing && backing->constraint == id.name && backing->table == id.relation) {
          p_.done.insert(index);
          operation.provides.insert(index);
          operation.removes.insert(index);
        }
      }
    }
    operation.provides.insert(id);
    operation.removes.insert(id);
    operation.needs.insert(b.depends_on.begin(), b.depends_on.end());
    p_.done.insert(id);
  }
  Statements drops, undo_drops, creates, undo_creates;
  const std::vector<ObjectId> old_order = dependency_order(members, p_.from);
  const std::vector<ObjectId> new_order = dependency_order(members, p_.to);
  // What columns call leaves after them and comes before them.
  const std::set<ObjectId> old_called = called_by(items, members, p_.from), new_called = called_by(items, members, p_.to);
  Statements late_drops, late_undo_drops, early_creates, early_undo_creates;
  for (auto it = old_order.rbegin(); it != old_order.rend(); ++it) append(old_called.contains(*it) ? late_drops : drops, drop(p_.from.objects.at(*it)));
  for (auto it = new_order.rbegin(); it != new_order.rend(); ++it) append(new_called.contains(*it) ? late_undo_drops : undo_drops, drop(p_.to.objects.at(*it)));
  const bool in_expand = std::all_of(items.begin(), items.end(), [](const Item* entry) { return entry->phase == Phase::expand; }) && phase == Phase::expand;
  const auto made = [&](const Object& object, const Database& database) { return create_all(unproven.contains(object.id) ? not_valid(object) : object, database); };
  for (const ObjectId& id : new_order) {
    const Object& coming = p_.to.objects.at(id);
    append(new_called.contains(id) ? early_creates : creates, made(in_expand ? still_by_owner(p_.from.objects.at(id), coming) : coming, p_.to));
  }
  for (const ObjectId& id : old_order) append(old_called.contains(id) ? early_undo_creates : undo_creates, made(p_.from.objects.at(id), p_.from));

  // Parts of an index that comes anew go along with it, also those that have another name in the other schema.
  for (const auto& [order, database, other, into] : {std::tuple{&new_order, &p_.to, &p_.from, &creates}, std::tuple{&old_order, &p_.from, &p_.to, &undo_creates}}) {
    for (const ObjectId& part : parts_of_indexes(*order, *database)) {
      if (other->find(part)) continue;
      append(*into, create_all(database->objects.at(part), *database));
      p_.done.insert(part);
      (database == &p_.to ? operation.provides : operation.removes).insert(part);
    }
  }
  Stages all, all_undo;
  Statements dress, undress;
  bool called_there = false;  // columns that are added again come last of the items
  for (const Item* entry : items) {
    if (!called_there && item_rank(*entry) == 3) {
      append(all.core, std::move(early_creates));
      append(all_undo.core, std::move(early_undo_creates));
      called_there = true;
    }
    append(dress, entry->undo_dress);
    append(undress, entry->undo_undress);
    append(all.before, entry->forward.before);
    append(all.core, entry->forward.core);
    // An old type goes after those that are built on it.
    all.after.insert(built_on_.contains(entry->subject) ? all.after.begin() : all.after.end(), entry->forward.after.begin(), entry->forward.after.end());
    append(all_undo.before, entry->undo.before);
    append(all_undo.last, entry->undo.last);
    append(all_undo.core, entry->undo.core);
    all_undo.after.insert(built_on_.contains(entry->subject) ? all_undo.after.begin() : all_undo.after.end(), entry->undo.after.begin(), entry->undo.after.end());
    if (!entry->todo.empty()) conditions.push_back(entry->todo);
    if (!entry->undo_todo.empty()) undo_conditions.push_back(entry->undo_todo);
    phase = std::max(phase, entry->phase);
    if (!entry->forward.core.empty()) titles.push_back(entry->verb + " " + describe(entry->subject));
    if (!entry->work.empty()) {
      want_work(entry->work, entry->worked.empty() ? entry->tables : entry->worked);
      if (culprit.empty()) culprit = entry->verb + " " + describe(entry->subject);
    }
    undo_rewrites = undo_rewrites || entry->undo_rewrites;
    tables.insert(entry->tables.begin(), entry->tables.end());
    operation.step.grade = std::max(operation.step.grade, entry->grade);
    operation.provides.insert(entry->provides.begin(), entry->provides.end());
    operation.needs.insert(entry->needs.begin(), entry->needs.end());
    operation.carries.insert(entry->carries.begin(), entry->carries.end());
    for (const ObjectId& id : entry->touches) {
      operation.provides.insert(id);
      operation.removes.insert(id);
    }
    if (const Object* b = p_.to.find(entry->subject)) operation.needs.insert(b->depends_on.begin(), b->depends_on.end());
    operation.after.insert(operation.after.end(), entry->preceded_by.begin(), entry->preceded_by.end());
    followers.insert(followers.end(), entry->followed_by.begin(), entry->followed_by.end());
    auto& step = operation.step;
    step.preconditions.insert(step.preconditions.end(), entry->preconditions.begin(), entry->preconditions.end());
    step.undo_preconditions.insert(step.undo_preconditions.end(), entry->undo_preconditions.begin(), entry->undo_preconditions.end());
    step.notes.insert(step.notes.end(), entry->notes.begin(), entry->notes.end());
  }
  if (!called_there) {
    append(all.core, std::move(early_creates));
    append(all_undo.core, std::move(early_undo_creates));
  }
  if (!dress.empty() && !(undo_creates.empty() && all_undo.after.empty())) {
    append(all_undo.core, dress);
    append(all_undo.after, undress);
  }
  for (auto [action, dropping, late, script, creating] : {std::tuple{&forward, &drops, &late_drops, &all, &creates}, std::tuple{&undo, &undo_drops, &late_undo_drops, &all_undo, &undo_creates}}) {
    append(action->statements, *dropping);
    append(action->statements, script->before);
    append(action->statements, *late);
    append(action->statements, script->core);
    append(action->statements, *creating);
    append(action->statements, script->after);
    append(action->statements, script->last);
  }
  forward.mode = forward.statements.empty() ? Mode::none : Mode::brief;
  undo.mode = undo.statements.empty() ? Mode::none : Mode::brief;
  forward.todo = any_of(conditions);
  undo.todo = any_of(undo_conditions);
  if (titles.empty()) return;
  if (!work.empty()) {
    std::vector<QualifiedName> plain;
    for (const QualifiedName& table : worked) {
      if (p_.from.find(ObjectId{Kind::table, table.schema, "", table.name, ""})) plain.push_back(table);
    }
    p_.allow_blocking(forward, work, plain, culprit.empty() ? titles.front() : culprit);
    undo.mode = Mode::blocking;
  } else if (undo_rewrites) {
    undo.mode = Mode::blocking;
    if (std::all_of(tables.begin(), tables.end(), [&](const QualifiedName& table) { return p_.is_small(table); })) undo.small_tables.assign(tables.begin(), tables.end());
  }
  operation.step.phase = phase;
  operation.step.title = contraflow::join(titles, "; ");
  operation.step.id = fmt::format("{}.{}", phase_name(phase), titles.front());
  operation.step.forward = std::move(forward);
  operation.step.undo = std::move(undo);
  operation.step.tables.assign(tables.begin(), tables.end());
  for (const QualifiedName& table : tables) {
    operation.step.effects.push_back({table, effects::LockMode::access_exclusive, work.empty() ? effects::Work::none : effects::Work::rewrite});
  }
  for (const ObjectId& id : operation.provides) operation.needs.erase(id);
  for (const Item* entry : items) {
    for (const ObjectId& id : entry->renamed) {
      const auto rename = std::find_if(p_.renames.begin(), p_.renames.end(), [&](const diff::Rename& r) { return r.to == id; });
      if (rename != p_.renames.end()) p_.renamed_columns.push_back({id, rename->from.name, p_.operations.size(), winning_shadow(id) || exchanged_.contains(id)});
    }
  }
  const std::size_t group = p_.operations.size();
  for (const std::size_t follower : followers) p_.operations[follower].after.push_back(group);
  p_.operations.push_back(std::move(operation));
  for (const ObjectId& id : unproven) prove(id, phase, group);
  for (const ObjectId& id : members) {
    if (in_expand && id.kind == Kind::view) by_caller_in_contract(p_, id);
  }
}

// Where the deployed application still relies on what goes away, the replacement waits for contract.
Phase Replacements::replacement_phase(const Object& a, const Object& b) {
  // A column whose type takes more than before serves who reads it.
  const auto loses_columns = [](const std::vector<ViewColumn>& x, const std::vector<ViewColumn>& y) {
    return !std::all_of(x.begin(), x.end(), [&](const ViewColumn& column) {
      const auto same = std::find_if(y.begin(), y.end(), [&](const ViewColumn& other) { return other.name == column.name; });
      return same != y.end() && (same->type == column.type || effects::classify_type_change(column.type, same->type) == effects::TypeChange::free);
    });
  };
  if (const auto* view = std::get_if<View>(&a.body)) {
    return loses_columns(view->columns, std::get<View>(b.body).columns) ? Phase::contract : Phase::expand;
  }
  if (const auto* view = std::get_if<MaterializedView>(&a.body)) {
    return loses_columns(view->columns, std::get<MaterializedView>(b.body).columns) ? Phase::contract : Phase::expand;
  }
  if (std::holds_alternative<Routine>(a.body) || std::holds_alternative<Constraint>(a.body)) return Phase::contract;
  return Phase::expand;
}

}  // namespace contraflow::plan
