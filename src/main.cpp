// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "cli/run.h"

int main(int argc, char** argv) {
  // A reader that goes away shows as EPIPE where we write, so that sandboxes are still cleaned up.
  std::signal(SIGPIPE, SIG_IGN);
  contraflow::cli::Console console(stdout, stderr);
  return contraflow::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), console);
}
