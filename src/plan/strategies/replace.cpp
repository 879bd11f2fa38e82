// SPDX-License-Identifier: Apache-2.0
//
// Objects that no ALTER leads to their new form are dropped and created again, together with everything that hangs on
// them, in one transaction: the application never sees a gap. The same transaction carries the changes that need it:
// a column's type, an exchanged type, a rebuilt table.
#include "plan/strategies/replace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "effects/type_change.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/second_table.h"
#include "plan/strategies/second_view.h"
#include "plan/strategies/shadow.h"

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
    const bool used = std::any_of(objects.begin(), objects.end(), [&](const ObjectId& id) {
      const Object* object = p.from.find(id);
      return id == rename.to || (object && object->depends_on.contains(rename.to));
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

namespace {

// One change inside a replacement's transaction: `before` runs with the objects still dropped or not yet touched, `core` after all
// dependents are gone, `after` when they are back.
struct Script {
  Statements before, core, after;
};

struct Item {
  ObjectId subject;
  std::string verb = "change";
  Script forward, undo;
  Statements undo_dress, undo_undress;  // around the making anew on the way back
  std::string todo, undo_todo;
  Phase phase = Phase::expand;
  Grade grade = Grade::exact;
  std::string work;  // the --allow-blocking kind where the item does work that grows with the data; empty: none
  std::vector<QualifiedName> tables;
  std::set<ObjectId> touches;  // objects (in both schemas) that have their new form afterwards
  std::set<ObjectId> provides;
  std::vector<ObjectId> renamed;
  std::vector<Precondition> preconditions;
  std::vector<std::string> notes;
  std::vector<std::size_t> preceded_by, followed_by;  // operations
};

class Replacements {
 public:
  explicit Replacements(Planner& planner) : p_(planner) {}

  void run() {
    find_seeds();
    while (!queue_.empty()) {
      const ObjectId id = queue_.back();
      queue_.pop_back();
      spread(id);
    }
    emit();
  }

 private:
  Planner& p_;
  std::vector<ObjectId> queue_;
  std::map<ObjectId, Item> items_;
  std::map<ObjectId, ObjectId> leader_;  // union-find over members and items
  std::set<ObjectId> causes_;            // replaced for a reason of their own

  ObjectId find(const ObjectId& id) {
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
  void unite(const ObjectId& a, const ObjectId& b) { leader_[find(a)] = find(b); }

  bool in_both(const ObjectId& id) const { return p_.from.find(id) && p_.to.find(id); }

  void replace(const ObjectId& id) {
    find(id);
    if (p_.replaced.insert(id).second) queue_.push_back(id);
  }

  std::set<ObjectId> retyped_;  // columns whose type changes

  std::set<ObjectId> exchanged_;  // tables, as they were, with their partitions and members

  // Tables that no ALTER leads to their new form without blocking.
  void find_second_tables() {
    std::set<ObjectId> tables;
    const auto consider = [&](const ObjectId& id) {
      const QualifiedName home = id.kind == Kind::table ? QualifiedName{id.schema, id.name} : QualifiedName{id.schema, id.relation};
      if (id.kind == Kind::table || id.kind == Kind::column || id.kind == Kind::constraint) tables.insert(ObjectId{Kind::table, home.schema, "", home.name, ""});
    };
    for (const auto& [id, aspects] : p_.altered) consider(id);
    for (const ObjectId& id : p_.created) consider(id);
    for (const ObjectId& id : tables) {
      const auto reason = must_exchange(p_, id);
      if (!reason) continue;
      std::set<ObjectId> read{id};
      for (const QualifiedName& child : Planner::descendants(p_.from, {id.schema, id.name})) read.insert(ObjectId{Kind::table, child.schema, "", child.name, ""});
      for (const ObjectId& table : std::set<ObjectId>(read)) {
        for (const Object* member : Planner::members(p_.from, table)) read.insert(member->id);
      }
      TableExchange exchange = plan_second_table(p_, id, *reason);
      for (const ObjectId& key : exchange.carried) p_.done.insert(key);
      Item& out = item(id);
      out.forward.core = std::move(exchange.forward);
      out.undo.core = std::move(exchange.undo);
      out.forward.before = std::move(exchange.forward_before);
      out.undo.before = std::move(exchange.undo_before);
      out.forward.after = std::move(exchange.forward_after);
      out.undo.after = std::move(exchange.undo_after);
      for (const ObjectId& column : exchange.joined) unite(id, column);
      out.todo = std::move(exchange.todo);
      out.undo_todo = std::move(exchange.undo_todo);
      out.phase = Phase::contract;
      out.grade = exchange.grade;
      out.tables = {{id.schema, id.name}};
      out.touches = std::move(exchange.touches);
      out.preceded_by = std::move(exchange.before);
      out.followed_by = std::move(exchange.after);
      out.notes = std::move(exchange.notes);
      for (const ObjectId& member : read) read_by_others(member, id, read);
      exchanged_.merge(read);
      p_.made_anew.insert(id);
    }
  }

  // What reads the table from outside is made anew in the same transaction.
  void read_by_others(const ObjectId& id, const ObjectId& table, const std::set<ObjectId>& family) {
    auto it = p_.dependents.find(id);
    if (it == p_.dependents.end()) return;
    for (const ObjectId& dependent : it->second) {
      if (family.contains(dependent) || p_.done.contains(dependent) || !in_both(dependent)) continue;
      if (dependent.kind == Kind::table || dependent.kind == Kind::column || dependent.kind == Kind::sequence || dependent.kind == Kind::publication) continue;
      if (dependent.kind == Kind::materialized_view && stands_beside(dependent, table)) continue;
      pull_in(dependent, table);
    }
  }

  std::set<ObjectId> beside_;  // materialized views that are computed anew beside the old ones

  // `swap`: the subject of the item after which the view can be computed anew.
  bool stands_beside(const ObjectId& view, const ObjectId& swap) {
    if (beside_.contains(view)) return true;
    auto it = items_.find(swap);
    if (it == items_.end() || !can_stand_beside(p_, view)) return false;
    ViewExchange exchange = plan_second_view(p_, view);
    it->second.preceded_by.insert(it->second.preceded_by.end(), exchange.before.begin(), exchange.before.end());
    it->second.followed_by.insert(it->second.followed_by.end(), exchange.after.begin(), exchange.after.end());
    beside_.insert(view);
    return true;
  }

  void find_seeds() {
    find_second_tables();
    for (const auto& [id, aspects] : p_.altered) {
      if (p_.done.contains(id)) continue;
      if (id.kind == Kind::column && aspects.contains(Aspect::type)) retyped_.insert(id);
    }
    for (const auto& [id, aspects] : p_.altered) {
      if (p_.done.contains(id)) continue;
      const Object& a = p_.from.objects.at(id);
      const Object& b = p_.to.objects.at(id);
      if (id.kind == Kind::column) {
        const Column& column = std::get<Column>(b.body);
        if (column.inherited && !column.local) {  // its parent's change reaches it
          p_.claim(id, Aspect::type);
          p_.claim(id, Aspect::generated);
          continue;
        }
        if (aspects.contains(Aspect::generated) && column.generated != Generated::none) {
          regenerate(id);
        } else if (aspects.contains(Aspect::type)) {
          p_.claim(id, Aspect::type);
          if (!renamed(id)) retype(id);
        }
        continue;
      }
      if (must_be_exchanged(id, aspects, a, b)) {
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
    find_rebound();
    for (const diff::Rename& rename : p_.renames) {
      // Both names of a renamed column are in use for a while, whatever else changes.
      if (rename.to.kind == Kind::column && in_both(rename.to)) add_shadow(shadow_for(p_, rename.to, rename.from.name));
    }
    emit_shadows();
    order_type_steps();
    join_routines();
  }

  // A function whose body is text and whose result follows a column's new type works on one side of the change only: it changes in the same transaction.
  void join_routines() {
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

  std::map<ObjectId, std::pair<std::string, std::string>> rebound_;  // conditions of what is made anew with the same text

  // The function that it calls gives way to another one of its name.
  bool calls_another_overload(const Object& before, const Object& after) const {
    return std::any_of(before.depends_on.begin(), before.depends_on.end(), [&](const ObjectId& old_one) {
      return old_one.kind == Kind::routine && p_.dropped.contains(old_one) && std::any_of(after.depends_on.begin(), after.depends_on.end(), [&](const ObjectId& new_one) {
        return new_one.kind == Kind::routine && p_.created.contains(new_one) && new_one.schema == old_one.schema && new_one.name == old_one.name;
      });
    });
  }

  // The same text, but it means another object: a view over f(integer) that is to use the new f(bigint).
  void find_rebound() {
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
      if (!desired || p_.replaced.contains(id) || (p_.has(id, Aspect::definition) && !calls_another_overload(object, *desired))) continue;
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
  void go_with_callers(const ObjectId& id) {
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
  void order_type_steps() {
    for (const auto& [type, steps] : type_steps_) {
      for (std::size_t i = 0; i < p_.operations.size(); ++i) {
        Operation& operation = p_.operations[i];
        const bool of_this_type = std::any_of(operation.step.tables.begin(), operation.step.tables.end(), [&](const QualifiedName& table) {
          auto it = shadow_tables_.find(table);
          return it != shadow_tables_.end() && std::any_of(it->second.begin(), it->second.end(), [&](const ShadowColumn& c) {
            return p_.from.objects.at(c.id).depends_on.contains(type);
          });
        });
        if (!of_this_type || i == steps.first || i == steps.second) continue;
        if (operation.step.phase == Phase::purge) p_.operations[steps.second].after.push_back(i);
        if (operation.step.phase == Phase::expand) operation.after.push_back(steps.first);
      }
    }
  }

  bool must_be_rebuilt(const ObjectId& id, const std::set<Aspect>& aspects) const {
    return id.kind == Kind::table && (aspects.contains(Aspect::definition));
  }

  bool must_be_exchanged(const ObjectId& id, const std::set<Aspect>& aspects, const Object& a, const Object& b) const {
    switch (id.kind) {
      case Kind::enum_type: {
        if (!aspects.contains(Aspect::labels)) return false;
        // Values can only be added; the old ones must stay, in their order.
        const auto& old_labels = std::get<EnumType>(a.body).labels;
        const auto& new_labels = std::get<EnumType>(b.body).labels;
        std::size_t at = 0;
        for (const std::string& label : new_labels) {
          if (at < old_labels.size() && old_labels[at] == label) ++at;
        }
        return at < old_labels.size();
      }
      case Kind::domain:
      case Kind::range_type: return aspects.contains(Aspect::definition);
      case Kind::composite_type: {
        if (!aspects.contains(Aspect::definition)) return false;
        const auto &type = std::get<CompositeType>(a.body), &desired = std::get<CompositeType>(b.body);
        if (!alter_composite(id, type, desired) || !alter_composite(id, desired, type)) return true;
        // Attributes come and go under columns of the type; their own types do not change there.
        const auto& old_attributes = std::get<CompositeType>(a.body).attributes;
        const auto& new_attributes = std::get<CompositeType>(b.body).attributes;
        const bool retyped = std::any_of(old_attributes.begin(), old_attributes.end(), [&](const CompositeAttribute& x) {
          return std::any_of(new_attributes.begin(), new_attributes.end(), [&](const CompositeAttribute& y) { return x.name == y.name && (x.type != y.type || x.collation != y.collation); });
        });
        const auto it = p_.dependents.find(id);
        if (!retyped || it == p_.dependents.end()) return false;
        return std::any_of(it->second.begin(), it->second.end(), [](const ObjectId& d) { return d.kind == Kind::column; });
      }
      default: return false;
    }
  }

  bool must_be_replaced(const ObjectId& id, const std::set<Aspect>& aspects, const Object& a, const Object& b) const {
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
  bool built_beside(const ObjectId& id, const Constraint& a, const Constraint& b) const {
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

  // ---- what hangs on it

  void spread(const ObjectId& id) {
    auto it = p_.dependents.find(id);
    if (it == p_.dependents.end()) return;
    const bool is_replaced = p_.replaced.contains(id);
    const bool exchanged = !is_replaced && items_.contains(id) && id.kind != Kind::column && id.kind != Kind::table;
    for (const ObjectId& dependent : it->second) {
      if (!in_both(dependent)) continue;  // its own drop comes before
      if (p_.done.contains(dependent) && p_.done.contains(id)) continue;  // goes over with its table
      if (beside_.contains(dependent)) continue;
      if (dependent.kind == Kind::publication && exchanged_.contains(id)) continue;
      if (dependent.kind == Kind::materialized_view && winning_shadow(id) && stands_beside(dependent, id)) continue;
      if (id.kind == Kind::column && dependent.kind == Kind::table) continue;
      const Object& object = p_.from.objects.at(dependent);
      switch (dependent.kind) {
        case Kind::column:
          if (exchanged) {
            retype_with(dependent, id);
          } else if (is_replaced || id.kind == Kind::column) {
            untie_default(dependent, id);
          }
          break;
        case Kind::table:
          if (is_replaced && (id.kind == Kind::table || id.kind == Kind::foreign_table)) break;
          p_.refuse(fmt::format("{} must be made anew, but {} is built on it: change the table first",
                                describe(id), describe(dependent)));
          break;
        case Kind::constraint:
        case Kind::index:
          // What a second column carries has its own copy of it.
          if (shadowed_.contains(id) || p_.done.contains(dependent) || (rides_along(id, object) && !p_.replaced.contains(dependent))) break;
          pull_in(dependent, id);
          break;
        case Kind::statistics:
          // ALTER TYPE carries statistics objects along; a second column has none yet.
          if (id.kind == Kind::column && !regenerated_.contains(id) && !winning_shadow(id)) break;
          pull_in(dependent, id);
          break;
        case Kind::domain:
        case Kind::composite_type:
        case Kind::range_type:
          if (exchanged) {
            p_.refuse(fmt::format("{} must be made anew, but {} is built on it", describe(id), describe(dependent)));
          } else {
            untie_default(dependent, id);
          }
          break;
        case Kind::sequence: break;
        default:
          if (id.kind == Kind::table && p_.done.contains(dependent)) break;  // a rebuilt table makes its own policies and triggers
          pull_in(dependent, id);
      }
    }
  }

  // ALTER COLUMN … TYPE rebuilds plain indexes and keys by itself. What names the type or computes with the column is
  // taken down before.
  bool rides_along(const ObjectId& id, const Object& object) const {
    if (id.kind != Kind::column || regenerated_.contains(id)) return false;
    if (const auto* index = std::get_if<Index>(&object.body)) {
      if (!index->constraint.empty()) return true;
      const bool expressions = std::find(index->columns.begin(), index->columns.end(), "") != index->columns.end();
      return index->predicate.empty() && !expressions;
    }
    if (const auto* constraint = std::get_if<Constraint>(&object.body)) {
      if (constraint->type == ConstraintType::foreign_key) return !incompatible_key(*constraint, object.id);
      return constraint->type != ConstraintType::check && constraint->type != ConstraintType::exclusion;
    }
    return false;
  }

  // Both ends of a foreign key change their types: between the two changes no operator may join them.
  bool incompatible_key(const Constraint& key, const ObjectId& id) const {
    const auto retyped = [&](const std::string& schema, const std::string& table, const std::vector<std::string>& columns) {
      return std::any_of(columns.begin(), columns.end(),
                         [&](const std::string& c) { return retyped_.contains(column_id(schema, table, c)); });
    };
    return key.references && retyped(id.schema, id.relation, key.columns) &&
           retyped(key.references->schema, key.references->name, key.referenced_columns);
  }

  void pull_in(const ObjectId& dependent, const ObjectId& because) {
    replace(dependent);
    unite(dependent, because);
  }

  // ---- items

  std::set<ObjectId> regenerated_;

  Item& item(const ObjectId& subject) {
    Item& out = items_[subject];
    out.subject = subject;
    find(subject);
    queue_.push_back(subject);
    return out;
  }

  std::vector<QualifiedName> with_descendants(const ObjectId& column) const {
    std::vector<QualifiedName> tables{{column.schema, column.relation}};
    for (QualifiedName& child : Planner::descendants(p_.from, tables.front())) tables.push_back(std::move(child));
    return tables;
  }

  static std::string set_type(const Database& database, const ObjectId& id, const Column& column, const std::string& conversion) {
    std::string out = fmt::format("{} ALTER COLUMN {} TYPE {}", alter_table(database, id.schema, id.relation), sql::quote_identifier(id.name),
                                  column.type);
    if (!column.collation.empty()) out += " COLLATE " + column.collation;
    if (conversion != sql::quote_identifier(id.name)) out += " USING " + conversion;
    return out;
  }

  static std::string default_clause(const ObjectId& id, const Column& column) {
    return fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} {}", sql::quote(QualifiedName{id.schema, id.relation}),
                       sql::quote_identifier(id.name),
                       column.default_expression.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_expression);
  }

  bool renamed(const ObjectId& id) const {
    return std::any_of(p_.renames.begin(), p_.renames.end(), [&](const diff::Rename& r) { return r.to == id; });
  }

  void retype(const ObjectId& id) {
    if (items_.contains(id)) return;
    const Column& a = std::get<Column>(p_.from.objects.at(id).body);
    const Column& b = std::get<Column>(p_.to.objects.at(id).body);
    const Conversion up = forward_conversion(p_, id, a.type, b.type);
    const Conversion down = back_conversion(p_, id, b.type, a.type);
    const bool foreign = p_.from.find(ObjectId{Kind::foreign_table, id.schema, "", id.relation, ""}) != nullptr;  // its rows are on another server
    const bool free = foreign || (a.collation == b.collation && up.expression != down.expression &&
                      effects::classify_type_change(a.type, b.type) == effects::TypeChange::free &&
                      !p_.options.conversion.contains(fmt::format("{}.{}.{}", id.schema, id.relation, id.name)));
    if (!free && !direct_rewrite(id)) {
      add_shadow(shadow_for(p_, id, id.name));
      return;
    }
    Item& out = item(id);
    const Conversion plain{sql::quote_identifier(id.name), false, false, false};
    // A generated column is computed anew: ALTER … TYPE takes no USING for it.
    const bool generated = b.generated != Generated::none;
    add_retype(out, id, a, b, free || generated ? plain : up, generated || foreign ? plain : down);
    out.phase = Phase::contract;
    if (!free) out.work = "rewrite";
    out.notes.push_back(fmt::format("{} changes its type from {} to {}: a prepared statement that reads it fails once at this moment; a query that "
                                    "casts it ({}::{}) keeps its result type across the change",
                                    describe(id), a.type, b.type, sql::quote_identifier(id.name), b.type));
  }

  bool direct_rewrite(const ObjectId& id) const {
    if (p_.options.allow_blocking.contains("rewrite")) return true;
    for (const QualifiedName& table : with_descendants(id)) {
      if (!p_.is_small(table)) return false;
    }
    return true;
  }

  void add_retype(Item& out, const ObjectId& id, const Column& a, const Column& b, const Conversion& up, const Conversion& down) {
    const auto script = [&](Script& into, const Database& database, const Column& old_column, const Column& new_column,
                            const std::string& conversion) {
      if (!old_column.default_expression.empty() && old_column.generated == Generated::none) {
        into.before.push_back(fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT",
                                          sql::quote(QualifiedName{id.schema, id.relation}), sql::quote_identifier(id.name)));
      }
      into.core.push_back(set_type(database, id, new_column, conversion));
      if (!new_column.default_expression.empty() && new_column.generated == Generated::none) {
        into.core.push_back(default_clause(id, new_column));
      }
    };
    script(out.forward, p_.to, a, b, up.expression);
    script(out.undo, p_.from, b, a, down.expression);
    if (a.type != b.type) {
      out.todo = negate(column_has_type(id, b.type));
      out.undo_todo = negate(column_has_type(id, a.type));
    }
    out.tables = with_descendants(id);
    out.touches.insert(id);
    if (down.loses) {
      out.grade = Grade::data;
      out.notes.push_back(fmt::format("the way back of {} can lose information: {} -> {}", describe(id), b.type, a.type));
    }
    if (up.through_text) {
      out.notes.push_back(fmt::format("no cast is known from {} to {}: {} is converted through its text form; give another conversion with --using",
                                      a.type, b.type, describe(id)));
    }
  }

  // A column whose generation expression is new: no ALTER leads there before 17, the values are computed anew anyway.
  void regenerate(const ObjectId& id) {
    const Object& a = p_.from.objects.at(id);
    const Object& b = p_.to.objects.at(id);
    Item& out = item(id);
    regenerated_.insert(id);
    const auto script = [&](Script& into, const Database& database, const Object& object) {
      into.core.push_back(fmt::format("{} DROP COLUMN IF EXISTS {}", alter_table(database, id.schema, id.relation),
                                      sql::quote_identifier(id.name)));
      append(into.core, create_all(object, database));
    };
    script(out.forward, p_.to, b);
    script(out.undo, p_.from, a);
    out.phase = Phase::contract;
    out.work = "rewrite";
    out.grade = std::get<Column>(a.body).generated == Generated::none ? Grade::data : Grade::order;
    out.tables = with_descendants(id);
    out.touches.insert(id);
    const auto generated_as = [&](const Column& column) {
      return fmt::format("EXISTS (SELECT FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = "
                         "to_regclass({}) AND a.attname = {} AND a.attgenerated <> '' AND pg_get_expr(d.adbin, d.adrelid) = {})",
                         sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})), sql::quote_literal(id.name),
                         sql::quote_literal(column.default_expression));
    };
    out.todo = negate(generated_as(std::get<Column>(b.body)));
    const Column& old_column = std::get<Column>(a.body);
    out.undo_todo = old_column.generated == Generated::none ? generated_as(std::get<Column>(b.body)) : negate(generated_as(old_column));
    p_.done.insert(id);
    out.notes.push_back(fmt::format("{} is dropped and added with its new generation expression; its place among the columns changes", describe(id)));
  }

  // ---- columns that change through a second one

  ShadowTables shadow_tables_;
  std::set<ObjectId> shadowed_;

  void add_shadow(ShadowColumn column) {
    if (!shadowed_.insert(column.id).second) return;
    const QualifiedName table{column.id.schema, column.id.relation};
    shadow_tables_[table].push_back(std::move(column));
  }

  // The original keeps its place when it only takes a new name: then everything on it stays.
  bool winning_shadow(const ObjectId& id) const {
    auto it = shadow_tables_.find({id.schema, id.relation});
    if (it == shadow_tables_.end()) return false;
    return std::any_of(it->second.begin(), it->second.end(), [&](const ShadowColumn& c) { return c.id == id && c.shadow_wins; });
  }

  // Tables that a foreign key between two changing columns joins swap together; all others on their own.
  std::vector<ShadowTables> joined_shadow_tables() const {
    std::vector<ShadowTables> out;
    for (const auto& [table, columns] : shadow_tables_) out.push_back({{table, columns}});
    const auto group_of = [&](const QualifiedName& table) {
      return std::find_if(out.begin(), out.end(), [&](const ShadowTables& group) { return group.contains(table); });
    };
    const auto join = [&](const QualifiedName& a, const QualifiedName& b) {
      auto first = group_of(a), second = group_of(b);
      if (first == out.end() || second == out.end() || first == second) return;
      first->insert(second->begin(), second->end());
      out.erase(second);
    };
    for (const auto& [id, object] : p_.from.objects) {
      const auto* key = std::get_if<Constraint>(&object.body);
      if (key && key->type == ConstraintType::foreign_key && key->references) join({id.schema, id.relation}, *key->references);
    }
    return out;
  }

  void emit_shadows() {
    for (const ShadowTables& group : joined_shadow_tables()) {
      ShadowSwap swap = plan_shadow_columns(p_, group);
      std::vector<ObjectId> columns;
      for (const auto& [table, shadows] : group) {
        for (const ShadowColumn& shadow : shadows) {
          if (shadow.shadow_wins || &shadow == &shadows.front()) columns.push_back(shadow.id);
        }
      }
      Item& first = item(columns.front());
      first.forward.core = std::move(swap.forward);
      first.undo.core = std::move(swap.undo);
      first.undo_dress = std::move(swap.undo_dress);
      first.undo_undress = std::move(swap.undo_undress);
      first.todo = std::move(swap.todo);
      first.undo_todo = std::move(swap.undo_todo);
      first.phase = Phase::contract;
      first.grade = swap.grade;
      first.preconditions = std::move(swap.preconditions);
      first.notes = std::move(swap.notes);
      first.touches = std::move(swap.touches);
      first.provides = std::move(swap.provides);
      first.preceded_by = std::move(swap.before);
      first.followed_by = std::move(swap.after);
      for (const auto& [table, shadows] : group) {
        first.tables.push_back(table);
        for (const ShadowColumn& shadow : shadows) {
          if (shadow.two_way()) first.renamed.push_back(shadow.id);
        }
      }
      for (const ObjectId& column : columns) {
        item(column);
        unite(column, columns.front());
        // A renamed original takes its dependents along; nothing has to be made anew for it.
        if (!winning_shadow(column)) std::erase(queue_, column);
        for (const auto& type : exchanged_through_shadow_) {
          if (p_.from.objects.at(column).depends_on.contains(type)) unite(column, type);
        }
      }
    }
  }

  std::set<ObjectId> exchanged_through_shadow_;

  // Large tables hold columns of the type: the new type stands beside the old one until the swap.
  bool exchange_through_shadows(const ObjectId& id) {
    if (id.kind != Kind::enum_type && id.kind != Kind::domain) return false;
    std::vector<ObjectId> large;
    auto it = p_.dependents.find(id);
    if (it == p_.dependents.end()) return false;
    for (const ObjectId& column : it->second) {
      if (column.kind != Kind::column || !in_both(column) || direct_rewrite(column)) continue;
      const Column& body = std::get<Column>(p_.from.objects.at(column).body);
      if (body.inherited && !body.local) continue;
      large.push_back(column);
    }
    if (large.empty()) return false;
    const std::string beside = p_.spare_relation(id.schema, id.name, "new");
    const std::string old_name = p_.spare_relation(id.schema, id.name, "old");
    const auto type_named = [&](const std::string& type, const std::string& name) {
      // format_type() writes the qualified name, and [] behind it for arrays.
      return sql::quote(QualifiedName{id.schema, name}) + type.substr(quoted_name(id).size());
    };
    for (const ObjectId& column : large) {
      const Column& a = std::get<Column>(p_.from.objects.at(column).body);
      const Column& b = std::get<Column>(p_.to.objects.at(column).body);
      if (!a.type.starts_with(quoted_name(id)) || !b.type.starts_with(quoted_name(id))) continue;
      ShadowColumn shadow = shadow_for(p_, column, column.name);
      shadow.shadow_wins = true;
      shadow.shadow_type = type_named(b.type, beside);
      shadow.retired_type = type_named(a.type, old_name);
      Item scratch;
      const std::string name = sql::quote_identifier(column.name);
      shadow.up = fmt::format("{}::text::{}", name, shadow.shadow_type);
      if (id.kind == Kind::enum_type) shadow.up = mapped(column, id, shadow.shadow_type, shadow.up, scratch);
      shadow.down = fmt::format("{}::text::{}", name, shadow.retired_type);
      shadow.up_may_fail = shadow.down_may_fail = true;
      shadow.types = {{quoted_name(id), beside}};
      shadow.back_types = {{quoted_name(id), old_name}};
      exchange_grade_ = std::max(exchange_grade_, scratch.grade);
      p_.notes.insert(p_.notes.end(), scratch.notes.begin(), scratch.notes.end());
      for (Precondition& precondition : scratch.preconditions) exchange_preconditions_.push_back(std::move(precondition));
      add_shadow(std::move(shadow));
    }
    const std::string word = id.kind == Kind::domain ? "DOMAIN" : "TYPE";
    const auto make = [&](const Database& database, const std::string& name) {
      Object made = database.objects.at(id);
      made.id.name = name;
      return create_all(made, database);
    };
    const ObjectId beside_id{id.kind, id.schema, "", beside, ""}, old_id{id.kind, id.schema, "", old_name, ""};
    const auto labels_of = [&](const Database& database) {
      const auto* body = database.find_body<EnumType>(id);
      return body ? enum_labels_are(id, body->labels) : std::string();
    };
    const auto drop_type = [&](const std::string& name) { return Statements{fmt::format("DROP {} IF EXISTS {}", word, sql::quote(QualifiedName{id.schema, name}))}; };
    Operation& expand = p_.add(Phase::expand, "make beside the old", id, brief(make(p_.to, beside), all_of({absent(beside_id), absent(old_id), labels_of(p_.from)})), brief(drop_type(beside), absent(old_id)));
    expand.groupable = false;
    expand.step.preconditions = exchange_preconditions_;
    const std::size_t made = p_.operations.size() - 1;
    Item& out = item(id);
    const auto rename = [&](const std::string& a, const std::string& b) {
      return fmt::format("ALTER {} {} RENAME TO {}", word, sql::quote(QualifiedName{id.schema, a}), sql::quote_identifier(b));
    };
    out.forward.core = {rename(id.name, old_name), rename(beside, id.name)};
    out.undo.core = {rename(id.name, beside), rename(old_name, id.name)};
    out.todo = exists(beside_id);
    out.undo_todo = exists(old_id);
    out.phase = Phase::contract;
    out.grade = exchange_grade_;
    out.touches.insert(id);
    out.preceded_by.push_back(made);
    Operation& purge = p_.add(Phase::purge, "purge the old", id, brief(drop_type(old_name)), brief(make(p_.from, old_name), all_of({absent(old_id), absent(beside_id), labels_of(p_.to)})));
    purge.groupable = false;
    out.followed_by.push_back(p_.operations.size() - 1);
    type_steps_[id] = {made, p_.operations.size() - 1};
    exchanged_through_shadow_.insert(id);
    p_.done.insert(id);
    return true;
  }
  std::vector<Precondition> exchange_preconditions_;
  Grade exchange_grade_ = Grade::exact;
  std::map<ObjectId, std::pair<std::size_t, std::size_t>> type_steps_;

  void exchange_type(const ObjectId& id) {
    if (exchange_through_shadows(id)) return;
    Item& out = item(id);
    const Object& a = p_.from.objects.at(id);
    const Object& b = p_.to.objects.at(id);
    const std::string spare = p_.spare_relation(id.schema, id.name, "old");
    const QualifiedName spare_name{id.schema, spare};
    const std::string word = id.kind == Kind::domain ? "DOMAIN" : "TYPE";
    const auto users = p_.dependents.find(id);
    const bool in_columns = users != p_.dependents.end() && std::any_of(users->second.begin(), users->second.end(), [](const ObjectId& user) { return user.kind == Kind::column; });
    const auto script = [&](Script& into, const Object& target, const Database& database) {
      if (id.kind == Kind::range_type && !in_columns) {
        // Its constructors and its multirange type would keep their names when it is renamed.
        into.core = drop(target);
        append(into.core, create_all(target, database));
        return;
      }
      into.core.push_back(fmt::format("ALTER {} {} RENAME TO {}", word, quoted_name(id), sql::quote_identifier(spare)));
      append(into.core, create_all(target, database));
      into.after.push_back(fmt::format("DROP {} {}", word, sql::quote(spare_name)));
    };
    script(out.forward, b, p_.to);
    script(out.undo, a, p_.from);
    out.phase = Phase::contract;
    out.touches.insert(id);
    if (const auto* labels = std::get_if<EnumType>(&b.body)) {
      out.todo = negate(enum_labels_are(id, labels->labels));
      out.undo_todo = negate(enum_labels_are(id, std::get<EnumType>(a.body).labels));
    }
    p_.done.insert(id);
    for (const Object* member : Planner::members(p_.to, id)) p_.done.insert(member->id);
  }

  // A column of an exchanged type is converted in the same transaction.
  void retype_with(const ObjectId& column, const ObjectId& type) {
    const Column& a = std::get<Column>(p_.from.objects.at(column).body);
    const Column& b = std::get<Column>(p_.to.objects.at(column).body);
    if (a.inherited && !a.local) return;
    unite(column, type);
    if (items_.contains(column) || shadowed_.contains(column)) return;
    Item& out = item(column);
    std::string conversion = fmt::format("{}::text::{}", sql::quote_identifier(column.name), b.type);
    if (type.kind == Kind::enum_type) conversion = mapped(column, type, b.type, conversion, out);
    if (const auto* domain = p_.to.find_body<Domain>(type)) {
      conversion = convert(p_.to, sql::quote_identifier(column.name), std::get<Domain>(p_.from.objects.at(type).body).base_type,
                           domain->base_type).expression;
    }
    Conversion up{conversion, true, false, false};
    Conversion down{fmt::format("{}::text::{}", sql::quote_identifier(column.name), a.type), true, false, false};
    add_retype(out, column, a, b, up, down);
    // The name of the type stays the same, so the type's own condition says whether this is done.
    out.todo.clear();
    out.undo_todo.clear();
    out.phase = Phase::contract;
    out.work = "rewrite";
  }

  // The conversion with the user's mapping of the labels that go away, and the check that no row holds one of the others.
  std::string mapped(const ObjectId& column, const ObjectId& type, const std::string& target, const std::string& plain, Item& out) {
    const auto& old_labels = std::get<EnumType>(p_.from.objects.at(type).body).labels;
    const auto& new_labels = std::get<EnumType>(p_.to.objects.at(type).body).labels;
    const auto given = p_.options.enum_map.find(type.schema + "." + type.name);
    const std::string name = sql::quote_identifier(column.name);
    const bool array = std::get<Column>(p_.from.objects.at(column).body).type.ends_with("[]");
    std::string cases, elements = name + "::text[]";
    for (const std::string& label : old_labels) {
      if (std::find(new_labels.begin(), new_labels.end(), label) != new_labels.end()) continue;
      const std::string* replacement = nullptr;
      if (given != p_.options.enum_map.end()) {
        if (auto it = given->second.find(label); it != given->second.end()) replacement = &it->second;
      }
      if (replacement) {
        cases += fmt::format(" WHEN {} THEN {}", sql::quote_literal(label), sql::quote_literal(*replacement));
        elements = fmt::format("array_replace({}, {}, {})", elements, sql::quote_literal(label), sql::quote_literal(*replacement));
        out.grade = Grade::data;
        out.notes.push_back(fmt::format("rows of {} that hold '{}' become '{}' and stay so after a rollback", describe(column), label, *replacement));
        continue;
      }
      const std::string table = sql::quote(QualifiedName{column.schema, column.relation});
      out.preconditions.push_back({fmt::format("rows of {} that hold the removed value '{}' in {}", table, label, name),
                                   fmt::format("SELECT count(*) FROM {} WHERE {} = {}", table, sql::quote_literal(label),
                                               array ? fmt::format("ANY ({}::text[])", name) : name + "::text"),
                                   fmt::format("say what they become: --map {}.{}=NEW", type.name, label)});
    }
    if (cases.empty()) return plain;
    if (array) return fmt::format("{}::{}", elements, target);
    return fmt::format("(CASE {}::text{} ELSE {}::text END)::{}", name, cases, name, target);
  }

  // A default (or generation expression) that calls something that is made anew is taken off and put back.
  void untie_default(const ObjectId& id, const ObjectId& because) {
    unite(id, because);
    if (items_.contains(id)) return;
    if (id.kind != Kind::column) {
      if (id.kind != Kind::domain) {
        p_.refuse(fmt::format("{} must be made anew, but {} is built on it", describe(because), describe(id)));
        return;
      }
      const Domain& a = std::get<Domain>(p_.from.objects.at(id).body);
      const Domain& b = std::get<Domain>(p_.to.objects.at(id).body);
      Item& out = item(id);
      const auto script = [&](Script& into, const Domain& domain) {
        into.before.push_back(fmt::format("ALTER DOMAIN {} DROP DEFAULT", quoted_name(id)));
        if (!domain.default_expression.empty()) {
          into.after.push_back(fmt::format("ALTER DOMAIN {} SET DEFAULT {}", quoted_name(id), domain.default_expression));
        }
      };
      script(out.forward, b);
      script(out.undo, a);
      return;
    }
    const Column& a = std::get<Column>(p_.from.objects.at(id).body);
    const Column& b = std::get<Column>(p_.to.objects.at(id).body);
    if (a.generated != Generated::none) {
      if (b.generated != Generated::none && !(b.inherited && !b.local)) regenerate(id);
      unite(id, because);
      return;
    }
    if (a.default_expression.empty()) {
      p_.refuse(fmt::format("{} must be made anew, but {} is built on it: drop or retype the column first", describe(because), describe(id)));
      return;
    }
    Item& out = item(id);
    const auto script = [&](Script& into, const Column& column) {
      into.before.push_back(default_clause(id, Column{}));
      if (!column.default_expression.empty()) into.after.push_back(default_clause(id, column));
    };
    script(out.forward, b);
    script(out.undo, a);
    out.tables = {{id.schema, id.relation}};
  }

  void rebuild(const ObjectId& id) {
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

  void rebuild_dependents(const ObjectId& id, const ObjectId& table) {
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

  // ---- out

  void emit() {
    std::map<ObjectId, std::pair<std::set<ObjectId>, std::vector<const Item*>>> groups;
    for (const ObjectId& id : p_.replaced) groups[find(id)].first.insert(id);
    for (const auto& [id, entry] : items_) {
      groups[find(id)].second.push_back(&entry);
      if (id.kind == Kind::column || id.kind == Kind::domain) p_.claim(id, Aspect::default_expression);
    }
    for (const auto& [leader, group] : groups) emit_group(group.first, group.second);
  }

  // Types first, then tables, then columns: a column's new type must be there.
  static int item_rank(const Item& entry) {
    switch (entry.subject.kind) {
      case Kind::column: return 2;
      case Kind::table: return 1;
      default: return 0;
    }
  }

  void emit_group(const std::set<ObjectId>& members, std::vector<const Item*> items) {
    std::stable_sort(items.begin(), items.end(), [](const Item* a, const Item* b) { return item_rank(*a) < item_rank(*b); });
    Operation operation;
    operation.groupable = false;
    Action forward = brief({}), undo = brief({});
    std::vector<std::string> conditions, undo_conditions, titles;
    std::vector<QualifiedName> worked;
    std::string work;
    Phase phase = Phase::expand;
    const auto want_work = [&](const std::string& kind, const std::vector<QualifiedName>& tables) {
      work = kind;
      for (const QualifiedName& table : tables) {
        if (std::find(worked.begin(), worked.end(), table) == worked.end()) worked.push_back(table);
      }
    };
    std::set<QualifiedName> tables;
    std::vector<std::size_t> followers;
    const bool two_names = std::any_of(items.begin(), items.end(), [](const Item* entry) { return !entry->undo_dress.empty(); });
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
      if (id.kind == Kind::index && p_.from.find(ObjectId{Kind::table, table.schema, "", table.name, ""})) want_work("index-build", {table});
      if (const auto* constraint = std::get_if<Constraint>(&b.body)) {
        const bool check = constraint->type == ConstraintType::check || constraint->type == ConstraintType::foreign_key;
        want_work(check ? "scan" : constraint->type == ConstraintType::exclusion ? "exclusion" : "index-build", {table});
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
    for (auto it = old_order.rbegin(); it != old_order.rend(); ++it) append(drops, drop(p_.from.objects.at(*it)));
    for (auto it = new_order.rbegin(); it != new_order.rend(); ++it) append(undo_drops, drop(p_.to.objects.at(*it)));
    for (const ObjectId& id : new_order) append(creates, create_all(p_.to.objects.at(id), p_.to));
    for (const ObjectId& id : old_order) append(undo_creates, create_all(p_.from.objects.at(id), p_.from));

    Script all, all_undo;
    Statements dress, undress;
    for (const Item* entry : items) {
      append(dress, entry->undo_dress);
      append(undress, entry->undo_undress);
      append(all.before, entry->forward.before);
      append(all.core, entry->forward.core);
      append(all.after, entry->forward.after);
      append(all_undo.before, entry->undo.before);
      append(all_undo.core, entry->undo.core);
      append(all_undo.after, entry->undo.after);
      if (!entry->todo.empty()) conditions.push_back(entry->todo);
      if (!entry->undo_todo.empty()) undo_conditions.push_back(entry->undo_todo);
      phase = std::max(phase, entry->phase);
      if (!entry->forward.core.empty()) titles.push_back(entry->verb + " " + describe(entry->subject));
      if (!entry->work.empty()) want_work(entry->work, entry->tables);
      tables.insert(entry->tables.begin(), entry->tables.end());
      operation.step.grade = std::max(operation.step.grade, entry->grade);
      operation.provides.insert(entry->provides.begin(), entry->provides.end());
      for (const ObjectId& id : entry->touches) {
        operation.provides.insert(id);
        operation.removes.insert(id);
      }
      if (const Object* b = p_.to.find(entry->subject)) operation.needs.insert(b->depends_on.begin(), b->depends_on.end());
      operation.after.insert(operation.after.end(), entry->preceded_by.begin(), entry->preceded_by.end());
      followers.insert(followers.end(), entry->followed_by.begin(), entry->followed_by.end());
      auto& step = operation.step;
      step.preconditions.insert(step.preconditions.end(), entry->preconditions.begin(), entry->preconditions.end());
      step.notes.insert(step.notes.end(), entry->notes.begin(), entry->notes.end());
    }
    if (!dress.empty() && !(undo_creates.empty() && all_undo.after.empty())) {
      append(all_undo.core, dress);
      append(all_undo.after, undress);
    }
    for (auto [action, dropping, script, creating] : {std::tuple{&forward, &drops, &all, &creates}, std::tuple{&undo, &undo_drops, &all_undo, &undo_creates}}) {
      append(action->statements, *dropping);
      append(action->statements, script->before);
      append(action->statements, script->core);
      append(action->statements, *creating);
      append(action->statements, script->after);
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
      p_.allow_blocking(forward, work, plain, titles.front());
      undo.mode = Mode::blocking;
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
        if (rename != p_.renames.end()) p_.renamed_columns.push_back({id, rename->from.name, p_.operations.size()});
      }
    }
    for (const std::size_t follower : followers) p_.operations[follower].after.push_back(p_.operations.size());
    p_.operations.push_back(std::move(operation));
  }

  // Where the deployed application still relies on what goes away, the replacement waits for contract.
  static Phase replacement_phase(const Object& a, const Object& b) {
    const auto names = [](const std::vector<ViewColumn>& columns) {
      std::set<std::pair<std::string, std::string>> out;
      for (const ViewColumn& column : columns) out.emplace(column.name, column.type);
      return out;
    };
    const auto loses_columns = [&](const std::vector<ViewColumn>& x, const std::vector<ViewColumn>& y) {
      const auto old_names = names(x), new_names = names(y);
      return !std::includes(new_names.begin(), new_names.end(), old_names.begin(), old_names.end());
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
};

}  // namespace

void plan_replacements(Planner& planner) { Replacements(planner).run(); }

}  // namespace contraflow::plan
