// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "rehearse/evidence.h"
#include "rehearse/queries.h"

namespace contraflow::rehearse {

struct TrafficOptions {
  int connections = 4;
  double rate = 200;  // queries a second, of all connections together
  double budget_ms = 250;
  std::chrono::milliseconds reader_holds{1500};  // each transaction of the deliberate reader
  std::vector<std::string> read_tables;          // quoted: what the long reader reads
  std::vector<std::string>
      inserts;  // statements over {n} (another number each time) that the constant writer runs
};

// The application's queries on several connections, with values from the data, while a migration runs; one
// connection reads in long transactions and one inserts all the time.
class Traffic {
 public:
  Traffic(const std::string& conninfo, std::vector<AppQuery> queries, const TrafficOptions& options);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // A statement of the migration begins / has ended.
  void begin(const std::string& title);
  void end();
  // Waits until the long reader holds its locks: the worst moment to begin.
  void wait_for_reader();
  // Ends all connections and says what happened.
  TrafficRun stop(const std::string& how);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Queries that every application with these tables has: by key, an update by key, for tables that the
// migration locks. `before`: the schema before the plan; a column that has another type now is read with a cast to it, as a version that was made ready for both does.
std::vector<AppQuery> ordinary_queries(pg::Connection& connection, const std::vector<sql::QualifiedName>& tables, const catalog::Database* before = nullptr);

}  // namespace contraflow::rehearse
