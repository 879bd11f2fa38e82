// SPDX-License-Identifier: Apache-2.0
//
// What rows have to be like for a query to return them, as far as WHERE and ON compare columns with parameters and constants. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sql/name.h"
#include "sql/usage.h"

namespace contraflow::sql {

struct Condition {
  QualifiedName relation;  // as written
  std::string column;
  enum class Kind {
    equals,  // column = $n, or a constant; also of lower(column), IN, = ANY, LIKE
    null,    // IS NULL
    filled,  // IS NOT NULL
    holds,   // the column itself, a boolean
    lacks,   // NOT column
    above,   // > or >=
    below,   // < or <=
    unequal,
  } kind = Kind::equals;
  int parameter = 0;                         // $n; 0: none
  std::optional<std::string> constant = {};  // its text
  bool operator==(const Condition&) const = default;
};

struct ParameterPlace {
  int number = 0;
  std::size_t begin = 0, end = 0;  // bytes of the statement
  bool limit = false;              // of LIMIT or FETCH
  bool offset = false;
};

struct QueryConditions {
  std::vector<Condition> conditions;   // of all levels; those below OR, too: each of them may be why a row is returned
  std::vector<ParameterPlace> places;  // in the order of the text
  std::set<QualifiedName> outer;       // relations that an outer join may leave out
  bool writes = false;                 // it is no query, or a part of it writes
};

// `statement` is one statement; an unqualified column is that of the one relation of its level that has it. Error{usage} where it does not parse.
QueryConditions conditions_of(std::string_view statement, const ColumnsOf& columns_of);

}  // namespace contraflow::sql
