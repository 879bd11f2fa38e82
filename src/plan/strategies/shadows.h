// SPDX-License-Identifier: Apache-2.0
//
// What plan_shadow_columns() does: second columns and their trigger (shadow_expand.cpp), what is built on them (shadow_members.cpp, shadow_constraints.cpp), also in the tables below theirs
// (shadow_trees.cpp), the swap and what comes after it (shadow_swap.cpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/strategies/reference_parts.h"
#include "plan/strategies/shadow.h"
#include "sql/expression.h"
#include "sql/rewrite_definition.h"

namespace contraflow::plan {

// One direction of the road: forward to the desired schema on the shadow, or back to the current one on the retired column.
struct Direction {
  const Database* target;   // the schema that is built
  std::string_view suffix;  // of indexes and constraints until they change places
  bool forward;
  const std::string& built(const ShadowColumn& column) const { return forward ? column.shadow_name : column.retired_name; }
};

class Shadows {
 public:
  Shadows(Planner& planner, const ShadowTables& tables) : p_(planner), tables_(tables) {}

  ShadowSwap run();

 private:
  Planner& p_;
  const ShadowTables& tables_;
  ShadowSwap swap_;
  Direction kForward{&p_.to, "new", true};
  Direction kBack{&p_.from, "old", false};
  std::map<QualifiedName, std::vector<std::size_t>> ready_;  // what must be done before the shadow can be built on
  std::vector<std::size_t> builds_;
  std::size_t back_first_ = 0;
  Statements drops_forward_, drops_back_;    // members that leave at the swap
  Statements places_forward_, places_back_;  // members that take their places

  static const std::vector<ShadowColumn>& none();
  const std::vector<ShadowColumn>& columns_of(const QualifiedName& table) const;
  sql::ColumnNames names(const QualifiedName& table, const Direction& direction, bool winners_only) const;
  sql::TypeNames types(const Direction& direction) const;
  bool exchanged(const QualifiedName& table) const { return p_.exchanged.contains(table_id(table)); }
  bool refused(const QualifiedName& table, const std::vector<ShadowColumn>& columns);
  bool inherited_from_elsewhere(const ShadowColumn& column) const;
  std::vector<QualifiedName> synchronised(const QualifiedName& table) const;

  // ---- in trees of tables: the second column reaches the tables below with its parent's; what they have on it by themselves is built on each

