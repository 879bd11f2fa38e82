// SPDX-License-Identifier: Apache-2.0
//
// What an assistant may ask for. Each tool judges its arguments here and then runs one command of the program, in a process of its own: an answer is the
// command's, a crash is not the server's, and to cancel is to end a process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/project_root.h"
#include "agent/server.h"

namespace contraflow::agent {

struct CommandResult {
  int exit_code = 0;
  std::string output, error;
};

// `arguments` without the program; `input` is its standard input. It runs in the project's folder.
using RunCommand = std::function<CommandResult(const std::vector<std::string>& arguments, const std::string& input, const std::function<bool()>& cancelled)>;

struct ToolOptions {
  ProjectRoot root;
  std::string migrations;   // [project] migrations; empty: none is configured
  bool has_database = false;  // [database] url is configured; what it is, no tool knows
  RunCommand run;
  std::function<void()> unchanged = {};  // Error{refused} where the configuration is not what it was when the server started
  std::function<std::string()> timestamp;  // "20260408120000", for new plan folders
};

std::vector<Tool> tools(const ToolOptions& options);

// The rules of `check`, one resource each: contraflow://rules/NAME, and contraflow://rules for the list.
std::vector<Resource> rule_resources();

extern const char* const kInstructions;

}  // namespace contraflow::agent
