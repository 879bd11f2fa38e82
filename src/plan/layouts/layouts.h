// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/layout.h"

namespace contraflow::plan {

extern const Layout kPrisma, kFlyway, kGolangMigrate, kGoose, kDbmate, kDiesel, kSqitch, kRails, kNodePgMigrate;

}  // namespace contraflow::plan
