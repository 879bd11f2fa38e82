// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// What was computed with the old function is not computed again by itself. `replaced`: the operation that changes it.
void renew_stored_results(Planner& planner, const ObjectId& routine, std::size_t replaced);

}  // namespace contraflow::plan
