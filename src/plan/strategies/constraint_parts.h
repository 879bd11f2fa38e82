// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

inline bool from_parent(const catalog::Constraint& constraint) { return constraint.inherited && !constraint.local; }
// The table of the constraint is partitioned.
bool partitioned(const Database& database, const ObjectId& constraint);
// A foreign key or CHECK. The operations come in pairs whose other half is the undo of a dropped one: `adding` says which.
void add_or_restore(Planner& planner, const ObjectId& constraint, bool adding);
// A foreign key whose other end loses its contents in purge: rows that point at nothing then keep it from being validated on the way back, but not from being there. The condition
// under which it can be; empty where nothing is lost.
std::string while_rows_point(const Planner& planner, const ObjectId& constraint, const catalog::Constraint& body);
// CHECKs that are NOT VALID in one schema and nobody has taken care of; and, once their own operations are there, which of their copies are valid.
std::vector<ObjectId> checks_with_copies(const Planner& planner);
void follow_checks(Planner& planner, const std::vector<ObjectId>& checks);

}  // namespace contraflow::plan
