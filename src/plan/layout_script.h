// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "plan/layout.h"

namespace contraflow::plan {

// One direction of a step for runners that know no psql: what the plan's psql file does for it, as scripts in the order in which
// they run. Each can run again after an interruption, but for a CONCURRENTLY statement that stands alone: its comment says what to
// clean up. `one_statement` as in Layout.
std::vector<Script> step_scripts(const Step& step, bool rollback, bool one_statement);

}  // namespace contraflow::plan
