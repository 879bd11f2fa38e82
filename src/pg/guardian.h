// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pg/unprivileged.h"

namespace contraflow::pg {

struct GuardedProgram {
  std::vector<std::string> arguments;    // [0] is the full path
  std::vector<std::string> environment;  // all of it: NAME=value
  std::string working_folder;
  std::string log;  // output and errors are appended
  ServerUser user;
  int stop_signal = 0;
  std::string remove;  // the folder that goes when the program has stopped
  int lock = -1;       // descriptor held open until the folder is gone
  bool alone = false;  // neither it nor what it forks can start another program or write outside of `remove`, where the system can see to that
};

// A program under a guardian process of its own that holds the read end of a pipe. When the owner dies, of
// whatever cause (SIGKILL included), the pipe closes; the guardian stops the program and removes the folder.
// The guardian has its own session, so that Ctrl-C reaches the owner alone.
class Guardian {
 public:
  explicit Guardian(const GuardedProgram& program);
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  // The program's exit code (128 + signal) when it ends within `timeout`. Throws Error{environment} where it
  // could not be started at all.
  std::optional<int> wait(std::chrono::milliseconds timeout);
  // Stops the program; the folder goes too, unless `keep`. Returns when both have happened.
  void stop(bool keep = false);

 private:
  std::string program_;
  std::string user_name_;
  std::optional<int> exit_code_;
  pid_t guardian_ = -1;
  int life_ = -1;
  int status_ = -1;
};

}  // namespace contraflow::pg
