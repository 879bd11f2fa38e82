// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "plan/plan.h"

namespace contraflow::plan {

// One file of the plan folder for plain psql: runs as it is, twice, and again after an interruption. Empty when the phase has nothing
// to do in that direction.
std::string phase_sql(const Plan& plan, Phase phase, bool rollback);

// All SQL files of the plan, by file name: 1_expand.sql, 1_expand.rollback.sql, …
std::map<std::string, std::string> sql_files(const Plan& plan);

std::string phase_file(Phase phase, bool rollback);  // "1_expand.sql"

}  // namespace contraflow::plan
