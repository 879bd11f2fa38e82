// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// The key of a partition that belongs to its parent's.
bool is_partition_key(const Database& database, const ObjectId& key);
void add_partition_key(Planner& planner, const ObjectId& key);
// The parent's key goes and takes its partitions' along: operations whose undo brings these back. They must come before the parent's.
std::vector<std::size_t> return_partition_keys(Planner& planner, const ObjectId& parent_key);

}  // namespace contraflow::plan
