// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plan/plan.h"

namespace contraflow::plan {

// NOTES.md: when each deploy happens, what to watch, how to go back.
std::string notes_markdown(const Plan& plan);

// What a reviewer reads in a minute on a terminal: phases, gates, each statement with its lock and how long it is held.
std::string overview(const Plan& plan, bool color);

}  // namespace contraflow::plan
