// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "plan/plan.h"

namespace contraflow::plan {

inline constexpr int kPlanFormat = 1;

// plan.json: phases, steps, gates, effects, undo grades, fingerprints, and the hash of every SQL file, which `apply` compares.
// `files` are the folder's SQL files by their path in it, as `layout` names and cuts them ("psql": sql_files()). read_json.h reads
// it back, docs/schemas/plan.schema.json describes it.
std::string plan_json(const Plan& plan, const std::string& tool_version, const std::map<std::string, std::string>& files, std::string_view layout);
std::string plan_json(const Plan& plan, const std::string& tool_version);  // of sql_files(plan)

}  // namespace contraflow::plan
