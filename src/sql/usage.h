// SPDX-License-Identifier: Apache-2.0
//
// Which relations and columns a statement uses, with aliases, CTEs and sub-queries resolved. Pure: what the schema has is asked for.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sql/name.h"

namespace contraflow::sql {

// What a statement does to a relation, in PostgreSQL's words.
enum class Verb { select,
                  insert,
                  update,
                  delete_,
                  merge,
                  truncate,
                  copy,
                  lock,
                  ddl,
                  other };
std::string_view verb_name(Verb verb);  // "select", "delete", …

struct RelationUse {
  QualifiedName name;  // as written, folded; schema empty where none is written
  std::string alias;
  Verb verb{};
  std::size_t offset = 0;                 // bytes: where its name stands
  bool star = false;                      // `*`, `alias.*` or a whole row asks for every column that it happens to have
  bool filtered = false;                  // the query that reads it has a WHERE, or a join condition on the nullable side names it
  std::set<std::string> columns;          // used by name or through an expanded star
  std::set<std::string> unknown_columns;  // qualified with it, but the schema's relation has none of that name
};

struct CalledFunction {
  QualifiedName name;   // folded, schema empty where none is written
  std::string written;  // as the text has it: toStartOfHour
};

struct StatementUse {
  Verb verb = Verb::other;
  std::vector<RelationUse> relations;     // in the order of the text; CTEs are not relations
  std::vector<CalledFunction> functions;  // called by name, in no order that matters
  std::vector<std::string> unresolved;    // column names that no relation in scope is known to have
  bool limited = false;                   // an outermost LIMIT or FETCH
};

// The columns of a relation of the schema, or nothing where it is not known.
using ColumnsOf = std::function<std::optional<std::vector<std::string>>(const QualifiedName&)>;

// `statement` is one statement. Error{usage} where it does not parse.
StatementUse usage_of(std::string_view statement, const ColumnsOf& columns_of);

}  // namespace contraflow::sql
