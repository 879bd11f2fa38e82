// SPDX-License-Identifier: Apache-2.0
#include "apply/journal.h"

#include <fmt/format.h>

#include <stdexcept>

#include "apply/session.h"
#include "sql/name.h"

namespace contraflow::apply {
namespace {

const char* name_of(StepState state) {
  switch (state) {
    case StepState::begun: return "begun";
    case StepState::done: return "done";
    case StepState::found: return "found";
    case StepState::undoing: return "undoing";
    case StepState::undone: return "undone";
  }
  throw std::logic_error("internal error: step state out of range");
}

StepState state_of(std::string_view name) {
  for (const StepState state : {StepState::begun, StepState::done, StepState::found, StepState::undoing, StepState::undone}) {
    if (name == name_of(state)) return state;
  }
  throw Error(ErrorCode::environment, fmt::format("the journal holds a step state \"{}\" that this version does not know", name), "use the version of contraflow that began the plan");
}

// A text array in the server's input format.
std::string array(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

std::optional<plan::Phase> phase_of(std::string_view name) {
  for (const plan::Phase phase : plan::kPhases) {
    if (plan::phase_name(phase) == name) return phase;
  }
  return {};
}

std::string position_of(const StepRun& run) { return std::to_string(run.position); }
const char* direction(const StepRun& run) { return run.undo ? "true" : "false"; }

constexpr std::string_view kProgressColumns = "hash, step, undo, part, identity, relation, key, lower, upper, rows, done, deferred";
constexpr std::string_view kProgressAdvances =
    "ON CONFLICT (hash, step, undo, part) DO UPDATE SET lower = excluded.lower, upper = excluded.upper, rows = excluded.rows, done = excluded.done, deferred = excluded.deferred";

std::string progress_values(const std::string& hash, const StepRun& run, const std::string& identity, const Part& part) {
  const auto texts = [](const std::vector<std::string>& values) { return sql::quote_literal(array(values)) + "::text[]"; };
  return fmt::format("{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}", sql::quote_literal(hash), sql::quote_literal(run.step.id), direction(run), part.number, sql::quote_literal(identity),
                     sql::quote_literal(part.relation), texts(part.key), texts(part.lower), texts(part.upper), part.rows, part.done, part.deferred);
}

}  // namespace

Journal::Journal(std::string schema, std::string hash) : schema_(std::move(schema)), hash_(std::move(hash)) {}

std::string Journal::table(const char* name) const { return sql::quote(sql::QualifiedName{schema_, name}); }

bool Journal::exists(pg::Connection& connection) const {
  const pg::Result found = connection.query("SELECT to_regclass($1) IS NOT NULL", {table("journal")});
  if (!found.boolean(0, 0)) return false;
  const pg::Result version = connection.execute(fmt::format("SELECT max(version) FROM {}", table("journal")));
  if (version.integer(0, 0) == kVersion) return true;
  throw Error(ErrorCode::refused, fmt::format("the journal in schema {} has version {}, this program writes version {}", schema_, version.integer(0, 0), kVersion),
              "use the version of contraflow that wrote it, or another --journal-schema");
}

void Journal::create(pg::Connection& connection) const {
  if (exists(connection)) return;
  try {
    connection.execute("BEGIN");
    const bool there = connection.query("SELECT to_regnamespace($1) IS NOT NULL", {sql::quote_identifier(schema_)}).boolean(0, 0);
    if (!there) connection.execute(fmt::format("CREATE SCHEMA {}", sql::quote_identifier(schema_)));
    connection.execute(fmt::format(
        "CREATE TABLE {} (version int PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT clock_timestamp());"
        "INSERT INTO {} (version) VALUES ({})",
        table("journal"), table("journal"), kVersion));
    connection.execute(fmt::format(
        "CREATE TABLE {} (hash text PRIMARY KEY, name text NOT NULL, from_fingerprint text NOT NULL, to_fingerprint text NOT NULL, server_major int NOT NULL, "
        "tables text[] NOT NULL, state text NOT NULL, runner text NOT NULL, runner_about text NOT NULL, begun_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
        "changed_at timestamptz NOT NULL DEFAULT clock_timestamp())",
        table("plans")));
    connection.execute(fmt::format(
        "CREATE TABLE {} (hash text NOT NULL, phase text NOT NULL, begun_at timestamptz NOT NULL, completed_at timestamptz, undone_at timestamptz, PRIMARY KEY (hash, phase))",
        table("phases")));
    connection.execute(fmt::format(
        "CREATE TABLE {} (hash text NOT NULL, step text NOT NULL, position int NOT NULL, phase text NOT NULL, state text NOT NULL, runner text NOT NULL, "
        "changed_at timestamptz NOT NULL, attempts int NOT NULL, took_ms bigint NOT NULL, lock_wait_ms bigint NOT NULL, rows bigint NOT NULL, PRIMARY KEY (hash, step))",
        table("steps")));
    connection.execute(fmt::format(
        "CREATE TABLE {} (hash text NOT NULL, step text NOT NULL, undo boolean NOT NULL, part int NOT NULL, identity text NOT NULL, relation text NOT NULL, key text[] NOT NULL, "
        "lower text[] NOT NULL, upper text[] NOT NULL, rows bigint NOT NULL, done boolean NOT NULL, deferred boolean NOT NULL, PRIMARY KEY (hash, step, undo, part))",
        table("progress")));
    connection.execute(fmt::format(
        "CREATE TABLE {} (hash text PRIMARY KEY, paused boolean NOT NULL, hold_locks boolean NOT NULL, pace float8 NOT NULL, reason text NOT NULL, by_whom text NOT NULL, "
        "at timestamptz NOT NULL DEFAULT clock_timestamp())",
        table("control")));
    connection.execute(fmt::format("CREATE TABLE {} (hash text PRIMARY KEY, runner text NOT NULL, at timestamptz NOT NULL)", table("heartbeat")));
    connection.execute(fmt::format(
        "CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), hash text NOT NULL, step text NOT NULL, "
        "kind text NOT NULL, message text NOT NULL)",
        table("log")));
    connection.execute("COMMIT");
  } catch (const pg::ServerError& error) {
    connection.execute("ROLLBACK");
    if (error.sqlstate() != "42501") throw;
    throw Error(ErrorCode::environment, fmt::format("the journal cannot be made in schema {}: {}", schema_, error.message()),
                fmt::format("as an owner of the database: CREATE SCHEMA {} AUTHORIZATION {}", sql::quote_identifier(schema_), sql::quote_identifier(connection.user())), error.sqlstate());
  }
}

void Journal::drop(pg::Connection& connection) const {
  connection.execute(fmt::format("BEGIN; DROP TABLE {}, {}, {}, {}, {}, {}, {}, {}; DROP SCHEMA {}; COMMIT", table("heartbeat"), table("log"), table("control"), table("progress"), table("steps"),
                                 table("phases"), table("plans"), table("journal"), sql::quote_identifier(schema_)));
}

void Journal::take_over(pg::Connection& connection, const plan::Plan& plan, const std::string& runner, const std::string& about) const {
  std::vector<std::string> tables;
  for (const plan::Step& step : plan.steps) {
    for (const sql::QualifiedName& name : step.tables) tables.push_back(sql::quote(name));
    for (const effects::Effect& effect : step.effects) tables.push_back(sql::quote(effect.relation));
  }
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  connection.query(fmt::format("INSERT INTO {} AS p (hash, name, from_fingerprint, to_fingerprint, server_major, tables, state, runner, runner_about) "
                               "VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8) ON CONFLICT (hash) DO UPDATE SET runner = excluded.runner, runner_about = excluded.runner_about, "
                               "state = 'running', changed_at = clock_timestamp()",
                               table("plans")),
                   {hash_, plan.name, plan.from_fingerprint, plan.to_fingerprint, std::to_string(plan.server_major), array(tables), runner, about});
}

void Journal::fence(pg::Connection& connection, const std::string& runner) const {
  const pg::Result row = connection.query(fmt::format("SELECT runner, runner_about FROM {} WHERE hash = $1 FOR SHARE", table("plans")), {hash_});
  if (row.rows() == 1 && row.text(0, 0) == runner) return;
  throw Error(ErrorCode::interrupted, row.rows() == 1 ? fmt::format("another run has taken over: {}", row.text(0, 1)) : "the journal of this run is gone",
              "nothing of this run's current step was kept; contraflow status shows who runs");
}

void Journal::set_state(pg::Connection& connection, const std::string& state) const {
  connection.query(fmt::format("UPDATE {} SET state = $2, changed_at = clock_timestamp() WHERE hash = $1", table("plans")), {hash_, state});
}

void Journal::beat(pg::Connection& connection, const std::string& runner) const {
  connection.query(fmt::format("INSERT INTO {} VALUES ($1, $2, clock_timestamp()) ON CONFLICT (hash) DO UPDATE SET runner = excluded.runner, at = excluded.at", table("heartbeat")), {hash_, runner});
}

std::vector<PlanRecord> Journal::plans(pg::Connection& connection) const {
  std::vector<PlanRecord> out;
  const pg::Result rows = connection.execute(fmt::format(
      "SELECT hash, name, state, runner, runner_about, to_char(begun_at, 'YYYY-MM-DD HH24:MI:SSOF'), to_char(changed_at, 'YYYY-MM-DD HH24:MI:SSOF'), from_fingerprint, to_fingerprint, "
      "tables FROM {} ORDER BY changed_at DESC",
      table("plans")));
  for (int i = 0; i < rows.rows(); ++i) {
    out.push_back({rows.string(i, 0), rows.string(i, 1), rows.string(i, 2), rows.string(i, 3), rows.string(i, 4), rows.string(i, 5), rows.string(i, 6), rows.string(i, 7),
                   rows.string(i, 8), rows.text_array(i, 9)});
  }
  return out;
}

std::vector<PhaseRecord> Journal::phases(pg::Connection& connection) const {
  std::vector<PhaseRecord> out;
  const pg::Result rows = connection.query(fmt::format("SELECT phase, begun_at::text, completed_at::text, undone_at::text FROM {} WHERE hash = $1", table("phases")), {hash_});
  for (int i = 0; i < rows.rows(); ++i) {
    if (const auto phase = phase_of(rows.text(i, 0))) out.push_back({*phase, rows.string(i, 1), rows.string(i, 2), rows.string(i, 3)});
  }
  std::sort(out.begin(), out.end(), [](const PhaseRecord& a, const PhaseRecord& b) { return a.phase < b.phase; });
  return out;
}

std::map<std::string, StepRecord> Journal::steps(pg::Connection& connection) const {
  std::map<std::string, StepRecord> out;
  const pg::Result rows = connection.query(fmt::format("SELECT step, state, runner FROM {} WHERE hash = $1", table("steps")), {hash_});
  for (int i = 0; i < rows.rows(); ++i) out[rows.string(i, 0)] = {state_of(rows.text(i, 1)), rows.string(i, 2)};
  return out;
}

void Journal::begin_phase(pg::Connection& connection, plan::Phase phase) const {
  connection.query(fmt::format("INSERT INTO {} AS p (hash, phase, begun_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT (hash, phase) DO UPDATE SET "
                               "begun_at = CASE WHEN p.undone_at IS NULL THEN p.begun_at ELSE clock_timestamp() END, undone_at = NULL, completed_at = NULL",
                               table("phases")),
                   {hash_, std::string(plan::phase_name(phase))});
}

void Journal::complete_phase(pg::Connection& connection, plan::Phase phase) const {
  connection.query(fmt::format("UPDATE {} SET completed_at = clock_timestamp() WHERE hash = $1 AND phase = $2", table("phases")), {hash_, std::string(plan::phase_name(phase))});
}

void Journal::phase_undone(pg::Connection& connection, plan::Phase phase) const {
  connection.query(fmt::format("UPDATE {} SET undone_at = clock_timestamp(), completed_at = NULL WHERE hash = $1 AND phase = $2", table("phases")),
                   {hash_, std::string(plan::phase_name(phase))});
}

void Journal::record(pg::Connection& connection, const StepRun& run, StepState state, const std::string& runner, const StepOutcome& outcome) const {
  connection.query(fmt::format("INSERT INTO {} (hash, step, position, phase, state, runner, changed_at, attempts, took_ms, lock_wait_ms, rows) "
                               "VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8, $9, $10) ON CONFLICT (hash, step) DO UPDATE SET position = excluded.position, "
                               "phase = excluded.phase, state = excluded.state, runner = excluded.runner, changed_at = excluded.changed_at, attempts = excluded.attempts, "
                               "took_ms = excluded.took_ms, lock_wait_ms = excluded.lock_wait_ms, rows = excluded.rows",
                               table("steps")),
                   {hash_, run.step.id, position_of(run), std::string(plan::phase_name(run.step.phase)), name_of(state), runner, std::to_string(outcome.attempts),
                    std::to_string(outcome.took.count()), std::to_string(outcome.lock_waits.count()), std::to_string(outcome.rows)});
}

std::vector<Part> Journal::progress(pg::Connection& connection, const StepRun& run, const std::string& identity) const {
  std::vector<Part> out;
  const pg::Result rows = connection.query(
      fmt::format("SELECT part, relation, key, lower, upper, rows, done, deferred FROM {} WHERE hash = $1 AND step = $2 AND undo = $3 AND identity = $4 ORDER BY part", table("progress")),
      {hash_, run.step.id, direction(run), identity});
  for (int i = 0; i < rows.rows(); ++i) {
    out.push_back({.number = static_cast<int>(rows.integer(i, 0)), .relation = rows.string(i, 1), .key = rows.text_array(i, 2), .lower = rows.text_array(i, 3), .upper = rows.text_array(i, 4), .rows = rows.integer(i, 5), .done = rows.boolean(i, 6), .deferred = rows.boolean(i, 7)});
  }
  return out;
}

void Journal::begin_progress(pg::Connection& connection, const StepRun& run, const std::string& identity, const std::vector<Part>& parts) const {
  forget_progress(connection, run);
  for (const Part& part : parts) save_progress(connection, run, identity, part);
}

void Journal::save_progress(pg::Connection& connection, const StepRun& run, const std::string& identity, const Part& part) const {
  connection.execute(fmt::format("INSERT INTO {} ({}) VALUES ({}) {}", table("progress"), kProgressColumns, progress_values(hash_, run, identity, part), kProgressAdvances));
}

void Journal::advance(pg::Connection& connection, const StepRun& run, const std::string& identity, const Part& part, const std::string& runner) const {
  const pg::Result saved = connection.execute(fmt::format("{0}; WITH fence AS MATERIALIZED (SELECT FROM {1} WHERE hash = {2} AND runner = {3} FOR SHARE) INSERT INTO {4} ({5}) SELECT {6} FROM fence {7}", kOwnPathLocal,
                                                          table("plans"), sql::quote_literal(hash_), sql::quote_literal(runner), table("progress"), kProgressColumns,
                                                          progress_values(hash_, run, identity, part), kProgressAdvances));
  if (saved.rows_affected() == 1) return;
  fence(connection, runner);  // says who has taken over
  throw Error(ErrorCode::interrupted, "the journal did not take the progress of a batch", "run the same command again; the batch was rolled back");
}

void Journal::forget_progress(pg::Connection& connection, const StepRun& run) const {
  connection.query(fmt::format("DELETE FROM {} WHERE hash = $1 AND step = $2 AND undo = $3", table("progress")), {hash_, run.step.id, direction(run)});
}

std::vector<BackfillRecord> Journal::backfills(pg::Connection& connection) const {
  std::vector<BackfillRecord> out;
  const pg::Result rows = connection.query(
      fmt::format("SELECT step, undo, count(*), count(*) FILTER (WHERE done), sum(rows)::bigint FROM {} WHERE hash = $1 GROUP BY step, undo ORDER BY step", table("progress")), {hash_});
  for (int i = 0; i < rows.rows(); ++i) out.push_back({rows.string(i, 0), rows.boolean(i, 1), rows.integer(i, 2), rows.integer(i, 3), rows.integer(i, 4)});
  return out;
}

Control Journal::control(pg::Connection& connection) const {
  const pg::Result row = connection.query(fmt::format("SELECT paused, hold_locks, pace, reason, by_whom FROM {} WHERE hash = $1", table("control")), {hash_});
  if (row.rows() == 0) return {};
  return {row.boolean(0, 0), row.boolean(0, 1), std::stod(row.string(0, 2)), row.string(0, 3), row.string(0, 4)};
}

void Journal::set_control(pg::Connection& connection, const Control& control) const {
  connection.query(fmt::format("INSERT INTO {} (hash, paused, hold_locks, pace, reason, by_whom) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO UPDATE SET "
                               "paused = excluded.paused, hold_locks = excluded.hold_locks, pace = excluded.pace, reason = excluded.reason, by_whom = excluded.by_whom, at = clock_timestamp()",
                               table("control")),
                   {hash_, control.paused ? "true" : "false", control.hold_locks ? "true" : "false", fmt::format("{}", control.pace), control.reason, control.by});
}

void Journal::log(pg::Connection& connection, const std::string& step, const std::string& kind, const std::string& message) const {
  connection.query(fmt::format("INSERT INTO {} (hash, step, kind, message) VALUES ($1, $2, $3, $4)", table("log")), {hash_, step, kind, message});
}

std::vector<Journal::LogLine> Journal::last_lines(pg::Connection& connection, int count) const {
  std::vector<LogLine> out;
  const pg::Result rows = connection.query(fmt::format("SELECT * FROM (SELECT to_char(at, 'YYYY-MM-DD HH24:MI:SS.MSOF'), step, kind, message, id FROM {} WHERE hash = $1 ORDER BY id DESC LIMIT $2) "
                                                       "AS l ORDER BY id",
                                                       table("log")),
                                           {hash_, std::to_string(count)});
  for (int i = 0; i < rows.rows(); ++i) out.push_back({rows.string(i, 0), rows.string(i, 1), rows.string(i, 2), rows.string(i, 3)});
  return out;
}

}  // namespace contraflow::apply
