// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// Another version or schema of an extension that both schemas have.
void change_extension(Planner& planner, const ObjectId& id);

}  // namespace contraflow::plan
