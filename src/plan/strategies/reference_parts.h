// SPDX-License-Identifier: Apache-2.0
//
// Foreign keys of partitioned tables. Before PostgreSQL 18 they cannot be added NOT VALID: each partition gets its own, which is validated
// without blocking, and the parent's then adopts these and reads nothing.
#pragma once

#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

struct ReferencePart {
  ObjectId id;        // the partition's copy
  bool leaf = false;  // the partition holds rows; one that is partitioned itself gets its copy with the parent's
};
// The copies of a foreign key in the partitions of its table at every level; none where the table is not partitioned.
std::vector<ReferencePart> reference_parts(const Database& database, const Object& key);

// How a foreign key that was taken off is put back: at once, without reading rows, and what is to follow, each in a transaction of its own.
struct ReferenceReturn {
  struct Later {
    ObjectId id;
    Action action;
  };
  Statements remove;  // also what an interrupted run left
  Statements add;
  std::vector<Later> later;
};
ReferenceReturn reference_return(const Database& database, const Object& key);

}  // namespace contraflow::plan
