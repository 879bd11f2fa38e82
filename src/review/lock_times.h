// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "review/review.h"

namespace contraflow::review {

// Every lock that blocks writes or more, in the order in which they were taken, with its time at production's
// size. The formula: the part of the time that was work on the table (rewrite, scan, index build) grows with
// the table's bytes; the rest does not.
std::vector<LockTime> lock_times(const rehearse::Rehearsal& rehearsal, double budget_ms);

// What the statement did to a table that grows with it: "rewrites it", "reads all of it", "builds an index";
// empty: nothing.
std::string work_on(const rehearse::Observation& step, const sql::QualifiedName& table);

}  // namespace contraflow::review
