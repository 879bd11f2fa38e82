// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// Owner, privileges, comment and labels, as far as nobody has taken care of them.
void alter_common(Planner& planner, const ObjectId& id);
// What is taken away is taken away in contract.
Phase privileges_phase(const std::vector<catalog::Grant>& from, const std::vector<catalog::Grant>& to);
// Comments and defaults of a view's columns.
Statements view_column_state(const Object& object);
Statements view_column_grants(const Object& from, const Object& to);

}  // namespace contraflow::plan
