// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// Indexes and keys of partitioned tables that change in a way that no statement makes: an index leaves its parent's, or another definition or a
// constraint comes under the same name; forward or on the way back. All parts are built beside the old ones and change places in one transaction.
void plan_index_trees(Planner& planner);

// After ALTER COLUMN … TYPE of a partitioned table: the server has made the indexes of its partitions anew under names of its own choice
// (tablecmds.c, ATPostAlterTypeParse; indexcmds.c, DefineIndex), and without their options. Gives them those that they have in `database`; nothing where these are the same.
Statements restore_parts_of_indexes(const Database& database, const ObjectId& column);

}  // namespace contraflow::plan
