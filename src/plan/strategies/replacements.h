// SPDX-License-Identifier: Apache-2.0
//
// What is dropped and made again in one transaction, and what changes with it: which objects it takes (replace_seeds.cpp, replace_spread.cpp), what each of
// them does (replace_columns.cpp, replace_types.cpp, replace_tables.cpp), and the steps (replace_emit.cpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/planner.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/replace.h"
#include "plan/strategies/shadow.h"

namespace contraflow::plan {

// One direction of a change inside a replacement's transaction: `before` runs with the objects still dropped or not yet touched, `core` after all
// dependents are gone, `after` when they are back, `last` when all of these have run.
struct Stages {
  Statements before, core, after, last;
};

struct Item {
  ObjectId subject;
  std::string verb = "change";
  Stages forward, undo;
  Statements undo_dress, undo_undress;  // around the making anew on the way back
  std::string todo, undo_todo;
  Phase phase = Phase::expand;
  Grade grade = Grade::exact;
  std::string work;            // the --allow-blocking kind where the item does work that grows with the data; empty: none
  bool undo_rewrites = false;  // `work` that only the way back does
  std::vector<QualifiedName> tables;
  std::vector<QualifiedName> worked;  // those among them that `work` reads or writes; empty: all
  std::set<ObjectId> touches;         // objects (in both schemas) that have their new form afterwards
  std::set<ObjectId> provides, needs, carries;
  std::vector<ObjectId> renamed;
  std::vector<Precondition> preconditions, undo_preconditions;
  std::vector<std::string> notes;
  std::vector<std::size_t> preceded_by, followed_by;  // operations
};

class Replacements {
 public:
  explicit Replacements(Planner& planner) : p_(planner) {}

  void run();

 private:
  Planner& p_;
  std::vector<ObjectId> queue_;
  std::map<ObjectId, Item> items_;
  std::map<ObjectId, ObjectId> leader_;  // union-find over members and items
  std::set<ObjectId> causes_;            // replaced for a reason of their own

  ObjectId find(const ObjectId& id);
  void unite(const ObjectId& a, const ObjectId& b) { leader_[find(a)] = find(b); }

  bool in_both(const ObjectId& id) const { return p_.from.find(id) && p_.to.find(id); }

  void replace(const ObjectId& id);

  std::set<ObjectId> retyped_;  // columns whose type changes

  std::set<ObjectId> exchanged_;  // tables, as they were, with their partitions and members

  void find_second_tables();
  void read_by_others(const ObjectId& id, const ObjectId& table, const std::set<ObjectId>& family);

  std::set<ObjectId> beside_;  // materialized views that are computed anew beside the old ones

  bool stands_beside(const ObjectId& view, const ObjectId& swap);
  void find_seeds();
  void join_routines();

  std::map<ObjectId, std::pair<std::string, std::string>> rebound_;  // conditions of what is made anew with the same text

  bool calls_another_overload(const Object& before, const Object& after) const;
  void find_rebound();
  void go_with_callers(const ObjectId& id);
  void order_type_steps();
  bool must_be_rebuilt(const ObjectId& id, const std::set<Aspect>& aspects) const;
  bool must_be_replaced(const ObjectId& id, const std::set<Aspect>& aspects, const Object& a, const Object& b) const;
  bool built_beside(const ObjectId& id, const catalog::Constraint& a, const catalog::Constraint& b) const;

  // ---- what hangs on it

  void spread(const ObjectId& id);
  bool rides_along(const ObjectId& id, const Object& object) const;
  bool incompatible_key(const catalog::Constraint& key, const ObjectId& id) const;
  void pull_in(const ObjectId& dependent, const ObjectId& because);
  void join_riders();
  void add_with_their_sources();

  // ---- items

  std::set<ObjectId> regenerated_;

