// SPDX-License-Identifier: Apache-2.0
//
// From PostgreSQL 18 on NOT NULL is a constraint with a name, which a table may declare itself (conislocal) beside its parent's (coninhcount).
#pragma once

#include <string>
#include <vector>

#include "plan/planner.h"

namespace contraflow::plan {

// A table below has its NOT NULL under another name than the one above it. ALTER … TYPE of the parent then fails (where it declares it itself) or takes its name away, and no RENAME reaches it.
bool not_null_names_differ(const Database& database, const ObjectId& column);

// Before ALTER … TYPE, and after it: NOT NULL leaves the tables that have others below them, and all have theirs again under their names in `database`.
Statements part_not_null(const Database& database, const ObjectId& column);
Statements join_not_null(Planner& planner, const Database& database, const ObjectId& column);

// What the tables below that have theirs under another name than their parent's in `database` set before the parent does, which would give them its name; deepest first, those that may hold NULL in the other schema. `name_now`: what the column is called.
Statements own_not_null_first(Planner& planner, const Database& database, const ObjectId& column, const std::string& name_now);
// The table has its NOT NULL under another name than its parent's.
bool has_own_not_null_name(const Database& database, const ObjectId& column);

// A primary key, in the table or below it, keeps the column's NOT NULL from being dropped.
bool not_null_is_keyed(const Planner& planner, const ObjectId& column);

// Keys of partitions that are built beforehand (PRIMARY KEY USING INDEX), and names of their own, make NOT NULL their own, which no dump shows; said in a note.
void note_own_not_null_of_partitions(Planner& planner);

}  // namespace contraflow::plan
