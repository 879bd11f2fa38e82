// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "plan/planner.h"

namespace contraflow::plan {

// A validated CHECK on the default partition that keeps ATTACH PARTITION of a sibling from reading it under ACCESS EXCLUSIVE.
struct DefaultProof {
  ObjectId table, check;            // empty where there is no default partition, or only a small one
  std::vector<std::size_t> before;  // operations that the attachment must follow
  std::vector<Precondition> preconditions;
  std::optional<ObjectId> holds_rows;  // the default partition, which held such rows before and would again
};
// For a partition of the desired schema that its parent does not have yet.
DefaultProof prove_default_excludes(Planner& planner, Phase phase, const ObjectId& partition);
// On the way back: what was written into the new partition goes to the default one, when it has left its parent and before it is dropped. No trigger of the user's fires.
Statements rows_to_default(const Planner& planner, const DefaultProof& proof, const ObjectId& partition);
void drop_default_proof(Planner& planner, Phase phase, const DefaultProof& proof, std::size_t attached);

// A table joins a partitioned one, leaves it, or changes its bound.
void change_partition(Planner& planner, const ObjectId& table, const std::optional<QualifiedName>& old_parent, const std::string& old_bound,
                      const std::optional<QualifiedName>& new_parent, const std::string& new_bound);
// A partition that is dropped leaves its parent first. `leaving`: it and its members.
void detach_before_drop(Planner& planner, const ObjectId& table, const std::set<ObjectId>& leaving);

// Once all operations are there: a partition whose bound overlaps that of one that leaves, or moves, comes after that.
void order_partitions(Planner& planner);

}  // namespace contraflow::plan
