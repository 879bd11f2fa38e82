// SPDX-License-Identifier: Apache-2.0
//
// What a plan does to the tables that it touches, as the tests need it: which table and column of the current schema becomes which of the
// desired one, by which conversion, and in which phase. Pure: from the plan and the two schemas alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "plan/plan.h"

namespace contraflow::testgen {

using catalog::Database;
using sql::QualifiedName;

// 0: before the plan; 1 + the phase's place: after that phase.
using State = int;
constexpr State after(plan::Phase phase) { return static_cast<State>(phase) + 1; }

struct ColumnPair {
  const catalog::Column* from = nullptr;  // null: the plan adds it
  const catalog::Column* to = nullptr;    // null: the plan takes it away
  std::string old_name, new_name;
  std::string conversion;  // SQL over the old columns that gives the new contents; empty: as they are
  bool assigned = false;   // the conversion is the server's own, as in an assignment: what is too long for the new type is refused and not cut
  // The name under which the new contents stand beside the old ones until contract, and the old beside the new ones until purge; empty: none.
  std::string beside, retired;
  std::string fill;         // SQL: what rows that hold NULL get before the column is NOT NULL
  bool relabelled = false;  // the conversion is that of renamed enum values: no column has it before they are renamed
  State added = 0;          // the state from which a column that the plan adds is there
};

struct TablePair {
  const catalog::Table* from = nullptr;
  const catalog::Table* to = nullptr;
  QualifiedName old_name, new_name;
  std::vector<ColumnPair> columns;
  bool synced = false;  // a trigger of the plan keeps columns that stand beside each other in step
  bool changed = false;
  State created = 0;   // of a table that the plan makes
  State renamed = 0;   // from here on it answers to its new name
  bool lossy = false;  // a step on it gives contents up
  // The table that follows it until contract and then takes its place; the one that follows the new one from then on. Empty names: none.
  QualifiedName next, followed;
};

// One thing that rows must fulfil: `definition` names it to people.
struct Rule {
  enum class Kind { not_null,
                    check,
                    unique,
                    exclusion,
                    foreign_key } kind{};
  bool beside_another() const { return kind == Kind::unique || kind == Kind::exclusion; }  // it takes a row that is there to refuse one
  std::string name;                                                                        // of the constraint or index; of the column for NOT NULL
  std::string definition;
  std::string expression;            // check
  std::vector<std::string> columns;  // in the names of the schema that it is from
  bool by_index = false;
  bool old_side = true;  // of the current schema: holds for the old shape
  State from = 0;        // holds in the states [from, until)
  State until = 99;
};

struct Shape {
  std::vector<TablePair> tables;  // those that the plan changes, and those that they refer to
  std::vector<plan::Phase> phases;
  State contract = 99;  // the first state in which the old version's names may be gone
  State last = 0;
};

Shape shape_of(const plan::Plan& plan, const Database& from, const Database& to);
std::vector<Rule> rules_of(const TablePair& table, const plan::Plan& plan, const Shape& shape, const Database& from, const Database& to);

// The values of an enum type ("public.tier", quoted) that the plan renames: old label, new label.
std::vector<std::pair<std::string, std::string>> renamed_labels(const plan::Plan& plan, const std::string& type);

// The state after the last (or first) step whose title or statements hold the text, on this table; 0: none.
State state_of(const plan::Plan& plan, const TablePair* table, const std::vector<std::string>& needles, bool first = false);

}  // namespace contraflow::testgen
