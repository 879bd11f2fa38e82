// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "plan/planner.h"

namespace contraflow::plan {

// True for the values of `column_sql`, which is of type `from`, that convert() cannot bring into `to`: built-in types and enums. Empty where every value can be converted, and
// where no expression of this major tells (dates and the like in a text before 16, arrays, a domain's checks): there the server's own error stops the step.
std::string refused_values(const Planner& planner, const Database& database, const std::string& column_sql, const std::string& from, const std::string& to);

// The rows that stop the conversion, counted before it begins. `name_now`: what the column is called then; `way_back`: its type is the desired one. Nothing where the user gave the conversion.
std::optional<Precondition> refused_rows(const Planner& planner, const ObjectId& column, const std::string& name_now, bool way_back);

}  // namespace contraflow::plan
