// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "review/review.h"

namespace contraflow::review {

// What was seen in the rehearsal and hurts in production.
std::vector<Finding> observed_findings(const rehearse::Rehearsal& rehearsal,
                                       const std::vector<LockTime>& locks, double budget_ms);

}  // namespace contraflow::review
