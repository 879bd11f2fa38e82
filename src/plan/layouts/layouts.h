// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/layout.h"

namespace contraflow::plan {

extern const Layout kPrisma, kFlyway, kGolangMigrate, kDbmate;

}  // namespace contraflow::plan
