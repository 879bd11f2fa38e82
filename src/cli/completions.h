// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/describe.h"

namespace contraflow::cli {

std::string bash_completions(const Description& program);
std::string zsh_completions(const Description& program);
std::string fish_completions(const Description& program);

}  // namespace contraflow::cli
