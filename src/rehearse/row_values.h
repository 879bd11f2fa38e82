// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "rehearse/column_hints.h"

namespace contraflow::rehearse {

struct ValueRequest {
  std::string type;  // format_type()
  bool unique = false;
  int salt = 0;                          // the column's place: columns differ from each other
  double distinct = 0;                   // how many values; 0: no matter
  int width = 0;                         // bytes of a text on average; 0: no matter
  std::vector<std::string> listed = {};  // the values that a check allows, as SQL literals
  ColumnHints hints = {};                // what else checks ask; a domain's own come on top
};

// An SQL expression over `i` (1, 2, …) that gives a value of the type, another for each i where `unique`;
// empty where none can be made up.
std::string value_expression(const ValueRequest& request, const catalog::Database& database);

// Whether the type is a domain that has no NULL.
bool has_no_null(const std::string& type, const catalog::Database& database);

// The values that checks of the form `col = ANY (ARRAY['a', 'b'])` list, by column.
std::map<std::string, std::vector<std::string>> listed_values(const std::string& check);

}  // namespace contraflow::rehearse
