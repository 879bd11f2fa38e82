// SPDX-License-Identifier: Apache-2.0
//
// The whole database in an order in which it loads. Dependencies come from the model (pg_depend and
// ownership) and from what the syntax itself needs; cycles are broken where SQL has a form for it: a default
// set later, a view made first with empty columns, a type made first as a shell.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <stdexcept>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

// Everything of one phase is made before anything of the next. Foreign keys need unique indexes that are
// complete on all partitions; event triggers must not see the rest; default privileges must not colour it.
enum class Phase { main,
                   foreign_keys,
                   attached,
                   last };

Phase phase_of(const Object& object) {
  switch (object.id.kind) {
    case Kind::constraint:
      return std::get<Constraint>(object.body).type == ConstraintType::foreign_key ? Phase::foreign_keys
                                                                                   : Phase::main;
    case Kind::trigger:
    case Kind::policy:
    case Kind::publication:
    case Kind::subscription:
      return Phase::attached;
    case Kind::event_trigger:
    case Kind::default_privileges:
      return Phase::last;
    default:
      return Phase::main;
  }
}

class Order {
 public:
  explicit Order(const Database& database) : database_(database) {
    for (const auto& [id, object] : database.objects)
      if (id.kind != Kind::column && phase_of(object) == Phase::main) nodes_.push_back(&object);
    for (std::size_t i = 0; i < nodes_.size(); ++i) index_[nodes_[i]->id] = i;
    for (const auto* object : nodes_) {
      if (id_is_relation(object->id)) relations_[{object->id.schema, object->id.name}] = index_[object->id];
      if (object->id.kind == Kind::constraint)
        if (const auto& name = std::get<Constraint>(object->body).index_name; !name.empty())
          backing_[{object->id.schema, name}] = index_[object->id];
    }
    for (const auto* object : nodes_) {
      const ObjectId& id = object->id;
      if (id.kind == Kind::domain_constraint) checks_.emplace(relation_id(Kind::domain, id.schema, id.relation), index_[id]);
    }
    edges_.resize(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) collect_edges(i);
  }

