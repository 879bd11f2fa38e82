// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace contraflow::sql {

using TypeNames = std::map<std::string, std::string>;    // qualified, quoted type -> its other name in the same schema
using ColumnNames = std::map<std::string, std::string>;  // column -> its other name

// CREATE INDEX as pg_get_indexdef() writes it, for an index of another name over renamed columns (keys, INCLUDE, expressions, predicate).
// Made from the parse tree and written by the parser's own deparser. Error{usage} where it does not parse.
std::string index_over(std::string_view definition, std::string_view name, const ColumnNames& columns, bool concurrently,
                       const TypeNames& types = {});

// ALTER TABLE `table` ADD CONSTRAINT `name` with a definition as pg_get_constraintdef() writes it, over renamed columns of the table and
// (foreign keys) of the table that it references.
struct ConstraintOver {
  std::string table;  // quoted
  std::string name;   // unquoted
  std::string definition;
  ColumnNames columns;
  ColumnNames referenced;
  bool not_valid = false;
  TypeNames types;
};
std::string constraint_over(const ConstraintOver& wanted);

}  // namespace contraflow::sql
