// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace contraflow {

struct ProcessOptions {
  std::string input;                                             // standard input
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of ours
  std::string folder;                                            // working folder; empty: ours
  bool confined = false;                                         // it can start no program and write no file but its streams; Error{environment} where the system cannot do that
  std::optional<std::chrono::milliseconds> timeout;              // then SIGKILL
  std::function<bool()> cancelled;                               // looked at several times a second; true: SIGKILL
  std::optional<std::chrono::milliseconds> grace;                // cancelled: SIGINT first, SIGKILL after so long
  std::function<void(std::string_view)> on_line;                 // each line of either stream as it comes, without its end
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal where a signal ended it
  bool timed_out = false;
  bool cancelled = false;
  std::string output;
  std::string error_output;
  bool succeeded() const { return exit_code == 0 && !timed_out && !cancelled; }
};

// Runs `arguments` (the program is looked up in PATH, no shell) and waits. A program that fails is a result;
// one that cannot be started is Error{environment}.
ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

// The full path of a program in PATH, or nothing.
std::optional<std::string> find_program(const std::string& name);

}  // namespace contraflow