  Statements statements() {
    std::vector<std::size_t> open(nodes_.size());
    std::vector<std::vector<std::size_t>> dependents(nodes_.size());
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      open[i] = edges_[i].size();
      for (std::size_t needed : edges_[i]) dependents[needed].push_back(i);
      if (open[i] == 0) ready.push(i);
    }
    std::vector<bool> done(nodes_.size());
    std::size_t left = nodes_.size();
    while (left > 0) {
      if (ready
              .empty()) {  // every node that is left waits for another one: break the first cycle that can be
        std::size_t broken = break_cycle(done);
        for (std::size_t needed : dropped_) {
          auto& list = dependents[needed];
          list.erase(std::remove(list.begin(), list.end(), broken), list.end());
          if (!done[needed]) --open[broken];
        }
        for (std::size_t waiting : released_) {
          auto& list = dependents[broken];
          list.erase(std::remove(list.begin(), list.end(), waiting), list.end());
          edges_[waiting].erase(broken);
          if (--open[waiting] == 0) ready.push(waiting);
        }
        if (open[broken] == 0 && !dropped_.empty()) ready.push(broken);
        continue;
      }
      std::size_t i = ready.top();
      ready.pop();
      if (done[i]) continue;
      done[i] = true;
      --left;
      emit(i);
      for (std::size_t waiting : dependents[i])
        if (--open[waiting] == 0) ready.push(waiting);
    }
    append(out_, deferred_);
    append(out_, deferred_last_);
    return std::move(out_);
  }

  // In the order in which they were made.
  const std::vector<const Object*>& made() const { return made_; }

 private:
  static bool id_is_relation(const ObjectId& id) {
    return id.kind == Kind::table || id.kind == Kind::foreign_table || id.kind == Kind::view ||
           id.kind == Kind::materialized_view;
  }

  std::optional<std::size_t> node_of(const ObjectId& id) const {
    if (id.kind == Kind::column) return relation_node({id.schema, id.relation});
    if (id.kind == Kind::index)
      if (auto it = backing_.find({id.schema, id.name}); it != backing_.end()) return it->second;
    auto it = index_.find(id);
    return it == index_.end() ? std::nullopt : std::optional(it->second);
  }
  std::optional<std::size_t> relation_node(const QualifiedName& name) const {
    auto it = relations_.find(name);
    return it == relations_.end() ? std::nullopt : std::optional(it->second);
  }

  void edge(std::size_t from, std::optional<std::size_t> to) {
    if (to && *to != from) edges_[from].insert(*to);
  }
  // No CHECK can be tested, nor be added as valid, once a column holds its domain inside an array or a composite type: checks come before whoever uses the
  // domain, where they need not wait for it themselves (see wait_no_longer).
  void edges(std::size_t from, const std::set<ObjectId>& ids) {
    for (const auto& id : ids) {
      edge(from, node_of(id));
      if (id.kind != Kind::domain || nodes_[from]->id.kind == Kind::domain_constraint) continue;
      const auto [first, last] = checks_.equal_range(id);
      for (auto check = first; check != last; ++check) edge(from, check->second);
    }
  }

  void collect_edges(std::size_t i) {
    const Object& object = *nodes_[i];
    const ObjectId& id = object.id;
    if (const auto* sequence = std::get_if<Sequence>(&object.body)) {
      for (const auto& needed : object.depends_on)  // OWNED BY comes later
        if (!(sequence->owned_by &&
              (needed == *sequence->owned_by ||
               node_of(needed) == relation_node({sequence->owned_by->schema, sequence->owned_by->relation}))))
          edge(i, node_of(needed));
    } else {
      edges(i, object.depends_on);
    }
    if (!id.schema.empty()) edge(i, node_of(ObjectId{Kind::schema, "", "", id.schema, ""}));
    if (!id.relation.empty() && id.kind == Kind::domain_constraint)
      edge(i, node_of(relation_id(Kind::domain, id.schema, id.relation)));
    else if (!id.relation.empty() && id.kind != Kind::user_mapping)
      edge(i, relation_node({id.schema, id.relation}));
    for (const auto& parent : parents_of(object)) edge(i, relation_node(parent));
    if (id.kind == Kind::table || id.kind == Kind::foreign_table)
      for (const auto& column : columns_of(database_, id.schema, id.name))
        edges(i, column.object->depends_on);
    if (const auto* index = std::get_if<Index>(&object.body)) {
      edge(i, relation_node({id.schema, index->table}));
      if (index->parent)
        edge(i, node_of(ObjectId{Kind::index, index->parent->schema, "", index->parent->name, ""}));
    }
    if (id.kind == Kind::constraint)
      if (const Object* index = backing_index(object, database_)) {
        const auto& body = std::get<Index>(index->body);
        edges(i, index->depends_on);
        if (body.parent)
          edge(i, node_of(ObjectId{Kind::index, body.parent->schema, "", body.parent->name, ""}));
      }
    if (const auto* extension = std::get_if<Extension>(&object.body))
      edge(i, node_of(ObjectId{Kind::schema, "", "", extension->schema, ""}));
  }

  // A cycle among the nodes that are not done: follows needs until one repeats.
  std::vector<std::size_t> find_cycle(const std::vector<bool>& done) const {
    std::size_t i = 0;
    while (done[i]) ++i;
    std::vector<std::size_t> path;
    std::map<std::size_t, std::size_t> seen;
    while (!seen.contains(i)) {
      seen[i] = path.size();
      path.push_back(i);
      i = *std::find_if(edges_[i].begin(), edges_[i].end(),
                        [&](std::size_t needed) { return !done[needed]; });
    }
    return {path.begin() + static_cast<std::ptrdiff_t>(seen[i]), path.end()};
  }

  // Breaks one cycle. `released_`: nodes that need not wait for the returned one any more; `dropped_`: nodes
  // that the returned one need not wait for any more.
  std::size_t break_cycle(const std::vector<bool>& done) {
    const auto cycle = find_cycle(done);
    released_.clear();
    dropped_.clear();
    for (std::size_t k = 0; k < cycle.size(); ++k)
      if (wait_no_longer(cycle[k], cycle[(k + 1) % cycle.size()])) return cycle[k];
    for (std::size_t k = 0; k < cycle.size(); ++k)
      if (make_shell(cycle[k], cycle[(k + cycle.size() - 1) % cycle.size()])) return cycle[k];
    for (std::size_t k = 0; k < cycle.size(); ++k)
      if (defer_defaults(cycle[k], cycle[(k + 1) % cycle.size()])) return cycle[k];
    for (std::size_t k = 0; k < cycle.size(); ++k)
      if (make_dummy(cycle[k], cycle[(k + cycle.size() - 1) % cycle.size()])) return cycle[k];
    std::string names;
    for (std::size_t i : cycle) names += (names.empty() ? "" : " -> ") + describe(nodes_[i]->id);
    throw std::logic_error("dependency cycle that cannot be broken: " + names);
  }

  // A function that a domain's CHECK calls, or what that one needs, does not wait for the CHECK.
  bool wait_no_longer(std::size_t i, std::size_t needed) {
    if (nodes_[needed]->id.kind != Kind::domain_constraint || nodes_[i]->depends_on.contains(nodes_[needed]->id)) return false;
    edges_[i].erase(needed);
    dropped_ = {needed};
    return true;
  }

  bool make_shell(std::size_t i, std::size_t waiting) {
    const Kind kind = nodes_[i]->id.kind;
    if (kind != Kind::base_type && kind != Kind::range_type) return false;
    const std::string shell = "CREATE TYPE " + quoted_name(nodes_[i]->id);
    if (early_.insert(i).second) out_.push_back(shell);
    released_ = {waiting};
    return true;
  }

  bool make_dummy(std::size_t i, std::size_t waiting) {
    if (nodes_[i]->id.kind != Kind::view) return false;
    if (early_.insert(i).second) append(out_, create_dummy_view(*nodes_[i]));
    released_ = {waiting};
    return true;
  }

  // Defaults of the table's columns that need `needed` are set at the end.
  bool defer_defaults(std::size_t i, std::size_t needed) {
    const ObjectId& id = nodes_[i]->id;
    if (id.kind != Kind::table && id.kind != Kind::foreign_table) return false;
    const Kind kind = nodes_[needed]->id.kind;
    if (kind != Kind::routine && kind != Kind::sequence && kind != Kind::operator_ && kind != Kind::cast)
      return false;
    bool found = false;
    for (const auto& [object, column] : columns_of(database_, id.schema, id.name)) {
      if (column->default_expression.empty() || column->generated != Generated::none) continue;
      const bool needs = std::any_of(object->depends_on.begin(), object->depends_on.end(),
                                     [&](const ObjectId& on) { return node_of(on) == needed; });
      if (!needs) continue;
      found = true;
      without_default_.insert(object->id);
    }
    if (!found) return false;
    edges_[i].erase(needed);
    dropped_ = {needed};
    return true;
  }

  void emit(std::size_t i) {
    const Object& object = *nodes_[i];
    made_.push_back(&object);
    switch (object.id.kind) {
      case Kind::view:
        append(out_, create_view(object, early_.contains(i)));
        return;
      case Kind::materialized_view:
        // Filled at the end: a function in it may read what pg_depend does not know of.
        append(out_, create_materialized_view(object, false));
        if (std::get<MaterializedView>(object.body).populated)
          (reads_unseen(i) ? deferred_last_ : deferred_)
              .push_back("REFRESH MATERIALIZED VIEW " + quoted_name(object.id));
        return;
      case Kind::base_type:
      case Kind::range_type: {
        const auto& statements = std::get<Generic>(object.body).create;
        const bool has_shell =
            !statements.empty() && statements.front() == "CREATE TYPE " + quoted_name(object.id);
        for (std::size_t k = early_.contains(i) && has_shell ? 1 : 0; k < statements.size(); ++k)
          out_.push_back(statements[k]);
        return;
      }
      case Kind::table:
      case Kind::foreign_table: {
        emit_table(object);
        return;
      }
      case Kind::index: {
        const auto& index = std::get<Index>(object.body);
        if (!index.valid && !index.partitioned) return;
        break;
      }
      case Kind::constraint:
        if (made_inline(object)) return;
        break;
      default:
        break;
    }
    append(out_, create(object, database_));
  }

  // Whether a function lies on the way to what the view reads: what the function's body reads is not in
  // pg_depend.
  bool reads_unseen(std::size_t i) const {
    std::set<std::size_t> seen{i};
    std::vector<std::size_t> open{i};
    while (!open.empty()) {
      const std::size_t k = open.back();
      open.pop_back();
      if (nodes_[k]->id.kind == Kind::routine) return true;
      for (const auto& id : nodes_[k]->depends_on) {
        const auto node = node_of(id);
        if (!node || nodes_[*node]->id.kind == Kind::table || !seen.insert(*node).second) continue;
        open.push_back(*node);
      }
    }
    return false;
  }

  // From 18 on a validated NOT NULL has a name and comes with its column.
  bool made_inline(const Object& object) const {
    const auto& constraint = std::get<Constraint>(object.body);
    return constraint.type == ConstraintType::not_null && constraint.validated &&
           constraint.columns.size() == 1 &&
           database_.find(column_id(object.id.schema, object.id.relation, constraint.columns[0]));
  }

  void emit_table(const Object& object) {
    const auto& id = object.id;
    std::vector<const Object*> deferred;
    for (const auto& column : columns_of(database_, id.schema, id.name))
      if (without_default_.contains(column.object->id)) deferred.push_back(column.object);
    if (deferred.empty()) {
      append(out_, create(object, database_));
      return;
    }
    // The same table in a database of its own, without those defaults.
    Database copy;
    copy.server_version = database_.server_version;
    copy.objects.emplace(id, object);
    auto relevant = [&](const QualifiedName& table) {
      if (const Object* relation = find_relation(database_, table))
        copy.objects.emplace(relation->id, *relation);
      for (const auto& column : columns_of(database_, table.schema, table.name))
        copy.objects.emplace(column.object->id, *column.object);
    };
    relevant({id.schema, id.name});
    for (const auto& parent : parents_of(object)) relevant(parent);
    Statements defaults;
    for (const Object* column : deferred) {
      auto& body = std::get<Column>(copy.objects.at(column->id).body);
      defaults.push_back(fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {} SET DEFAULT {}", quoted_name(id),
                                     sql::quote_identifier(column->id.name), body.default_expression));
      body.default_expression.clear();
    }
    append(out_, create(object, copy));
    deferred_.insert(deferred_.begin(), defaults.begin(), defaults.end());
  }

  const Database& database_;
  std::vector<const Object*> nodes_;
  std::map<ObjectId, std::size_t> index_;
  std::map<QualifiedName, std::size_t> relations_;
  std::map<QualifiedName, std::size_t> backing_;  // index name -> its constraint
  std::multimap<ObjectId, std::size_t> checks_;   // domain -> its CHECKs
  std::vector<std::set<std::size_t>> edges_;      // what each node needs
  std::set<std::size_t> early_;                   // shells and dummy views that exist
  std::set<ObjectId> without_default_;
  std::vector<std::size_t> released_, dropped_;
  Statements out_, deferred_, deferred_last_;
  std::vector<const Object*> made_;
};

