// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/strategies/shadow.h"

namespace contraflow::plan {

// The triggers of one function that keep shadow columns equal to their originals, before the swap (`swapped` false) and after it. `tables`: the one whose
// columns they are, and its children, which inherit columns but no triggers.
Statements create_sync_triggers(const std::vector<QualifiedName>& tables, const std::vector<ShadowColumn>& columns, bool swapped);
Statements drop_sync_triggers(const std::vector<QualifiedName>& tables);
// The triggers and their function.
Statements drop_sync(const std::vector<QualifiedName>& tables);

}  // namespace contraflow::plan
