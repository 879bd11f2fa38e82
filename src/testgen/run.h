// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pg/sandbox.h"
#include "plan/plan.h"

namespace contraflow::testgen {

// One test file in one state of the database.
struct FileRun {
  std::string state;  // "before", "expand", "rollback of contract"
  std::string file;
  long long passed = 0;
  std::vector<std::string> failures;  // the assertions' sentences, each with what the runner says of it
  std::string broken;                 // why it could not run to its end: a statement that fails, a plan file that does
  bool green() const { return failures.empty() && broken.empty(); }
};

// Runs a plan file of the psql layout as a user does; what went wrong, empty where nothing did.
std::string run_plan_file(const std::string& conninfo, const std::filesystem::path& file);

// Programs that take no connection string get its parts by the environment.
std::vector<std::pair<std::string, std::string>> environment_of(const std::string& conninfo);

class Stack;
using RunFile = std::function<std::string(const std::string& conninfo, const std::filesystem::path& file)>;  // run_plan_file, with what the server lacks made first

// `base`: a database with the schema before the plan and no rows. The rows go in, each phase runs, its tests after it; from each phase on, on a copy,
// the rollback files run, and the tests of the state before. Stops at the first plan file that fails.
std::vector<FileRun> run_suite(const Stack& stack, pg::Sandbox& sandbox, const std::string& base, const plan::Plan& plan, const std::filesystem::path& folder,
                               const std::filesystem::path& suite, const RunFile& run_file, const std::function<void(const std::string&)>& progress);

}  // namespace contraflow::testgen
