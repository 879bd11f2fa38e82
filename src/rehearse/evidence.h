// SPDX-License-Identifier: Apache-2.0
//
// What a rehearsal observed and proved: pure data, so that `review` and `report` need no connection.
// Durations are milliseconds, sizes bytes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "effects/effect.h"
#include "sql/name.h"

namespace contraflow::rehearse {

enum class Verdict { proven,
                     refuted,
                     unknown };
std::string_view verdict_name(Verdict verdict);

// Where a statement stands; `file` is empty for statements that are in none.
struct Place {
  std::string file;
  int line = 0;
  std::string statement;  // its text, shortened
};

// One claim about the migration and what came of trying it.
struct Proof {
  std::string id;     // "rollback.schema"
  std::string claim;  // "the rollback restores the schema exactly"
  Verdict verdict = Verdict::unknown;
  std::string reason;                // what was run and seen; why it is unknown
  std::optional<Place> place;        // the statement that refutes it
  std::vector<std::string> details;  // differences, a line each
  std::string outcome;               // rollback.schema: exact, order, differs, fails, empty, missing
  bool decisive = true;              // a refuted one fails the rehearsal
};

struct HeldLock {
  sql::QualifiedName relation;
  effects::LockMode mode = effects::LockMode::none;
  bool implied = false;  // the statement does not name the relation
  double held_ms = 0;    // from the start of the statement that took it to the end of its transaction
};

struct TouchedRows {
  sql::QualifiedName relation;
  long long inserted = 0, updated = 0, deleted = 0;
};

struct Scan {
  sql::QualifiedName relation;
  long long scans = 0, rows = 0;
};

struct SizeChange {
  sql::QualifiedName relation;
  long long before = 0, after = 0;  // pg_total_relation_size()
};

// A trigger function of the user's that a statement's rows called.
struct FiredFunction {
  std::string function;  // public.touch()
  long long calls = 0;
};

// Taken ACCESS EXCLUSIVE after `behind`, by an earlier statement of the transaction, was: queries take them the other way round (a view before its
// tables, a partitioned table before its partitions), and deadlock with it.
struct LateLock {
  sql::QualifiedName relation, behind;
};

struct ObservedNotice {
  std::string severity, text;
};

// One statement as the server carried it out. Only relations that were there before the migration are listed:
// nothing waits for a table that its own transaction made.
struct Observation {
  Place place;
  std::string step;     // id of the plan's step; empty for a hand-written migration
  std::string title;    // "add column public.users.email", or the statement's first words
  std::string phase;    // expand, …; empty for a hand-written migration
  int transaction = 0;  // statements with the same number committed together; 0: outside any transaction
  double duration_ms = 0;
  long long wal_bytes = 0;
  long long pages = 0, pages_missed = 0;  // buffers asked for, and of these not found in shared buffers; 0 where it commits as it goes
  std::vector<HeldLock> locks;
  std::vector<LateLock> late;
  std::optional<long long> lock_timeout_ms;         // in force when it ran, 0: none; empty where that was not seen (plans, psql)
  bool sampled = false;                             // locks seen from a second connection while it ran: weaker ones may be missed
  std::vector<sql::QualifiedName> rewritten;        // tables and materialized views with a new file
  std::vector<sql::QualifiedName> emptied;          // with a new file that holds nothing, where the old one did: TRUNCATE
  std::vector<sql::QualifiedName> indexes_rebuilt;  // of tables that kept theirs
  std::vector<sql::QualifiedName> built;            // new indexes on tables that were there
  std::vector<Scan> scans;
  std::vector<TouchedRows> rows;
  std::vector<FiredFunction> fired;
  std::vector<SizeChange> sizes;
  std::vector<ObservedNotice> notices;
  std::vector<std::string> predicted;  // plans: where more was seen than `effects` said
};

// What is known of the data that it ran on.
struct TableData {
  sql::QualifiedName relation;
  long long rows = 0, bytes = 0;
  std::optional<double> production_rows, production_bytes;  // from the snapshot's statistics
};
struct DataUsed {
  std::string kind;  // none, synthetic, dump, clone, own (rows that the schema's SQL brings)
  std::vector<TableData> tables;
  std::vector<std::string> notes;
};

// A query of the application in one state of the schema.
struct QueryOutcome {
  std::string state;  // "before step 3 (…)", "after step 3"
  std::string how;    // prepare, held open, in a transaction, execute
  std::string error, sqlstate;
};
struct QueryEvidence {
  std::string name;     // file:line or queryid
  std::string version;  // deployed, next
  std::string text;
  Verdict verdict = Verdict::unknown;
  std::string reason;
  int states = 0;  // in how many it succeeded
  std::vector<QueryOutcome> failures;
  bool writes = false;
};

struct StallPoint {
  double at_ms = 0, stall_ms = 0;  // since the start of the traffic; how long the query took
  std::string query;
};
struct TrafficQuery {
  std::string name, text;
  long long executed = 0, failed = 0;
  double longest_ms = 0, p99_ms = 0, baseline_p99_ms = 0;
  std::string error;  // the first
};
struct TrafficRun {
  std::string how;  // careful, naive
  double seconds = 0;
  long long executed = 0, failed = 0;
  double longest_ms = 0, p99_ms = 0;
  long long inserted = 0;
  double reader_holds_ms = 0;  // how long each transaction of the deliberate reader lasted
  std::vector<TrafficQuery> queries;
  std::vector<StallPoint> points;  // thinned: the worst of each interval
  struct Mark {
    double from_ms = 0, to_ms = 0;
    std::string title;
  };
  std::vector<Mark> marks;  // when each statement ran
  bool completed = false;
  std::string error;
};
struct TrafficEvidence {
  int connections = 0;
  double rate = 0;
  double budget_ms = 250;
  std::vector<TrafficRun> runs;
  std::vector<std::string> notes;
};

// What the schema after the migration has and the one before has not, and the other way round: "column
// public.users.tier".
struct SchemaChanges {
  std::vector<std::string> added, removed, changed;
  bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

struct Rehearsal {
  std::string kind;      // file, plan
  std::string subject;   // path as given
  std::string rollback;  // path of the rollback; empty: none found
  int major = 0;
  int wanted_major = 0;  // 0: none was asked for
  std::string server;    // "15.18"
  std::string run_as;    // how the migration ran: "one transaction", "statement by statement"
  bool superuser = false;
  DataUsed data;
  bool sets_lock_timeout = false;  // a lock_timeout is in force wherever a statement asks for a lock that blocks writes; plans always run so
  std::vector<Observation> steps;
  std::vector<Observation> rollback_steps;
  SchemaChanges changes;
  std::vector<Proof> proofs;
  std::vector<QueryEvidence> queries;
  std::optional<TrafficEvidence> traffic;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, std::string>> gates;  // phase, condition (plans)
  std::string grade;                                       // plans: exact, order, data
  double seconds = 0;

  const Proof* find(std::string_view id) const;
  // refuted where a decisive proof is; unknown where a decisive one is; else proven.
  Verdict verdict() const;
};

}  // namespace contraflow::rehearse
