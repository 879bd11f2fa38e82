// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "plan/plan.h"

namespace contraflow::plan {

// A plan file with psql's meta-commands taken out (blanked, so that places stay), and where they stood.
struct PsqlText {
  struct Command {
    std::size_t offset = 0;
    std::string text;  // "\if :todo"
  };
  std::string sql;
  std::vector<Command> commands;
};
PsqlText take_out_commands(const std::string& text, const std::string& file);

// What a step's part of a plan file says: the inverse of what write_sql.cpp writes.
struct StepText {
  Action action;
  std::vector<Precondition> preconditions;
};

// Reads `text` between `begin` and `end`. `fail` throws with the place of an offset. `mode` is what the step's directive says, `before`
// the action as plan.json has it.
StepText read_step_text(const PsqlText& text, std::size_t begin, std::size_t end, Mode mode, const Action& before,
                        const std::function<Error(std::size_t offset, const std::string& problem, const std::string& hint)>& fail);

}  // namespace contraflow::plan
