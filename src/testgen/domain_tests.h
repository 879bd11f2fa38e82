// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testgen/table_tests.h"

namespace contraflow::testgen {

// What the checks and NOT NULL of a domain refuse in this state, asked by casts. Domains that the plan leaves alone have no tests.
void domain_tests(World& world, TestFile& file, State state);

}  // namespace contraflow::testgen
