// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apply/observer.h"
#include "pg/connection.h"
#include "plan/plan.h"

namespace contraflow::apply {

// A stretch of a backfill: the rows of `relation` with a key above `lower` and up to `upper` (blocks where the relation has no usable key).
struct Part {
  int number = 0;
  std::string relation;                   // as regclass text
  std::vector<std::string> key;           // empty: blocks
  std::vector<std::string> lower, upper;  // texts of the key's columns; `lower` empty: from the start
  long long rows = 0;                     // changed so far
  bool done = false;
  bool deferred = false;  // its rows were locked: tried again when the others are done
};

enum class StepState { begun,
                       done,
                       found,
                       undoing,
                       undone };

struct StepRecord {
  StepState state{};
  std::string runner;  // that wrote the state
};

struct PlanRecord {
  std::string hash, name, state, runner, runner_about, begun_at, changed_at, from, to;
  std::vector<std::string> tables;
};

struct PhaseRecord {
  plan::Phase phase{};
  std::string begun_at, completed_at, undone_at;
  bool begun() const { return !begun_at.empty() && undone_at.empty(); }
  bool complete() const { return begun() && !completed_at.empty(); }
};

struct BackfillRecord {
  std::string step;
  bool undo = false;
  long long parts = 0, parts_done = 0, rows = 0;
};

// What people set from another terminal (pause, resume, throttle).
struct Control {
  bool paused = false;
  bool hold_locks = false;  // the cut-over is postponed: steps that lock wait, backfills go on
  double pace = 0;          // 0: as the run was told
  std::string reason, by;
};

// The tables in schema `contraflow` (--journal-schema) of the target database: how far each plan has come, who runs it, what happened. All functions
// work on the connection that they are given, in its transaction where one is open; each may throw ServerError.
class Journal {
 public:
  static constexpr int kVersion = 1;

  Journal(std::string schema, std::string hash);

  // False: there is none. Error{refused} for one of another version.
  bool exists(pg::Connection& connection) const;
  // Makes schema and tables where they are missing. Error{environment} with what to grant where the role may not.
  void create(pg::Connection& connection) const;
  void drop(pg::Connection& connection) const;

  // The plan's row, with `runner` as the one who may write from now on. `about`: host, process, user.
  void take_over(pg::Connection& connection, const plan::Plan& plan, const std::string& runner, const std::string& about) const;
  // Locks the plan's row against a takeover until the transaction ends. Error{interrupted} where another runner has taken over.
  void fence(pg::Connection& connection, const std::string& runner) const;
  void set_state(pg::Connection& connection, const std::string& state) const;
  // A small synchronous transaction on this run's own row of the control table; shows that the run is alive.
  void beat(pg::Connection& connection, const std::string& runner) const;

  std::vector<PlanRecord> plans(pg::Connection& connection) const;
  std::vector<PhaseRecord> phases(pg::Connection& connection) const;
  std::map<std::string, StepRecord> steps(pg::Connection& connection) const;

  void begin_phase(pg::Connection& connection, plan::Phase phase) const;
  void complete_phase(pg::Connection& connection, plan::Phase phase) const;
  void phase_undone(pg::Connection& connection, plan::Phase phase) const;

  void record(pg::Connection& connection, const StepRun& run, StepState state, const std::string& runner, const StepOutcome& outcome) const;

  // Progress of a batched step. `identity`: what the relations are (their OIDs); progress of other ones is none.
  std::vector<Part> progress(pg::Connection& connection, const StepRun& run, const std::string& identity) const;
  void begin_progress(pg::Connection& connection, const StepRun& run, const std::string& identity, const std::vector<Part>& parts) const;
  void save_progress(pg::Connection& connection, const StepRun& run, const std::string& identity, const Part& part) const;
  // The end of a batch, in one message: this session's own search_path, fence() and save_progress(). Error{interrupted} where another runner has taken over.
  void advance(pg::Connection& connection, const StepRun& run, const std::string& identity, const Part& part, const std::string& runner) const;
  void forget_progress(pg::Connection& connection, const StepRun& run) const;

  std::vector<BackfillRecord> backfills(pg::Connection& connection) const;  // those under way

  Control control(pg::Connection& connection) const;
  void set_control(pg::Connection& connection, const Control& control) const;

  // One line of the log that a post-mortem reads; `kind` is one word.
  void log(pg::Connection& connection, const std::string& step, const std::string& kind, const std::string& message) const;
  struct LogLine {
    std::string at, step, kind, message;
  };
  std::vector<LogLine> last_lines(pg::Connection& connection, int count) const;

  const std::string& hash() const { return hash_; }
  const std::string& schema() const { return schema_; }

 private:
  std::string table(const char* name) const;

  std::string schema_;
  std::string hash_;
};

}  // namespace contraflow::apply
