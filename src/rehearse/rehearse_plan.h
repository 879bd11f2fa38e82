// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>

#include "catalog/model.h"
#include "plan/read_json.h"
#include "rehearse/arena.h"
#include "rehearse/evidence.h"
#include "rehearse/rehearse_file.h"

namespace contraflow::rehearse {

struct PlanOptions {
  std::string desired;  // a database with the desired schema; empty: the plan's fingerprint decides
  std::size_t most_prefixes = 60;
  bool samples = true;  // keys of rows that are in the way may be shown
};

// Columns of `before` that may hold NULL and may not after the plan: its rows must have been given values (a precondition of the plan). Found by
// running it on empty tables; nothing where it does not run.
std::set<catalog::ObjectId> columns_to_fill(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                                            const catalog::Database& before);

// Runs a plan by the executor that `apply` uses, on copies of the bases, under observation. `hash` is what
// pins the plan (of its plan.json).
void rehearse_plan(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                   const PlanOptions& options, Rehearsal& rehearsal,
                   const std::function<void(const std::string&)>& progress = {});

}  // namespace contraflow::rehearse
