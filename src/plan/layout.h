// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace contraflow::plan {

// What a migration runner sends in one go. No psql meta-commands: conditions and waits for locks are inside DO blocks.
struct Script {
  std::string comment;                  // lines for people and the step's directive, without "--"
  std::vector<std::string> statements;  // without final semicolons; empty: nothing to run
  bool transaction = true;              // whether the runner may open one around it
};
std::string script_text(const Script& script);

// One version of a runner: a script forward and the script that takes it back.
struct Migration {
  Phase phase{};
  std::string version;  // UTC, YYYYMMDDHHMMSS, ascending, one second apart
  std::string plan;     // lower-case letters, digits and underscores, never empty
  std::string name;     // likewise: plan, phase, step; each once in a plan
  Script forward;
  Script back;
};

// How a runner wants its files. Each has a file of its own under layouts/ and one row in layout.cpp.
struct Layout {
  std::string_view name;
  std::string_view runner;  // as people write it
  // The runner sends a file without transaction as one message of the simple query protocol, which makes several statements one
  // implicit transaction (documentation 55.2.2.1): then each CONCURRENTLY statement needs a file of its own.
  bool one_statement = true;
  std::map<std::string, std::string> (*files)(const Plan& plan, const std::vector<Migration>& migrations);
  // Markdown: how each phase is run and taken back with this runner.
  std::string (*how_to_run)(const std::vector<Migration>& migrations);
  std::string (*way_back)(const std::vector<Migration>& migrations);
  bool psql = false;  // the runner's scripts are run by psql: they are the plan's own files
};

// The runner's layout, or null: "psql", the plan folder itself, is none.
const Layout* find_layout(std::string_view name);
std::vector<std::string> layout_names();  // psql first

std::vector<Migration> migrations_of(const Plan& plan, const Layout& layout, std::chrono::sys_seconds now);

struct LayoutFiles {
  std::map<std::string, std::string> sql;  // path in the plan folder: 1_expand/…; hashed in plan.json
  std::string notes;                       // NOTES.md
};
// The same steps for another runner, each phase in a folder of its own, so that no phase runs before its gate: the user moves one folder's
// files into the runner's folder at a time. `now` gives the versions.
LayoutFiles layout_files(const Plan& plan, const Layout& layout, std::chrono::sys_seconds now);

}  // namespace contraflow::plan
