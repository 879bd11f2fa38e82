// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

inline bool from_parent(const catalog::Constraint& constraint) { return constraint.inherited && !constraint.local; }
// The table of the constraint is partitioned.
bool partitioned(const Database& database, const ObjectId& constraint);
// A foreign key or CHECK. The operations come in pairs whose other half is the undo of a dropped one: `adding` says which.
void add_or_restore(Planner& planner, const ObjectId& constraint, bool adding);

}  // namespace contraflow::plan
