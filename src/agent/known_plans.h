// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace contraflow::agent {

// Hashes (of plan.json) of the plans that contraflow wrote on this account, one a line in contraflow/plans of $XDG_STATE_HOME or ~/.local/state. An assistant can write
// files into a plan folder, and a plan.json to match; psql would run a `\!` in them. Its tools run only what is known here.
void remember_plan(const std::string& hash);  // never fails: what is not remembered is not run
bool is_known_plan(const std::string& hash);

}  // namespace contraflow::agent
