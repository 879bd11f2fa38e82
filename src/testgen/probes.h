// SPDX-License-Identifier: Apache-2.0
//
// Objects other than tables, tested by what they do: a probe is run in both schemas with the sample rows in them, and what it gives there is what it must give before
// the plan changes the object, and from then on. One file for each kind finds the objects that change and the probes that may tell.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "testgen/table_tests.h"

namespace contraflow::testgen {

// After the statements the query shows something; nothing of it stays. Where `query` is empty there is none on this side, and the other side's is taken.
struct Probe {
  std::vector<std::string> first;
  std::string query;
};

struct ProbePair {
  std::string says;  // "a row that is inserted": what is looked at
  Probe before, desired;
};

// One object that the plan makes, changes or takes away.
struct Subject {
  std::string heading;  // "view public.v1"
  bool made = false, gone = false;
  bool same = false;                                   // made anew as it was, for the sake of another
  std::string group = {};                              // what it belongs to, and what else decides what it shows: the triggers of a table, the functions of a name,
  std::string decided_by = {};                         // the partitions that leave another their values
  std::set<catalog::ObjectId> ids = {};                // what it is
  std::set<catalog::ObjectId> uses = {};               // what it hangs on: it shows what these do
  std::set<QualifiedName> tables;                      // whose rows it shows or writes, by either name
  std::function<bool(const std::string&)> changed_by;  // statements of the plan that change it
  std::function<void(World&, Subject&)> find;          // fills `probes`, with the sample rows there
  std::vector<ProbePair> probes;
  bool each = false;     // each probe is about something of its own: they stay though they give the same
  std::size_t most = 8;  // probes that tell the two sides apart
  std::string why_none;  // said where no probe tells the two sides from each other
};

// Each kind's changed objects. Pure but for `find`.
void add_views(const World& world, std::vector<Subject>& out);
void add_routines(const World& world, std::vector<Subject>& out);
void add_triggers(const World& world, std::vector<Subject>& out);
void add_policies(const World& world, std::vector<Subject>& out);
void add_privileges(const World& world, std::vector<Subject>& out);
void add_sequences(const World& world, std::vector<Subject>& out);
void add_publications(const World& world, std::vector<Subject>& out);
void add_partitions(const World& world, std::vector<Subject>& out);
void add_types(const World& world, std::vector<Subject>& out);
void add_columns(const World& world, std::vector<Subject>& out);

// What they share.

// An identity that is given up at the end of each probe, for what PUBLIC or a view's readers may do.
inline constexpr const char* kReader = "contraflow_reader";

// Makes it the role of an ordinary user, for the moment: where a role is made up for a schema that names it, it is a superuser, who may do everything.
std::string as_ordinary(const std::string& quoted_role);

// Whether the statement has `word` and, right behind it, this name.
bool has_name(const std::string& statement, const std::string& word, const std::string& name);
// Tables and views that hang below the object by the dependencies that the server knows, and tables whose name is in the text of functions among them.
std::set<QualifiedName> tables_below(const Database& database, const catalog::ObjectId& id, std::set<catalog::ObjectId>* all = nullptr);
std::vector<QualifiedName> named_in(const Database& database, const std::string& text);  // tables
// Its whole contents but for what the server numbers; of times and made-up ids, whether there is one.
std::string contents(const Database& database, const QualifiedName& table);
const TablePair* pair_of(const World& world, const QualifiedName& name);
std::vector<std::string> key_of(const Database& database, const QualifiedName& table);  // of its primary key; empty where it has none
std::string where_row(const Database& database, const QualifiedName& table, const Row& row);
bool made_up_type(const std::string& type);  // times, UUIDs: what triggers and defaults give another value each time
// An array of each object's identities in either schema, of one kind.
bool made_anew(const World& world, const Subject& subject);                     // by a statement of the plan, forward or back
std::string time_of(const std::string& quoted, const std::string& as_written);  // SQL that says of a time whether it is as it was written, now, or another
std::set<catalog::ObjectId> ids_of(const World& world, catalog::Kind kind);

// Rows of a table for writes, as both sides see it; nothing where no row was found. A table that only one side has has rows of that side.
struct Written {
  QualifiedName old_name, new_name;
  std::optional<Row> old_row, new_row, old_other, new_other;
};
Written written_rows(World& world, const QualifiedName& table, long long number);

}  // namespace contraflow::testgen
