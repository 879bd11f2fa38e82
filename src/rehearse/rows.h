// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "pg/connection.h"
#include "rehearse/evidence.h"
#include "rehearse/snapshot.h"

namespace contraflow::rehearse {

struct RowsWanted {
  std::map<sql::QualifiedName, long long> tables;  // --rows users=1e6
  long long others = 0;                            // of every other table; 0: none
  const Statistics* statistics = nullptr;          // NULL fractions, distinct counts and rows of production
  double scale = 1;                                // of the statistics' row counts
  long long most = 2'000'000;                      // of one table
  std::set<catalog::ObjectId> filled;              // columns that hold no NULL although they may: the migration asks it of its rows
};

// "users=1e6", "shop.users=250000" -> the table of `database` and the number. Error{usage} for what names no
// table.
std::pair<sql::QualifiedName, long long> parse_rows(const std::string& text,
                                                    const catalog::Database& database);

// Fills the empty tables with made-up rows that fulfil types, NOT NULL, keys, foreign keys, checks and
// partition bounds; the server makes them (INSERT … SELECT FROM generate_series, docs/decisions/0019).
// Needs a superuser: triggers and foreign keys are not fired, but hold by construction. What could not be
// filled is told in `used.notes`.
void make_rows(pg::Connection& connection, const catalog::Database& database, const RowsWanted& wanted,
               DataUsed& used, const std::function<void(const std::string&)>& progress = {});

// A statement that inserts one made-up row, another for each {n}; empty where none can be made up. Runs with
// the rights of an application: triggers fire.
std::string insert_one(pg::Connection& connection, const catalog::Database& database, const sql::QualifiedName& table, const std::set<catalog::ObjectId>& filled = {});

// What is there: rows and sizes of every table that has any.
std::vector<TableData> tables_with_rows(pg::Connection& connection, const Statistics* statistics);

}  // namespace contraflow::rehearse
