// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/describe.h"

namespace contraflow::cli {

// What --help prints, `width` columns wide: of the command of that name, or of the program where it is empty.
std::string help_text(const Description& program, std::string_view command, int width, bool color);

}  // namespace contraflow::cli
