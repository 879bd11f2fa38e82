// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// What a view shows is a prefix of what the other shows: CREATE OR REPLACE VIEW may lead from `a` to `b`.
bool view_extends(const catalog::View& a, const catalog::View& b);
// CREATE OR REPLACE FUNCTION may lead from `a` to `b`: the same result and argument names, no default taken away.
bool routine_replaceable(const catalog::Routine& a, const catalog::Routine& b);

// A type that no ALTER leads to its desired form: a new one takes its name, and its columns are converted.
bool is_exchanged_type(const Planner& planner, const ObjectId& id);

// Objects sorted so that each comes after those it depends on.
std::vector<ObjectId> dependency_order(const std::set<ObjectId>& objects, const Database& database);

// `core` between dropping everything that depends on the object in the current schema, directly or not, and making it again.
Statements with_dependents_made_anew(const Planner& planner, const ObjectId& object, Statements core);

// `core` with these objects' columns under their new names, as `from` reads: before the swap they still have the old ones. `second_there`: the second
// columns, which have the new names then, stand beside them.
Statements under_new_names(const Planner& planner, const std::set<ObjectId>& objects, Statements core, bool second_there);
// Columns with two names that any of the objects uses.
std::vector<diff::Rename> renamed_columns_of(const Planner& planner, const std::set<ObjectId>& objects);

// The view as it comes in expand: where it comes to use its caller's privileges (security_invoker), that waits for contract.
Object still_by_owner(const Object& before, Object after);
// Adds what is left for contract.
void by_caller_in_contract(Planner& planner, const ObjectId& view);

}  // namespace contraflow::plan
