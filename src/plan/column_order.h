// SPDX-License-Identifier: Apache-2.0
//
// Columns are told apart by name, but for a few places that go by their order.
#pragma once

#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

// Tables (quoted names) whose columns stand in another order after the plan than in the desired schema.
std::vector<std::string> tables_in_other_order(const Planner& planner);

// Says where the server lists columns in the order in which they stand, not in which they were written: that changes nothing.
void note_listed_columns(Planner& planner, const std::vector<std::string>& tables);

// `FROM t AS a (x, y)` names columns by position: a view or routine that is made while they stand in another order would read others. Refused by name.
void refuse_columns_by_position(Planner& planner, const std::vector<std::string>& tables);

}  // namespace contraflow::plan
