// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/shadow.h"

#include "catalog/object_id.h"

namespace contraflow::plan {

void retype_through_shadow(Planner& planner, const ObjectId& column) {
  planner.refuse("changing the type of " + catalog::describe(column) + " rewrites a large table; allow it with --allow-blocking rewrite");
}

}  // namespace contraflow::plan
