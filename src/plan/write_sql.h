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

// The condition under which an action of the step runs, its own and the one that keeps an undo off tables that have grown; empty: always.
std::string step_condition(const Step& step, const Action& action, bool rollback);
// `contraflow: step "…" mode=…` and the title below it, without "--".
std::string step_heading(const Step& step, const Action& action, bool rollback);

std::string phase_file(Phase phase, bool rollback);  // "1_expand.sql"
std::string phase_folder(Phase phase);               // "1_expand": where other layouts put a phase

}  // namespace contraflow::plan
