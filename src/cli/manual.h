// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/describe.h"

namespace contraflow::cli {

std::string man_page(const Description& program);         // roff, section 1
std::string markdown_manual(const Description& program);  // docs/cli.md

}  // namespace contraflow::cli
