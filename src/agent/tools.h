// SPDX-License-Identifier: Apache-2.0
//
// What an assistant may ask for. Each tool judges its arguments here and then runs one command of the program, in a process of its own: an answer is the
// command's, a crash is not the server's, and to cancel is to end a process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/approval.h"
#include "agent/project_root.h"
#include "agent/server.h"

namespace contraflow::agent {

struct CommandResult {
  int exit_code = 0;
  std::string output, error;
};

// `arguments` without the program; `input` is its standard input. It runs in the project's folder. `line`: each line of its output and of its errors as it comes, may be empty.
using RunCommand = std::function<CommandResult(const std::vector<std::string>& arguments, const std::string& input, const std::function<bool()>& cancelled, const std::function<void(std::string_view)>& line)>;

struct ToolOptions {
  ProjectRoot root;
  std::string migrations;      // [project] migrations; empty: none is configured
  bool has_database = false;   // [database] url is configured; what it is, no tool knows
  bool allow_samples = false;  // a person said so on the command line: values of rows that are in a plan's way may be told
  RunCommand run;
  std::function<void()> unchanged = {};    // Error{refused} where the configuration is not what it was when the server started
  std::function<std::string()> timestamp;  // "20260408120000", for new plan folders
  // Whether this account's contraflow wrote the plan with this hash: its files are the program's own forms. Others may hold anything, and are not run.
  std::function<bool(const std::string& hash)> known_plan = {};
  // The approval of a plan by a person, judged by the key that the server began with; Error{refused} where there is none that holds.
  std::function<Approval(const std::string& hash)> approval = {};
};

std::vector<Tool> tools(const ToolOptions& options);

// The rules of `check`, one resource each: contraflow://rules/NAME, and contraflow://rules for the list.
std::vector<Resource> rule_resources();

// Plan folders of the migrations folder: what each is, its steps and notes: contraflow://plans/NAME, its files: contraflow://plans/NAME/FILE; and what rehearsal and review said: contraflow://reports/NAME.
std::vector<Resource> plan_resources(const ToolOptions& options);

std::vector<ResourceTemplate> resource_templates();

// Three tasks that each begin with one slice: check a migration, update the ORM layer, write the tests. The texts are share/contraflow/prompts/*.md.
std::vector<Prompt> prompts();

extern const char* const kInstructions;

}  // namespace contraflow::agent
