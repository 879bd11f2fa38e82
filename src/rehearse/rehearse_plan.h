// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "plan/read_json.h"
#include "rehearse/arena.h"
#include "rehearse/evidence.h"
#include "rehearse/rehearse_file.h"

namespace contraflow::rehearse {

struct PlanOptions {
  std::string desired;  // a database with the desired schema; empty: the plan's fingerprint decides
  std::size_t most_prefixes = 60;
};

// Runs a plan by the executor that `apply` uses, on copies of the bases, under observation. `hash` is what
// pins the plan (of its plan.json).
void rehearse_plan(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                   const PlanOptions& options, Rehearsal& rehearsal,
                   const std::function<void(const std::string&)>& progress = {});

}  // namespace contraflow::rehearse
