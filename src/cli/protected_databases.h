// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/config.h"

namespace contraflow::cli {

// The databases whose schema `hook` protects, as contraflow.toml spells them: [database] url and [agent] protected, "env:NAME" not looked up. Of the environment: [database] url.
std::vector<std::string> protected_databases(const Config& config);

}  // namespace contraflow::cli
