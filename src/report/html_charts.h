// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "review/review.h"

namespace contraflow::report {

// A lane a table: every lock by mode (colour and pattern) over the time of the run. Bars take the keyboard's
// focus and say what they are.
std::string lock_chart(const review::Review& review);
// How long queries took while the statements ran, against the budget.
std::string stall_chart(const rehearse::TrafficRun& run, double budget_ms);

}  // namespace contraflow::report
