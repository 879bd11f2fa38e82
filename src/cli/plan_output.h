// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.h"
#include "plan/plan.h"

namespace contraflow::cli {

// Where a plan goes and in whose form.
struct PlanOutput {
  std::string folder;           // empty: a new one
  std::string layout = {};      // one of plan::layout_names(); empty: [project] layout, else psql
  std::string format = "text";  // of what is printed
};

struct WrittenPlan {
  std::filesystem::path folder;
  std::string json;  // its plan.json
};
// Writes the plan folder, which appears complete or not at all.
WrittenPlan write_plan_folder(const Context& context, const plan::Plan& made, const PlanOutput& output);
void print_overview(Context& context, const plan::Plan& made);

// Writes the plan folder, which appears complete or not at all, and prints the plan. Returns the exit code.
int write_plan(Context& context, const plan::Plan& made, const PlanOutput& output);

// --refresh DIR: plan.json follows the SQL files; prints what is new.
int refresh_plan(Context& context, const std::string& folder, const PlanOutput& output);

// --from-plan DIR: the steps of a plan folder that exists (of `phases` alone, empty: all), in another layout or with new versions.
int copy_plan(Context& context, const std::string& folder, const std::vector<std::string>& phases, const PlanOutput& output);

}  // namespace contraflow::cli
