// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "rehearse/evidence.h"

namespace contraflow::rehearse {

// What a database is, by PostgreSQL's own words: one text an object, by a title that names it. Knows nothing
// of the catalog model, so that it can judge what was made from that.
struct SchemaState {
  std::map<std::string, std::string> entries;
  bool dumped = false;  // by pg_dump; else by the catalog functions
};

// What the catalog functions say, many times of one database: a session of its own, which plans the query and fills its catalog caches once.
class StateReader {
 public:
  explicit StateReader(const std::string& conninfo);
  SchemaState read();

 private:
  pg::Connection connection_;
};

// Finds a pg_dump that can read servers of a major; asks once.
class Judge {
 public:
  // `bindirs`: where pg_dump may lie, besides the usual folders.
  explicit Judge(int server_major, const std::vector<std::string>& bindirs = {});
  // Whether pg_dump judges; otherwise why not, for the report.
  bool dumps() const { return !pg_dump_.empty(); }
  const std::string& why_not() const { return why_not_; }

  // By pg_dump --schema-only, where there is one, and by the catalog functions, which see what a dump does
  // not (INVALID indexes, the order of columns of views). `dumped` false: the catalog functions alone (many
  // states).
  SchemaState state(const std::string& conninfo, bool dumped = true) const;

 private:
  std::string pg_dump_, why_not_;
};

enum class Likeness { exact,
                      order,
                      differs };  // order: but for the physical order of table columns
struct Comparison {
  Likeness likeness = Likeness::exact;
  std::vector<std::string> differences;  // "want: …" / "got: …" below the object's title; at most a screenful
};
// `ignored_order`: tables ("public.users") whose column order may differ, which then counts as exact.
Comparison compare(const SchemaState& want, const SchemaState& got,
                   const std::set<std::string>& ignored_order = {});

// By object; the order of columns is none.
SchemaChanges changes_between(const SchemaState& before, const SchemaState& after);

}  // namespace contraflow::rehearse