  Item& item(const ObjectId& subject);
  std::vector<QualifiedName> with_descendants(const ObjectId& column) const;
  static std::string set_type(const Database& database, const ObjectId& id, const catalog::Column& column, const std::string& conversion);
  static std::string default_clause(const ObjectId& id, const catalog::Column& column);
  bool renamed(const ObjectId& id) const;
  bool is_free(const ObjectId& id) const;
  bool computes_index(const ObjectId& id) const;
  void find_partners();
  std::set<ObjectId> beside_partner_;  // changes through a second column because the other end of a foreign key does
  void retype(const ObjectId& id);
  bool converts_by_query(const ObjectId& id) const;
  bool direct_rewrite(const ObjectId& id) const;
  bool keeps_place(const ObjectId& id) const;
  void convert_in_swap(Item& swap, const ObjectId& id);
  void expect_convertible(Item& out, const ObjectId& id) const;
  void add_retype(Item& out, const ObjectId& id, const catalog::Column& a, const catalog::Column& b, const Conversion& up, const Conversion& down);
  void regenerate(const ObjectId& id);

  // ---- columns that change through a second one

  ShadowTables shadow_tables_;
  std::set<ObjectId> shadowed_;
  std::set<ObjectId> converted_;  // of those, the originals that keep their place and take the new type in the swap

  std::set<ObjectId> heirs_;  // copies of such columns in the tables below

  void add_shadow(ShadowColumn column);
  bool winning_shadow(const ObjectId& id) const;
  bool only_renamed(ObjectId id) const;
  std::vector<ShadowTables> joined_shadow_tables() const;
  void emit_shadows();

  std::set<ObjectId> exchanged_through_shadow_;

  void take_with_checks(const ObjectId& type);
  bool exchange_through_shadows(const ObjectId& id);
  std::vector<Precondition> exchange_preconditions_;
  Grade exchange_grade_ = Grade::exact;
  std::map<ObjectId, std::pair<std::size_t, std::size_t>> type_steps_;

  void exchange_type(const ObjectId& id);
  struct BuiltOn {
    ObjectId enum_type;  // or whatever lies at the bottom
    int depth;
  };
  std::map<ObjectId, BuiltOn> built_on_;  // types that are exchanged because they are built on another
  void exchange_composites_beside(const ObjectId& labels, const std::string& beside, const std::string& old_type, std::size_t made, std::size_t purged);
  void exchange_with(const ObjectId& id, const ObjectId& base);
  std::string convert_built(const ObjectId& column, const ObjectId& type, const std::string& target, Item& out, const std::string& labels_as = {});
  std::string convert_built_back(const ObjectId& column, const ObjectId& type, const std::string& target, const std::string& plain) const;
  static void take_labels(LabelConversion& conversion, Item& out);
  void retype_with(const ObjectId& column, const ObjectId& type);
  void give_up_domains(const ObjectId& id);
  // A column and the name that it has while it is read.
  struct ReadColumn {
    ObjectId id;
    std::string name;
  };

  std::string mapped(const ReadColumn& read, const ObjectId& type, const std::string& target, const std::string& plain, Item& out);
  void untie_default(const ObjectId& id, const ObjectId& because);
  void rebuild(const ObjectId& id);
  void rebuild_dependents(const ObjectId& id, const ObjectId& table);

  // ---- out

  void emit();
  int item_rank(const Item& entry) const;
  static std::vector<ObjectId> parts_of_indexes(const std::vector<ObjectId>& indexes, const Database& database);
  static std::set<ObjectId> called_by(const std::vector<const Item*>& items, const std::set<ObjectId>& members, const Database& database);
  bool proven_later(const ObjectId& id, const catalog::Constraint& constraint) const;
  void prove(const ObjectId& id, Phase phase, std::size_t group);
  void emit_group(const std::set<ObjectId>& members, std::vector<const Item*> items);
  static Phase replacement_phase(const Object& a, const Object& b);
};

}  // namespace contraflow::plan
