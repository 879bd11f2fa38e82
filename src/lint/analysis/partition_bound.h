// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lint/schema.h"
#include "lint/tree.h"

namespace contraflow::lint {

enum class Implied { no,
                     yes,
                     unknown };

// Whether the validated CHECKs and NOT NULLs of a table imply that all of its rows are within the bound, so that ATTACH PARTITION need not
// read them: PartConstraintImpliedByRelConstraint().
Implied bound_is_implied(const Relation& child, const Relation& parent, const PgQuery__PartitionBoundSpec& bound);
// Whether they imply that none of a default partition's rows is within it.
Implied bound_is_excluded(const Relation& default_partition, const Relation& parent, const PgQuery__PartitionBoundSpec& bound);

}  // namespace contraflow::lint
