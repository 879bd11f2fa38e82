// SPDX-License-Identifier: Apache-2.0
//
// Rows for the tests, as text that stands in the SQL: made up from the catalog model, tried on a sandbox, so that nothing is in a test that its own
// schema refuses for another reason than the one it is about.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "pg/connection.h"
#include "testgen/shape.h"

namespace contraflow::testgen {

using Row = std::map<std::string, pg::Value>;  // column -> its text, or NULL

class RowMaker {
 public:
  // The connection is in one transaction until the maker goes; what it tries is rolled back. `other`: the schema on the other side of the plan, whose partitions the
  // rows must fit as well.
  RowMaker(pg::Connection& connection, const Database& database, const Database& other);
  ~RowMaker();
  RowMaker(const RowMaker&) = delete;
  RowMaker& operator=(const RowMaker&) = delete;

  // A row that the table takes beside all that is there, another for each `number`, with these contents where they are given; nothing where none was found.
  std::optional<Row> make(const QualifiedName& table, long long number, const Row& given = {});
  // Inserts it to stay (until the maker goes), `silent`: without its triggers; its contents as they are then, every column.
  Row keep(const QualifiedName& table, const Row& row, bool silent = false);

  // A variant of `row` that this rule alone refuses, beside `rival` where one is given: the server takes it once the rule is dropped. Nothing where none was found.
  std::optional<Row> violate(const QualifiedName& table, const Rule& rule, const Row& row, const Row* rival = nullptr);
  // Columns that do not read back as they were written: triggers change them.
  std::set<std::string> altered(const QualifiedName& table, const Row& row);

  std::string insert(const QualifiedName& table, const Row& row) const;
  bool accepts(const std::string& statement);                        // tried, and rolled back
  std::optional<std::string> refusal(const std::string& statement);  // its SQLSTATE; nothing where it is accepted
  pg::Value evaluate(const std::string& expression);                 // its text; Error where it has none

  // The first value that the query gives after the statements, which are rolled back; nothing where one of them is refused.
  std::optional<pg::Value> after(const std::vector<std::string>& statements, const std::string& query);

  // What the query gives after the statements, which are rolled back: each row as one text, sorted; or "refused: SQLSTATE" alone.
  std::vector<std::string> outcome(const std::vector<std::string>& first, const std::string& query);

  const Database& database() const { return database_; }

 private:
  std::optional<Row> make(const QualifiedName& table, long long number, const Row& given, bool alone);
  std::optional<Row> violate_beside(const QualifiedName& table, const Rule& rule, const Row& row);
  std::vector<Row> candidates(const QualifiedName& table, const Rule& rule, const Row& row);

  pg::Connection& connection_;
  const Database& database_;
  const Database& other_;
};

// For what a superuser writes without the triggers of the table.
inline constexpr const char* kTriggersOff = "SET LOCAL session_replication_role = replica";
inline constexpr const char* kTriggersOn = "SET LOCAL session_replication_role = origin";

std::string literal(const pg::Value& value);
const char* sqlstate_of(Rule::Kind kind);

}  // namespace contraflow::testgen
