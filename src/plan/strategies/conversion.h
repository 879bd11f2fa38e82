// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plan/planner.h"

namespace contraflow::plan {

struct Conversion {
  std::string expression;     // over the table's columns
  bool may_fail = false;      // values exist that it refuses
  bool loses = false;         // values exist that do not come back
  bool changes = false;       // values exist that it takes, and that do not come back as they were: digits, blanks
  bool through_text = false;  // no cast is known: converted by its text form, which the plan says
};

// How a value of `column_sql` (a quoted column, or NEW.column) of type `from` becomes one of type `to`.
Conversion convert(const Database& database, const std::string& column_sql, const std::string& from, const std::string& to);

// The conversion that the user gave for the column (--using, --using-back), else the one above.
Conversion forward_conversion(const Planner& planner, const ObjectId& column, const std::string& from, const std::string& to);
Conversion back_conversion(const Planner& planner, const ObjectId& column, const std::string& from, const std::string& to);

// `a IS DISTINCT FROM b` for two values of the type, which may have no equality (json, xml, point …).
std::string differs(const std::string& a, const std::string& b, const std::string& type);
bool has_equality(const std::string& type);

}  // namespace contraflow::plan
