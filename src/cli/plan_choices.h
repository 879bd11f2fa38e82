// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/source.h"
#include "cli/command.h"
#include "cli/plan_output.h"
#include "diff/diff.h"
#include "plan/make_plan.h"

namespace contraflow::cli {

// What the user says about a plan beyond the two schemas: options that `plan` and `fix` share.
struct PlanChoices {
  std::string name = "migration";
  std::vector<std::string> conversion, conversion_back, fill, enum_map, allow_blocking, renames, exclude, bindirs;
  std::string strategy = "sync", drops = "retire", sandbox_url;
  int server = 0;
};

void add_plan_choices(CLI::App& app, PlanChoices& choices, PlanOutput& output);

// How sources are loaded: exclusions and the sandbox.
catalog::LoadOptions load_options(Context& context, const PlanChoices& choices);
// The columns and values that the options name, found in the two schemas; `from` has the new names of `renames`. Error{usage} where one is not there.
plan::Options plan_options(const PlanChoices& choices, const catalog::Database& from, const catalog::Database& to, const std::vector<diff::Rename>& renames);
// Of the extensions whose version changes.
std::map<std::string, std::set<std::pair<std::string, std::string>>> extension_updates(const diff::Difference& difference, const catalog::LoadedSource& from);

// Says each reason on standard error; the exit code of a refusal.
int refuse(Console& console, const std::vector<std::string>& reasons);

}  // namespace contraflow::cli
