// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// Changes a column's type online: a second column of the new type, kept equal by a trigger, filled in batches, indexed and
// constrained, then swapped in one brief transaction; the old column stays, in sync, until purge.
void retype_through_shadow(Planner& planner, const ObjectId& column);

}  // namespace contraflow::plan
