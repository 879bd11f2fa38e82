// SPDX-License-Identifier: Apache-2.0
//
// What a statement of a migration says that the schema after it does not show: new names, conversions, changes of rows. Pure, from the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/name.h"

namespace contraflow::lint {

enum class StatementKind {
  schema,       // its effect shows in the schema after it; also what the parser does not know
  transaction,  // BEGIN, COMMIT
  takes_back,   // ROLLBACK, SAVEPOINT: what ran before it may be undone
  setting,      // SET, RESET: of the session
  query,        // reads, calls nothing that could write
  data,         // rows change
  maintenance,  // VACUUM, REINDEX, ANALYZE, LOCK …: nothing stays that a schema shows
  server,       // roles, tablespaces: of the whole server
};

// ALTER … RENAME, as written; `relation.schema` is empty where none is.
struct SaidRename {
  sql::QualifiedName object;  // the table, type …; of a member: what it belongs to; a schema has no name, only `schema`
  std::string member;         // the column or enum value; empty: the object itself
  std::string to;
  bool moves = false;  // SET SCHEMA: `to` is the schema
};

// ALTER COLUMN … TYPE … USING expression.
struct SaidConversion {
  sql::QualifiedName table;
  std::string column, expression;
};

// UPDATE table SET column = expression, of every row or of those whose column is NULL.
struct SaidFill {
  sql::QualifiedName table;
  std::string column, expression;  // qualifiers of the table itself are taken off
  bool only_null = false;
};

struct Meaning {
  StatementKind kind = StatementKind::schema;
  std::string verb;      // "UPDATE", "VACUUM": for messages
  std::string place_in;  // "in a DO block"; empty for the statement itself
  std::vector<SaidRename> renames;
  std::vector<SaidConversion> conversions;
  std::vector<SaidFill> fills;  // kind data: all that it does, where that can be said so
  std::string why;              // kind data without fills: why it is none
};

// One statement without its semicolon; a DO block says what each of its statements does.
std::vector<Meaning> meaning_of(std::string_view statement);

}  // namespace contraflow::lint
