// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"

namespace contraflow::cli {

// The whole program: parses `arguments` (without the program's name), runs the command, reports errors.
// Returns the exit code: 0 done, 1 refuted or findings, 2 wrong usage, 3 the environment failed, 4 stopped
// and resumable.
int run(const std::vector<std::string>& arguments, Console& console);

}  // namespace contraflow::cli
