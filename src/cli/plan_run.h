// SPDX-License-Identifier: Apache-2.0
//
// What `apply`, `rollback`, `status`, `pause`, `resume` and `throttle` share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apply/executor.h"
#include "apply/options.h"
#include "cli/command.h"
#include "plan/read_json.h"

namespace contraflow::cli {

struct RunOptions {
  std::string folder;
  std::string target;
  std::string phase;
  std::string expect_hash, expect_database;
  bool yes = false;
  std::string until;  // a step
  std::string gate_override;
  bool accept_loss = false;
  std::string cancel_blockers = "none";
  double lock_budget_seconds = 600, concurrent_budget_seconds = 1800, work_limit_hours = 24;
  int workers = 1;
  double batch_ms = 0, pace = 1.0;
  bool synchronous_commit = false, no_verify = false;
  double replica_lag = 10, slot_gb = 10, latency_factor = 8;
  long long archive_backlog = 500, xmin_age = 50'000'000;
  bool autovacuum = false;
  std::string throttle_query;
  std::string journal_schema = "contraflow";
  std::string log_file;
  double gate_window_seconds = 3;
  std::shared_ptr<std::string> format;
};

// PLAN, --target, --journal-schema, --format.
void add_target_options(CLI::App& app, RunOptions& options, bool plan_required);
// What `apply` and `rollback` take beyond that.
void add_run_options(CLI::App& app, RunOptions& options, bool rollback);

// A plan folder that may run: read and verified. Error{refused} where its files were edited.
struct PlanFolder {
  plan::ReadPlan read;
  std::string hash;
};
PlanFolder open_plan(const std::string& folder);

std::string target_of(const Context& context, const RunOptions& options);
apply::Options executor_options(const RunOptions& options);
plan::Phase phase_named(const std::string& name);

// From now on SIGINT and SIGTERM set the flag; a second one ends the process at once (which is no worse than SIGKILL).
void stop_on_signal(const std::shared_ptr<std::atomic<bool>>& stop);

// "contraflow apply PLAN --target 'host=… dbname=…' --phase contract": without a password, for copying.
std::string command_line(const std::string& command, const RunOptions& options, const std::string& shown_target, const std::string& rest);

}  // namespace contraflow::cli
