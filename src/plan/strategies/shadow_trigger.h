// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/strategies/shadow.h"

namespace contraflow::plan {

// The trigger of one table that keeps its shadow columns equal to their originals, before the swap (`swapped` false) and after it.
Statements create_sync_trigger(const QualifiedName& table, const std::vector<ShadowColumn>& columns, bool swapped);
Statements drop_sync_trigger(const QualifiedName& table);

}  // namespace contraflow::plan
