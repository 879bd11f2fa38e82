// SPDX-License-Identifier: Apache-2.0
//
// What the executor tells while it runs. `rehearse` looks inside transactions with it, the command line draws its progress from it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "plan/plan.h"

namespace contraflow::apply {

using Milliseconds = std::chrono::milliseconds;

// Which step runs, and in which direction. Positions count from 0 in Plan::steps.
struct StepRun {
  const plan::Step& step;
  std::size_t position = 0;
  bool undo = false;
  const plan::Action& action() const { return undo ? step.undo : step.forward; }
};

// Who holds the lock that a step waits for, seen by a second connection (pg_blocking_pids).
struct Blocker {
  int pid = 0;
  std::string user;
  std::string application;
  std::string state;         // "active", "idle in transaction", …
  std::string backend_type;  // "client backend", "autovacuum worker", …
  double transaction_seconds = 0;
  std::string query;  // the first line, cut; empty where the role may not see it
};
std::string describe(const Blocker& blocker);

// An attempt that gave up so that the traffic passes.
struct LockRefusal {
  int attempt = 1;
  Milliseconds timeout{};  // of this attempt
  Milliseconds waited{};   // since the step's first attempt
  Milliseconds budget{};   // after which the step gives up
  Milliseconds pause{};    // until the next attempt
  std::string sqlstate;    // 55P03 lock_not_available, 40P01 deadlock_detected, 57014 where we cancelled our own attempt
  std::vector<Blocker> blockers;
};

struct BatchDone {
  std::string part;             // table (partition) and range
  long long rows = 0;           // that this batch changed
  long long total_rows = 0;     // that the step has changed so far, earlier runs included
  long long expected_rows = 0;  // estimate; 0 where there is none
  double fraction = 0;          // of the key range, 0 to 1
  Milliseconds took{};
  long long next_size = 0;  // rows of the next batch
};

// What a running concurrent statement says (pg_stat_progress_create_index), or a scan that goes on.
struct Progress {
  std::string phase;     // "building index: scanning table", "waiting for old snapshots"
  double fraction = -1;  // of this phase; -1: unknown
  double seconds = 0;
  std::vector<Blocker> blockers;
  bool at_work = true;  // false: the server has been showing the session as idle or gone, while its answer is still awaited here
};

struct StepOutcome {
  enum class Kind {
    done,     // ran
    found,    // the catalog says that it was done already
    nothing,  // nothing to do in this direction
  };
  Kind kind{};
  int attempts = 0;
  Milliseconds took{};        // of the attempt that succeeded
  Milliseconds lock_waits{};  // attempts that failed, and the pauses between them
  long long rows = 0;
};

// Calls come from the executor's own thread, except `progressed`, `waiting` and `batch_done` (with several workers), which come from others but
// never two at a time. An exception from before_commit() rolls the step back and ends the run with it.
class Observer {
 public:
  virtual ~Observer() = default;
  // Each connection that runs steps, when it has been made: a place for SET and on_notice().
  virtual void connected(pg::Connection&) {}
  virtual void before_step(const StepRun&) {}
  // Its preconditions hold and it is about to run; outside any transaction.
  virtual void ready(const StepRun&, pg::Connection& /*own*/) {}
  // In the step's own transaction, its statements done, the journal not yet written: pg_locks shows what the step holds. Modes brief, scan and
  // blocking once, batched once a batch; concurrent statements have no transaction.
  virtual void before_commit(const StepRun&, pg::Connection& /*own*/) {}
  virtual void lock_refused(const StepRun&, const LockRefusal&) {}
  virtual void batch_done(const StepRun&, const BatchDone&) {}
  virtual void progressed(const StepRun&, const Progress&) {}
  // Why nothing happens just now ("replica lag 12.0 s, limit 10 s"); empty: it goes on.
  virtual void waiting(const StepRun&, const std::string& /*reason*/) {}
  virtual void after_step(const StepRun&, const StepOutcome&) {}
  // Everything else that a log should hold, one sentence.
  virtual void note(const std::string&) {}
  virtual void warning(const std::string&) {}
};

}  // namespace contraflow::apply
