// SPDX-License-Identifier: Apache-2.0
//
// Which objects must be dropped and made again, or exchanged, for a reason of their own.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "catalog/of_kind.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/second_table.h"

namespace contraflow::plan {

using namespace catalog;

void Replacements::find_seeds() {
  find_second_tables();
  for (const auto& [id, aspects] : p_.altered) {
    if (p_.done.contains(id)) continue;
    if (id.kind == Kind::column && aspects.contains(Aspect::type)) retyped_.insert(id);
  }
  find_partners();
  for (const auto& [id, aspects] : p_.altered) {
    if (p_.done.contains(id)) continue;
    const Object& a = p_.from.objects.at(id);
    const Object& b = p_.to.objects.at(id);
    if (id.kind == Kind::column) {
      const Column& column = std::get<Column>(b.body);
      if (column.inherited && (!column.local || aspects.contains(Aspect::type))) {  // its parent's change reaches it
        p_.claim(id, Aspect::type);
        p_.claim(id, Aspect::generated);
        continue;
      }
      const bool source_changes = std::any_of(b.depends_on.begin(), b.depends_on.end(), [&](const ObjectId& need) { return retyped_.contains(need); });
      if (column.generated != Generated::none && (aspects.contains(Aspect::generated) || (aspects.contains(Aspect::type) && source_changes))) {
        p_.claim(id, Aspect::type);
        regenerate(id);
      } else if (aspects.contains(Aspect::type)) {
        p_.claim(id, Aspect::type);
        if (!renamed(id)) retype(id);
      }
      continue;
    }
    if (is_exchanged_type(p_, id)) {
      exchange_type(id);
      continue;
    }
    if (must_be_rebuilt(id, aspects)) {
      rebuild(id);
      continue;
    }
    if (must_be_replaced(id, aspects, a, b)) {
      causes_.insert(id);
      replace(id);
    }
  }
  for (const auto& [id, object] : of_kind(p_.to, Kind::domain)) {
    if (in_both(id) && !p_.done.contains(id) && is_exchanged_type(p_, id)) exchange_type(id);
  }
  find_rebound();
  for (const diff::Rename& rename : p_.renames) {
    // Both names of a renamed column are in use for a while, whatever else changes.
    if (rename.to.kind == Kind::column && in_both(rename.to) && !exchanged_.contains(rename.to)) add_shadow(shadow_for(p_, rename.to, rename.from.name, keeps_place(rename.to)));
  }
  emit_shadows();
  order_type_steps();
  join_routines();
}

// A function whose body is text and whose result follows a column's new type works on one side of the change only: it changes in the same transaction.
void Replacements::join_routines() {
  const auto names_table = [](const std::string& body, const std::string& table) {
    for (std::size_t at = body.find(table); at != std::string::npos; at = body.find(table, at + 1)) {
      const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
      if ((at == 0 || !part(body[at - 1])) && (at + table.size() == body.size() || !part(body[at + table.size()]))) return true;
    }
    return false;
  };
  for (const ObjectId& id : std::set<ObjectId>(causes_)) {
    const auto* before = p_.from.find_body<Routine>(id);
    const auto* after = p_.to.find_body<Routine>(id);
    if (!before || !after || before->result == after->result) continue;
    for (const ObjectId& column : retyped_) {
      if (items_.contains(column) && names_table(before->body, column.relation) && names_table(after->body, column.relation)) {
        unite(id, column);
        break;
      }
    }
  }
}

// The function that it calls gives way to another one of its name.
bool Replacements::calls_another_overload(const Object& before, const Object& after) const {
  return std::any_of(before.depends_on.begin(), before.depends_on.end(), [&](const ObjectId& old_one) {
    return old_one.kind == Kind::routine && p_.dropped.contains(old_one) && std::any_of(after.depends_on.begin(), after.depends_on.end(), [&](const ObjectId& new_one) {
             return new_one.kind == Kind::routine && p_.created.contains(new_one) && new_one.schema == old_one.schema && new_one.name == old_one.name;
           });
  });
}

// The same text, but it means another object: a view over f(integer) that is to use the new f(bigint).
void Replacements::find_rebound() {
  for (const auto& [id, object] : p_.from.objects) {
    switch (id.kind) {
      case Kind::view:
      case Kind::materialized_view:
      case Kind::routine:
      case Kind::trigger:
      case Kind::rule:
      case Kind::policy: break;
      default: continue;
    }
    const Object* desired = p_.to.find(id);
    if (!desired || ((p_.replaced.contains(id) || p_.has(id, Aspect::definition)) && !calls_another_overload(object, *desired))) continue;
    std::vector<std::string> old_there, new_there;
    for (const ObjectId& dependency : object.depends_on) {
      if (!p_.dropped.contains(dependency) || desired->depends_on.contains(dependency)) continue;
      if (Planner::is_relation(dependency.kind) || dependency.kind == Kind::column) {
        p_.refuse(fmt::format("{} reads the same from {} and from what takes its name: not supported; give the new one another name first", describe(id),
                              describe(dependency)));
        continue;
      }
      old_there.push_back(exists(dependency));
    }
    if (old_there.empty()) continue;
    for (const ObjectId& dependency : desired->depends_on) {
      if (p_.created.contains(dependency)) new_there.push_back(exists(dependency));
    }
    rebound_[id] = {any_of(old_there), any_of(new_there)};
    causes_.insert(id);
    replace(id);
  }
  for (const ObjectId& id : p_.dropped) {
    if (id.kind == Kind::routine) go_with_callers(id);
  }
}

// While both f(integer) and f(integer, text DEFAULT …) are there, f(1) is not unique: the old one goes, and on the way back the new one, in the
// moment in which its callers are made anew.
void Replacements::go_with_callers(const ObjectId& id) {
  const auto rebound = [&](const ObjectId& caller) { return rebound_.contains(caller); };
  const auto callers = p_.dependents.find(id);
  if (callers == p_.dependents.end() || std::none_of(callers->second.begin(), callers->second.end(), rebound)) return;
  Statements back;
  for (const ObjectId& made : p_.created) {
    if (made.kind != Kind::routine || made.schema != id.schema || made.name != id.name) continue;
    const bool for_them = std::all_of(p_.to.objects.begin(), p_.to.objects.end(), [&](const auto& entry) {
      return !entry.second.depends_on.contains(made) || rebound(entry.first);
    });
    if (for_them) append(back, drop(p_.to.objects.at(made)));
  }
  if (back.empty()) return;
  p_.done.insert(id);
  Item& out = item(id);
  out.verb = "drop";
  out.forward.core = drop(p_.from.objects.at(id));
  out.undo.core = std::move(back);
  append(out.undo.core, create_all(p_.from.objects.at(id), p_.from));
  out.touches.insert(id);
  out.phase = Phase::contract;
}

// The second columns are made of the new type, the old type goes after them.
void Replacements::order_type_steps() {
  for (const auto& [type, steps] : type_steps_) {
    for (std::size_t i = 0; i < p_.operations.size(); ++i) {
      Operation& operation = p_.operations[i];
      const bool of_this_type = std::any_of(operation.step.tables.begin(), operation.step.tables.end(), [&, &type = type](const QualifiedName& table) {
                                  auto it = shadow_tables_.find(table);
                                  return it != shadow_tables_.end() && std::any_of(it->second.begin(), it->second.end(), [&, &type = type](const ShadowColumn& c) {
                                           return p_.from.objects.at(c.id).depends_on.contains(type);
                                         });
                                }) ||
                                std::any_of(operation.step.tables.begin(), operation.step.tables.end(), [&, &type = type](const QualifiedName& table) {
                                  const auto columns = Planner::columns(p_.from, table_id(table));
                                  return exchanged_.contains(table_id(table)) && std::any_of(columns.begin(), columns.end(), [&](const Object* column) { return column->depends_on.contains(type); });
                                });
      if (!of_this_type || i == steps.first || i == steps.second) continue;
      if (operation.step.phase == Phase::purge) p_.operations[steps.second].after.push_back(i);
      if (operation.step.phase == Phase::expand) operation.after.push_back(steps.first);
    }
  }
}

bool Replacements::must_be_rebuilt(const ObjectId& id, const std::set<Aspect>& aspects) const {
  return id.kind == Kind::table && (aspects.contains(Aspect::definition));
}

bool Replacements::must_be_replaced(const ObjectId& id, const std::set<Aspect>& aspects, const Object& a, const Object& b) const {
  const bool definition = aspects.contains(Aspect::definition);
  switch (id.kind) {
    case Kind::view: return definition && !view_extends(std::get<View>(a.body), std::get<View>(b.body));
    case Kind::materialized_view: return definition || aspects.contains(Aspect::access_method);
    case Kind::routine: return definition && !routine_replaceable(std::get<Routine>(a.body), std::get<Routine>(b.body));
    case Kind::trigger:
    case Kind::rule:
    case Kind::statistics:
    case Kind::event_trigger:
    case Kind::foreign_table: return definition;
    case Kind::constraint: {
      const auto& constraint = std::get<Constraint>(a.body);
      const auto& desired = std::get<Constraint>(b.body);
      if (!definition || (constraint.inherited && !constraint.local)) return false;
      const bool keyed = [&] {
        for (const Constraint* c : {&constraint, &desired}) {
          if (c->type == ConstraintType::primary_key || c->type == ConstraintType::unique || c->type == ConstraintType::exclusion) return true;
        }
        return false;
      }();
      return (keyed && !built_beside(id, constraint, desired)) || p_.is_small({id.schema, id.relation});
    }
    case Kind::policy: {  // ALTER must lead there and back
      const auto &policy = std::get<Policy>(a.body), &desired = std::get<Policy>(b.body);
      return definition && !(alter_policy(id, policy, desired) && alter_policy(id, desired, policy));
    }
    case Kind::publication: {
      const auto &publication = std::get<Publication>(a.body), &desired = std::get<Publication>(b.body);
      return (definition || aspects.contains(Aspect::membership) || aspects.contains(Aspect::options)) &&
             !(alter_publication(id, publication, desired) && alter_publication(id, desired, publication));
    }
    case Kind::schema:
    case Kind::extension:
    case Kind::enum_type:
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::sequence:
    case Kind::table:
    case Kind::column:
    case Kind::domain_constraint:
    case Kind::index:
    case Kind::default_privileges:
    case Kind::privileges:
    case Kind::large_object: return false;
    default: return definition;  // kinds that are only ever created and dropped as a whole
  }
}

// A key whose new index can be built concurrently: no foreign key points at it, and its table is no partition and has none.
bool Replacements::built_beside(const ObjectId& id, const Constraint& a, const Constraint& b) const {
  const auto is_key = [](const Constraint& c) { return c.type == ConstraintType::primary_key || c.type == ConstraintType::unique; };
  const auto* table = p_.from.find_body<Table>(ObjectId{Kind::table, id.schema, "", id.relation, ""});
  if (!is_key(a) || !is_key(b) || !table || table->partitioned || table->partition_of) return false;
  const ObjectId index{Kind::index, id.schema, "", id.name, ""};
  if (!p_.from.find(index) || !p_.to.find(index)) return false;
  for (const ObjectId& of : {id, index}) {
    auto it = p_.dependents.find(of);
    if (it == p_.dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      if (dependent != index && dependent != id && in_both(dependent)) return false;
    }
  }
  return true;
}

}  // namespace contraflow::plan