// A partition's copy of its parent's foreign key has the parent's name unless it was there before and was
// adopted (tryAttachPartitionForeignKey()): made before the parent's, it is adopted again.
Statements named_partition_keys(const Database& database) {
  Statements statements;
  for (const auto& [id, object] : database.objects) {
    const auto* key = std::get_if<Constraint>(&object.body);
    if (!key || key->type != ConstraintType::foreign_key || !key->inherited || key->local) continue;
    if (key->parent.empty() || key->parent == id.name) continue;
    Object own = object;
    std::get<Constraint>(own.body).inherited = false;
    append(statements, create(own, database));
  }
  return statements;
}

}  // namespace

Statements create_database(const Database& database) {
  Order order(database);
  Statements statements = order.statements();
  std::vector<const Object*> made = order.made();
  auto phase = [&](Phase wanted) {
    for (const auto& [id, object] : database.objects)
      if (id.kind != Kind::column && phase_of(object) == wanted) {
        append(statements, create(object, database));
        made.push_back(&object);
      }
  };
  append(statements, named_partition_keys(database));
  phase(Phase::foreign_keys);
  phase(Phase::attached);
  for (const Object* object : made)
    if (object->id.kind != Kind::sequence) append(statements, describe_state(*object, database));
  for (const Object* object : made)  // their tables have their owners by now
    if (object->id.kind == Kind::sequence) append(statements, describe_state(*object, database));
  for (const auto& [id, object] : database.objects)
    if (phase_of(object) == Phase::last && id.kind == Kind::default_privileges)
      append(statements, create_all(object, database));
  for (const auto& [id, object] : database.objects)
    if (phase_of(object) == Phase::last && id.kind == Kind::event_trigger)
      append(statements, create_all(object, database));
  return statements;
}

}  // namespace contraflow::catalog
