// SPDX-License-Identifier: Apache-2.0
//
// Values of an enum whose labels go away, or stand in another order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

struct LabelConversion {
  std::string expression;
  Grade grade = Grade::exact;
  bool merges = false;  // rows that differ may become equal
  std::vector<std::string> notes;
  std::vector<Precondition> preconditions, undo_preconditions;
};
// What is read: a column, or a part of it (`expression`), whose values are of the type or arrays of it.
struct LabelSource {
  ObjectId column;
  std::string expression;
  bool array = false;
  std::string afterwards{};  // what is read once the plan has run; empty: the same
};
// `plain` (the conversion of what is read to `target`) with the user's mapping of the labels that go away, and the checks that no row
// holds one of the others.
LabelConversion convert_labels(const Planner& planner, const LabelSource& read, const ObjectId& type, const std::string& target, const std::string& plain);
// The same for the way back, where `plain` is the conversion to the old type: a new label goes back as the one that became it, if any did.
std::string convert_labels_back(const Planner& planner, const LabelSource& read, const ObjectId& type, const std::string& target, const std::string& plain);

// The enum or domain of the column's type, or of its elements, where that is exchanged for a new one.
std::optional<ObjectId> exchanged_type_of(const Planner& planner, const ObjectId& column);
// The names (as quoted) that the new type has until the swap, and that the old one has after it.
QualifiedName name_beside(const Planner& planner, const ObjectId& type);
QualifiedName name_retired(const Planner& planner, const ObjectId& type);

// Statements that name types by their qualified names, with other names for these.
Statements with_types(Statements statements, const std::map<QualifiedName, QualifiedName>& types);

// The table at the top of the tree of partitions.
ObjectId root_of(const catalog::Database& database, ObjectId table);

}  // namespace contraflow::plan