  ShadowTables heirs_;  // tables below one with a second column that takes the first one's place: the same columns, there
  void find_heirs();
  bool refused_in_tree(const QualifiedName& table, const std::vector<ShadowColumn>& columns);
  std::vector<QualifiedName> below(const QualifiedName& table) const;  // parents first; none where no second column takes the first one's place
  std::vector<QualifiedName> declared_below(const QualifiedName& table, const std::string& column, const Database& database) const;
  Statements add_column(const QualifiedName& table, const ShadowColumn& column, const std::string& name, const std::string& type, const Database& database) const;
  Statements drop_column(const QualifiedName& table, const ShadowColumn& column, const std::string& name, const Database& database) const;
  void hand_over_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, bool forward) const;
  void own_not_null_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction) const;
  void settle_below(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction) const;
  static std::vector<const Object*> tree_of(const Object& index, const Database& database);
  void build_index_tree(const QualifiedName& table, const Object& member, const Direction& direction);
  void build_key_tree(const QualifiedName& table, const Object& member, const Object& index, const Direction& direction);
  sql::ColumnNames after_swap(const QualifiedName& table, const Direction& direction) const;
  void build_part(const Object& part, const std::string& spare, const Direction& direction);
  std::string known_tables(const QualifiedName& table) const;

  static const Object* own_sequence(const ShadowColumn& column, const Database& database, const Database& other);
  static ObjectId named(const ShadowColumn& column, const std::string& name) { return catalog::column_id(column.id.schema, column.id.relation, name); }

  // Before the swap: the original still has its name and the loser's name is not there.
  static std::string not_swapped(const ShadowColumn& column) { return absent(named(column, column.retired_name)); }
  std::string before_swap(const ShadowColumn& column) const;
  bool type_stays(const ShadowColumn& column) const;
  std::string old_labels(const ShadowColumn& column) const;
  Operation& add(Phase phase, std::string verb, const ObjectId& subject, Action forward, Action undo, Grade grade = Grade::exact);

  std::string alter(const QualifiedName& table) const { return "ALTER TABLE " + sql::quote(table); }

  void expand(const QualifiedName& table, const std::vector<ShadowColumn>& columns);
  void analyze(const QualifiedName& table, const std::vector<ShadowColumn>& columns);

  // ---- members: what depends on the columns and lives on the table

  struct Members {
    std::vector<const Object*> keys, indexes, checks;
  };

  bool involves(const Object& member, const std::vector<ShadowColumn>& columns, bool winners_only) const;
  Members members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction);
  std::string gate(const QualifiedName& table, const Direction& direction) const;
  void build(const Direction& direction, std::string verb, const ObjectId& subject, Action action, Action removal, std::vector<effects::Effect> effects);
  void hold_until_contract();
  void restore(const std::string& verb, const ObjectId& subject, const Action& action);
  std::vector<std::size_t> restores_;

  bool points_at_swapped_key(const Object& member) const;
  void build_members(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Direction& direction);
  bool changes_with_columns(const QualifiedName& table, const Object& member, const std::vector<ShadowColumn>& columns, const Direction& direction) const;
  void build_index_on_second(const QualifiedName& table, const std::vector<ShadowColumn>& columns, const Object& member, const Direction& direction);
  bool identity_changes_with(const QualifiedName& table, const std::vector<ShadowColumn>& columns) const;
  bool identified_by(const Database& database, const QualifiedName& table, const std::vector<ShadowColumn>& columns) const;
  bool is_referenced(const QualifiedName& table) const;
  void describe_new_index(const QualifiedName& table, const Object& member, const Object& built);
  void find_copies(const QualifiedName& table, const std::vector<ShadowColumn>& columns);
  bool can_be_copied(const Object& member) const;
  void build_copy(const QualifiedName& table, const Object& member, const Direction& direction);
  std::vector<std::pair<QualifiedName, const Object*>> copies_;
  bool calls_over_exchanged_type(const Object& member, const std::vector<ShadowColumn>& columns) const;

  struct AroundSwap {
    Action leave, come_back;  // before the swap, and after the swap back
    Action come, leave_again;
  };
  void around_swap(const QualifiedName& table, const ObjectId& subject, AroundSwap actions, std::vector<effects::Effect> effects);
  std::vector<std::pair<std::size_t, std::size_t>> around_;

  void index_after_swap(const QualifiedName& table, const Object& member);
  void check_after_swap(const QualifiedName& table, const Object& member);
  void prove_not_null(const Direction& direction, const QualifiedName& table, const ShadowColumn& column, const std::string& spare, const std::string& todo);

  void constrain(const Direction& direction, const QualifiedName& table, const Object& member, const std::string& spare, const std::string& statement, bool validated,
                 const std::string& todo, std::vector<effects::Effect> effects);

  void constrain_partitions(const Direction& direction, const Object& member, const std::vector<ReferencePart>& parts, const std::string& spare, const std::string& todo,
                            std::vector<effects::Effect> effects);
  void build_foreign_keys(const QualifiedName& table, const Direction& direction);
  std::set<ObjectId> built_forward_, built_back_;

  void reverse_back_builds();
  void swap_scripts();

 public:
  void finish_swap(ShadowSwap& swap) const;

 private:
  void hand_over_defaults(Statements& out, const QualifiedName& table, const ShadowColumn& column, bool forward) const;
  void settle(Statements& out, const QualifiedName& table, const ShadowColumn& column, const Direction& direction, const Database& target) const;
  static Statements dressed(const Object& object, const Database& database);
  void purge(const QualifiedName& table, const std::vector<ShadowColumn>& columns);
};

}  // namespace contraflow::plan
