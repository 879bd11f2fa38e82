// SPDX-License-Identifier: Apache-2.0
//
// A materialized view whose table swaps a column, or is exchanged: it goes on showing what it holds, from the column that stepped aside, while the new
// one is computed beside it; then the two change places in one brief transaction. The way back likewise.
#pragma once

#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

struct ViewExchange {
  std::vector<std::size_t> before, after;  // operations around the swap
};
// The view must be in both schemas, with the same definition, and so must everything that depends on it; false where that is not so.
bool can_stand_beside(const Planner& planner, const ObjectId& view);
ViewExchange plan_second_view(Planner& planner, const ObjectId& view);

}  // namespace contraflow::plan
