// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plan/plan.h"

namespace contraflow::plan {

inline constexpr int kPlanFormat = 1;

// plan.json: phases, steps, gates, effects, undo grades, fingerprints, and the hash of every SQL file, which `apply` compares.
std::string plan_json(const Plan& plan, const std::string& tool_version);

}  // namespace contraflow::plan
