// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "rehearse/evidence.h"
#include "review/review.h"

namespace contraflow::cli {

// What `rehearse` and `review` take.
struct RehearsalOptions {
  std::string subject, schema, desired, rollback, statistics, sandbox_url, clone, code, deployed_revision;
  std::vector<std::string> rows, bindirs, queries, next_queries;
  std::string budget = "120s", reader_holds = "1500ms";
  long long rows_per_table = 5;
  double scale = 0.01;
  int server = 0;
  bool superuser = false, allow_programs = false, no_rows = false, traffic = false, compare_naive = false, clone_is_safe = false, no_samples = false, no_record = false;
  int connections = 4;
  double rate = 200, stall_budget = 250;
};

void add_rehearsal_options(CLI::App& app, RehearsalOptions& options);

// Runs it. `linted`, where given, gets what `contraflow check` finds in a hand-written migration on its
// schema. Error for what cannot be tried at all; what was tried and failed is in the result.
rehearse::Rehearsal run_rehearsal(Context& context, const RehearsalOptions& options,
                                  std::vector<review::Finding>* linted = nullptr);

}  // namespace contraflow::cli
