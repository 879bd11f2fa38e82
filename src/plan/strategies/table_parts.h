// SPDX-License-Identifier: Apache-2.0
//
// What the strategies that make tables share.
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// What is made with a table in one transaction: nobody uses it yet, so nothing blocks. Foreign keys lock other tables and come one
// by one; triggers and policies need functions that may come later.
bool comes_with_table(const Object& member);
bool is_foreign_key(const Object& member);
// The table with these members; a partition is made alone and attached, with what its parent has only in the other schema, where it `joins` its parent here, and the `second`
// columns that this one has for a while.
Statements create_with_members(const Object& table, const Database& database, const Database& other, const std::vector<const Object*>& members, bool joins = true, bool second = false);
// Sequences that columns of the table own.
std::vector<const Object*> owned_sequences(const Database& database, const ObjectId& table);

}  // namespace contraflow::plan
