// SPDX-License-Identifier: Apache-2.0
//
// One place in a code base that touches tables, as data.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/name.h"
#include "sql/usage.h"

namespace contraflow::code {

enum class Origin {
  raw_sql,    // SQL in a string of a program
  sql_file,   // a statement of an .sql file
  typed_sql,  // a call of a query that Prisma's TypedSQL made of an .sql file
  prisma,     // a call of Prisma's client
};
std::string_view origin_name(Origin origin);

// high: the statement is complete in the text. medium: a part of it, or who receives a call, was inferred. low: only names in a fragment.
enum class Confidence { high,
                        medium,
                        low };
std::string_view confidence_name(Confidence confidence);

// What one site does to one table.
struct TableUse {
  sql::QualifiedName table;  // as the schema has it; as written, with an empty schema, where it is not known
  bool known = false;        // the schema has it
  sql::Verb verb{};
  std::vector<std::string> columns;          // sorted; `*` expanded where the table is known
  std::vector<std::string> unknown_columns;  // named, but not in the schema
  bool star = false;                         // SELECT *, RETURNING *, a whole row, INSERT without columns: depends on the columns that there are
  bool all_columns = false;                  // Prisma without select: the client's own list of all columns
  bool unfiltered = false;                   // reads, updates or deletes every row: no WHERE
  bool nested = false;                       // reached through a relation of another model: include, select, nested writes
  bool operator==(const TableUse&) const = default;
};

struct QuerySite {
  std::string file;  // as `git ls-files` names it, from the folder that was scanned
  int line = 1;
  int column = 1;                  // characters
  std::size_t begin = 0, end = 0;  // bytes of the expression in the file
  Origin origin{};
  sql::Verb verb{};
  std::vector<TableUse> tables;
  std::string function;  // the function or method around it, "UserRepository.findByEmail"; may be empty
  std::string call;      // prisma.user.findMany, for Prisma's calls
  // One statement that the server can PREPARE, with $1 … where the program puts values. For Prisma's calls a statement over the columns that
  // the client names. Empty where the program's text does not give one.
  std::string statement;
  bool statement_certain = false;  // nothing of its shape was guessed
  Confidence confidence = Confidence::high;
  std::string reason;  // why the confidence is not high
  bool operator==(const QuerySite&) const = default;

  bool touches(std::string_view table) const;  // by name, or schema.name
};

}  // namespace contraflow::code
