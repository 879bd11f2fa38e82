// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apply/run.h"

namespace contraflow::apply {

// The beginning of a run: connects, takes the runner lock, makes the journal, refuses a plan that was begun as another text or that touches tables
// of another unfinished plan, ends what a killed run left on the server, writes this run's token. Errors as Executor's.
void take_over(Run& run);

}  // namespace contraflow::apply
