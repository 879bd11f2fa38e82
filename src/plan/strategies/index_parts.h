// SPDX-License-Identifier: Apache-2.0
//
// What the strategies for indexes, keys and shadow columns share.
#pragma once

#include "plan/planner.h"

namespace contraflow::plan {

// The index's definition under another name, CONCURRENTLY or not.
std::string index_definition_named(const ObjectId& id, const catalog::Index& index, const std::string& name, bool concurrently);

// CREATE INDEX CONCURRENTLY under `name`; an INVALID leftover of that name is dropped first. `unless` is joined to the condition.
Action build_index(const ObjectId& id, const catalog::Index& index, const std::string& name, std::string unless);
Action drop_index_concurrently(const ObjectId& id, const std::string& name);

// ADD CONSTRAINT … UNIQUE/PRIMARY KEY USING INDEX; the index takes the constraint's name.
std::string add_key_using_index(const Database& database, const ObjectId& constraint, const std::string& index);

Phase index_phase(const Planner& planner, const Object& index);
// Duplicates that the index would meet. A materialized view without contents cannot be asked, and has none.
std::vector<Precondition> unique_precondition(const Planner& planner, const ObjectId& id, const catalog::Index& index);

// Builds the index `b` beside `a` (both may back a constraint) and lets them change places in one brief transaction; the way back likewise.
void exchange_index(Planner& planner, const ObjectId& id, const Object& a, const Object& b);

}  // namespace contraflow::plan
