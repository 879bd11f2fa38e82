// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/statement.h"

namespace contraflow::lint {

struct NewerSyntax {
  std::string text;  // as long as the statement, in PostgreSQL 15's grammar
  std::vector<Newer> found;
};

// What PostgreSQL 16 to 18 added to the statements that matter here (virtual columns, SET EXPRESSION, NOT NULL as a constraint, NOT
// ENFORCED, …), replaced by something of the same length that the parser of 15 knows. Nothing where there is none of it.
std::optional<NewerSyntax> without_newer_syntax(std::string_view statement);

}  // namespace contraflow::lint
