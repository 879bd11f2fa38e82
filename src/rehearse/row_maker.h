// SPDX-License-Identifier: Apache-2.0
//
// Fills a database's empty tables with made-up rows: which and how many (rows.cpp), and the statement that makes them (row_statement.cpp).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rehearse/column_hints.h"
#include "rehearse/row_references.h"
#include "rehearse/row_values.h"
#include "rehearse/rows.h"

namespace contraflow::rehearse {

class RowMaker {
 public:
  RowMaker(pg::Connection& connection, const catalog::Database& database, const RowsWanted& wanted, DataUsed& used,
           const std::function<void(const std::string&)>& progress)
      : connection_(connection), database_(database), wanted_(wanted), used_(used), progress_(progress) {}
  void run();
  // INSERT of one row, another for each {n}; empty where none can be made up.
  std::string one(const sql::QualifiedName& name);

 private:
  void collect();
  // What an index on expressions keeps unique, it keeps so by the columns that they name.
  static std::vector<std::string> columns_of(const catalog::Index& index, const TableToFill& table);
  // Rows that are asked for the partitioned table above, and how many partitions share them.
  std::pair<long long, long long> divided(const TableToFill& table) const;
  long long rows_for(const TableToFill& table) const;
  bool partitions_filled(const sql::QualifiedName& name) const;
  void fill(const TableToFill& table);
  const ColumnStatistics* statistics_of(const TableToFill& table, const std::string& column) const;
  long long insert(const TableToFill& table, long long rows);
  // How many numbers are tried for so many rows: conditions let some through.
  static long long candidates(const TableToFill& table, long long rows) { return table.conditions.empty() ? rows : std::max<long long>(rows * 4, 2000); }
  // `number`: the number that the one row is made from, instead of `skip` + 1, ….
  std::string statement_for(const TableToFill& table, long long rows, const std::string& number, long long skip = 0);
  // Foreign keys take rows of the referenced table in turn. Where a key consists of several references (a join table) each goes at its own pace, so that the
  // combinations differ. False where a row is needed and there will be none.
  bool refer(const TableToFill& table, long long rows, std::map<std::string, std::string>& values, std::string& joins);
  ValueRequest request_for(const TableToFill& table, const std::string& column, long long rows);
  // SQL over the row's number, true where the column is NULL; empty: nowhere.
  std::string nulls_of(const TableToFill& table, const std::string& column, const ColumnStatistics* known, const std::string& row) const;
  // "upd >= created": what the other column gets, and a little more. Empty where there is no such check, or none that can be followed.
  std::string after(const TableToFill& table, const std::string& column, const std::map<std::string, std::string>& values, long long rows, int depth = 0);
  void set_sequences();

  pg::Connection& connection_;
  const catalog::Database& database_;
  const RowsWanted& wanted_;
  DataUsed& used_;
  const std::function<void(const std::string&)>& progress_;
  TablesToFill tables_;
  std::map<std::pair<sql::QualifiedName, std::string>, ColumnHints> hints_;
  std::set<sql::QualifiedName> visited_;
  std::string lacking_;  // the table that the one being filled needs rows of
  LateReferences late_{connection_, tables_};
};

}  // namespace contraflow::rehearse
