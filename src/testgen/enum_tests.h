// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testgen/table_tests.h"

namespace contraflow::testgen {

// Every value that an enum has in this state is taken, those that it has not yet or no longer are refused, and so is any other.
void enum_tests(World& world, const Database& from, const Database& to, TestFile& file, State state);

// The values of the type in this state; empty: there is no such type then.
std::vector<std::string> labels_in(const World& world, const Database& from, const Database& to, const catalog::ObjectId& type, State state);

}  // namespace contraflow::testgen
