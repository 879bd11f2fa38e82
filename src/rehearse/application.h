// SPDX-License-Identifier: Apache-2.0
//
// The application beside the migration: its queries in every state, and its traffic while it runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "rehearse/arena.h"
#include "rehearse/evidence.h"
#include "rehearse/migration.h"
#include "rehearse/queries.h"
#include "rehearse/rehearse_file.h"

namespace contraflow::rehearse {

struct ApplicationOptions {
  std::vector<AppQuery> queries;  // deployed and next
  bool traffic = false;
  bool compare_naive = false;
  int connections = 4;
  double rate = 200;
  double budget_ms = 250;
  std::chrono::milliseconds reader_holds{1500};
  std::chrono::milliseconds migration_budget{120'000};
};

// After rehearse_file(): queries before, between and after its statements, and after its rollback; then the
// traffic.
void application_beside_file(Arena& arena, const Bases& bases, const Migration& migration,
                             const ApplicationOptions& options, Rehearsal& rehearsal,
                             const std::function<void(const std::string&)>& progress);

// After rehearse_plan(): the deployed version's queries up to the gate before contract, the next version's
// from there on.
void application_beside_plan(Arena& arena, const Bases& bases, const plan::Plan& plan,
                             const std::string& hash, const ApplicationOptions& options, Rehearsal& rehearsal,
                             const std::function<void(const std::string&)>& progress);

}  // namespace contraflow::rehearse
