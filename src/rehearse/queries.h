// SPDX-License-Identifier: Apache-2.0
//
// Queries of the application: where they come from, and whether each works in every state that a migration
// goes through.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "rehearse/evidence.h"

namespace contraflow::rehearse {

struct AppQuery {
  std::string name;     // file:line, or the queryid
  std::string version;  // deployed, next
  std::string text;     // with $n placeholders
  double calls = 1;
  bool columns_only = false;  // stands for calls of an ORM: it names the tables and columns that they need, and is no load
};

// From an .sql file (each statement a query), a folder of them, an export of pg_stat_statements (.json: an
// array of objects with `query` and `calls`; .csv with such a heading), or a connection string (its
// pg_stat_statements). Error{usage} where nothing can be read.
std::vector<AppQuery> load_queries(const std::string& from, const std::string& version);

// pg_stat_statements and libraries write placeholders that do not PREPARE: `interval $1` -> `$1::interval`,
// `?`, `%s`, `:name`. The rest stays.
std::string repaired_placeholders(const std::string& text);

// Runs queries in the states of a database. Works on sessions of its own; what queries write is rolled back.
class QueryProbe {
 public:
  explicit QueryProbe(std::vector<AppQuery> queries);
  ~QueryProbe();
  QueryProbe(const QueryProbe&) = delete;
  QueryProbe& operator=(const QueryProbe&) = delete;

  // The state that a version is made for: what fails here is `unknown` from then on, and the shape of each
  // result is what must come later too.
  void baseline(const std::string& conninfo, const std::string& version);
  // Prepares every query of the version in two sessions that stay open across the next step.
  void hold(const std::string& conninfo, const std::string& version);
  // After the step: executes what was prepared before (outside and inside a transaction) and prepares and
  // executes anew. Failures are recorded under `state`.
  void after(const std::string& conninfo, const std::string& version, const std::string& state);
  // Lets go of the sessions: a database that is copied or dropped must have none.
  void release();

  std::vector<QueryEvidence> evidence() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace contraflow::rehearse
