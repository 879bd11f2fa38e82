// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/read_json.h"

namespace contraflow::plan {

struct Refreshed {
  Plan plan;
  std::vector<std::string> changes;  // what is new, a sentence each: "1_expand.sql: step … has another statement"
};

// The SQL files are the truth: the plan with what `files` (by path in the folder, of the psql layout) say now. Steps are found by their
// `-- contraflow: step ID …` directive. Error{usage} with file and line for a directive that names no step of the phase, one
// that is there twice, a step without its directive, and text that is in none of the forms in which a plan file is written.
// `folder` is put before file names in errors.
Refreshed refresh(const ReadPlan& read, const std::map<std::string, std::string>& files, const std::string& folder);

}  // namespace contraflow::plan
