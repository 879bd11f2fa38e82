// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::cli {

std::string program_version();  // "0.1.0"
std::string version_text();     // of the program, its parser and the servers found

}  // namespace contraflow::cli
