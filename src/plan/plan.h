// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/model.h"
#include "effects/effect.h"

namespace contraflow::plan {

using catalog::ObjectId;

enum class Phase { expand,
                   backfill,
                   contract,
                   purge };
inline constexpr std::array kPhases{Phase::expand, Phase::backfill, Phase::contract, Phase::purge};
std::string_view phase_name(Phase phase);

// How an action runs.
enum class Mode {
  none,        // nothing to run
  brief,       // one transaction, every lock request under a short lock_timeout, tried again
  scan,        // one transaction of its own that reads a whole table under a lock that lets reads and writes pass
  concurrent,  // one statement outside any transaction (… CONCURRENTLY)
  batched,     // a procedure that commits as it goes
  blocking,    // work that grows with the data under a lock that blocks; capped by statement_timeout on small tables
};
std::string_view mode_name(Mode mode);

// What an undo cannot bring back: nothing (`exact`), the position of columns (`order`), or rows' contents (`data`).
enum class Grade { exact,
                   order,
                   data };
std::string_view grade_name(Grade grade);

// A batched UPDATE: sets `assignments` on the rows of `table` where `pending` holds, by ranges of `key` (ctid where
// the table has no usable key). Where `pending` is empty, `assignments` is a whole statement that reads `FROM {rows}`.
struct Backfill {
  sql::QualifiedName table;
  std::vector<std::string> key;  // columns of the primary key or a unique NOT NULL key; empty: ctid ranges
  std::string assignments;       // "username = user_name"
  std::string pending;           // rows that are not done: "username IS DISTINCT FROM user_name"
  bool operator==(const Backfill&) const = default;
};

// Statements without final semicolons, and the condition (an SQL boolean expression over the catalog) under which they
// still have to run; empty: always, because the statements change nothing the second time.
struct Action {
  Mode mode = Mode::none;
  std::vector<std::string> statements;
  std::string todo;
  std::optional<Backfill> backfill;  // mode batched
  // An INVALID index of this name is dropped before a concurrent build.
  std::optional<sql::QualifiedName> builds_index;
  // mode blocking: tables whose size must be below kSmallTableBytes when the step runs; empty: allowed by the user.
  std::vector<sql::QualifiedName> small_tables;
  bool empty() const { return statements.empty() && !backfill; }
};

// Must count no row before the step runs, or before it is undone.
struct Precondition {
  std::string what;   // "rows of public.users whose email is NULL"
  std::string query;  // SELECT count(*) …
  std::string remedy;
};

struct Step {
  std::string id;  // stable: derived from the phase, the object and the action
  Phase phase{};
  std::string title;                       // "add column public.users.email"
  std::vector<sql::QualifiedName> tables;  // that it touches
  Action forward;
  Action undo;
  Grade grade = Grade::exact;
  bool undo_skips_large = false;  // the undo is left out, with a warning, where its small_tables have grown
  std::vector<effects::Effect> effects;
  std::vector<Precondition> preconditions, undo_preconditions;
  std::vector<std::string> notes;

  const Action& action(bool rollback) const { return rollback ? undo : forward; }
  const std::vector<Precondition>& expected(bool rollback) const { return rollback ? undo_preconditions : preconditions; }
  std::vector<Precondition>& expected(bool rollback) { return rollback ? undo_preconditions : preconditions; }
};

// Stands before a phase.
struct Gate {
  Phase before{};
  std::vector<std::string> conditions;  // sentences for people
};

struct Plan {
  std::string name;
  int server_major = 0;
  std::string from_fingerprint;
  std::string to_fingerprint;
  std::vector<Step> steps;  // in order, phases ascending
  std::vector<Gate> gates;
  std::vector<std::string> notes;
  std::vector<std::string> column_order;  // tables whose physical column order will differ from the desired schema's
  Grade grade = Grade::exact;             // worst of all steps
  bool event_triggers = false;            // some fire on CREATE PROCEDURE, by which the files define their own

  std::vector<const Step*> in_phase(Phase phase) const;
};

// Tables up to this size are changed directly: the work under the lock is bounded by statement_timeout.
// An eighth of what took 0.5 s to rewrite on a busy machine (docs/decisions/0003-small-tables.md).
inline constexpr long long kSmallTableBytes = 1LL << 20;

}  // namespace contraflow::plan
