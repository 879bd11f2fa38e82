// SPDX-License-Identifier: Apache-2.0
//
// A second column stands in for the first: for a new type of a large table's column, and for a new name. Expand adds it with a
// trigger that keeps both equal, backfill fills, indexes and constrains it, contract swaps the two in one brief transaction, and
// the loser stays in sync, out of the way, until purge. Going back is the same road the other way.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

struct ShadowColumn {
  ObjectId id;                // as in both schemas: the name at the end
  std::string old_name;       // what the application calls it before; id.name where it is not renamed
  std::string shadow_name;    // the second column, before the swap
  std::string retired_name;   // the loser, after it
  std::string shadow_type;    // what the second column is made of (an exchanged type has another name until the swap)
  std::string retired_type;   // what the loser is made of when it is made again on the way back from purge
  std::string up, down;       // conversions, over `old_name` and over `id.name`
  std::string computed;       // a generated column, whose value a BEFORE trigger does not see: its expression, over the table's new names; no one writes it
  std::string down_at_first;  // the second one while an exchanged type still has its own name; empty: the same
  bool up_may_fail = false, down_may_fail = false, up_changes = false, down_loses = false;
  // Exchanged types (quoted names) that have another name until the swap, and on the way back: type -> that name.
  std::map<std::string, std::string> types, back_types;
  std::vector<Precondition> down_preconditions;        // rows that have no way back
  std::vector<Precondition> up_refused, down_refused;  // rows that the conversions refuse, counted before they are written
  bool shadow_wins = true;                             // false: the original keeps its place and takes the new name; nothing is built twice
  bool plain = false;                                  // a copy of a domain's base type: the domain would give it its default, or write every row for its CHECK
  bool converted = false;                              // an original that keeps its place and takes the new type in the swap: in trees of tables, which have no second column
  // What the loser holds after the swap, over `id.name`: an original that has kept its place leaves a copy behind.
  std::string kept() const { return shadow_wins ? down : sql::quote_identifier(id.name); }
  bool two_way() const { return old_name != id.name; }  // both names are written until contract
};

// What the swap adds to a replacement's transaction, and what must come before and after it.
struct ShadowSwap {
  Statements forward, undo;
  // On the way back, around what is made anew: `from` reads as if columns had their new names already, so they have them for a moment.
  Statements undo_dress, undo_undress;
  std::string todo, undo_todo;
  std::vector<Precondition> preconditions, undo_preconditions;
  std::vector<std::string> notes;
  Grade grade = Grade::exact;
  std::vector<std::size_t> before, after;    // operations
  std::set<ObjectId> touches;                // new afterwards
  std::set<ObjectId> provides;               // columns that only have their new name
  std::optional<std::size_t> added, filled;  // operations: the second columns are there, and have their values
  struct Copy {                              // an index on second columns, beside that on the first ones
    ObjectId of;
    QualifiedName name;
    bool unique = false;
  };
  std::vector<Copy> copies;
};

// All columns of `tables` that change through a second one; the tables swap together (a foreign key may join them).
using ShadowTables = std::map<QualifiedName, std::vector<ShadowColumn>>;

// Adds the operations of all phases but the swap itself, which it returns. Of a table that is exchanged (Planner::exchanged) the columns of the first table get their second names and the
// swap makes them the only ones; there is no purge, and what stands on the second columns stays: all of it goes with the table.
// Refuses by name what it cannot do (partitioned tables, children).
ShadowSwap plan_shadow_columns(Planner& planner, const ShadowTables& tables);

// The column's shadow with names that are free, and the conversions between its two types. `keeps_place`: the original is converted where it stands.
ShadowColumn shadow_for(const Planner& planner, const ObjectId& column, const std::string& old_name, bool keeps_place = false);

// `--fill` of the column, where it becomes NOT NULL: part of the conversion `up`.
void fill_nulls(const Planner& planner, ShadowColumn& shadow);

}  // namespace contraflow::plan
