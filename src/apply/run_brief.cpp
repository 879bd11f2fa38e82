// SPDX-License-Identifier: Apache-2.0
//
// Steps that are one transaction: brief ones, scans under a lock that lets reads and writes pass, and blocking work. An outage is rarely the
// statement, it is the queue behind a lock request that waits: so each attempt waits for a moment only, gives everything back, and lets the
// traffic pass before the next one.
#include <fmt/format.h>

#include <algorithm>

#include "apply/run.h"

namespace contraflow::apply {
namespace {

Milliseconds work_limit(const Run& run, const plan::Action& action) {
  switch (action.mode) {
    case plan::Mode::scan: return run.options.work_limit;
    case plan::Mode::blocking: return action.small_tables.empty() ? run.options.work_limit : run.options.small_limit;
    case plan::Mode::none:
    case plan::Mode::brief:
    case plan::Mode::concurrent:
    case plan::Mode::batched: break;
  }
  return run.options.brief_limit;
}

void check_small(pg::Connection& connection, const plan::Action& action) {
  for (const sql::QualifiedName& table : action.small_tables) {
    const pg::Result size = connection.query("SELECT pg_table_size(to_regclass($1))", {sql::quote(table)});
    if (size.integer(0, 0) > plan::kSmallTableBytes) {
      throw Error(ErrorCode::refused, fmt::format("{} has grown to {} kB since this was planned: the step would block it for too long", sql::quote(table), size.integer(0, 0) / 1024),
                  "plan again, or run the statement in a maintenance window");
    }
  }
}

class Attempts {
 public:
  Attempts(Run& run, const StepRun& step) : run_(run), step_(step) {}

  StepOutcome run() {
    for (outcome_.attempts = 1;; ++outcome_.attempts) {
      run_.safe_point();
      run_.throttle.wait_for_locks(step_);
      const auto attempt_begin = Clock::now();
      timeout_ = next_timeout();
      try {
        attempt();
        outcome_.kind = StepOutcome::Kind::done;
        outcome_.took = since(attempt_begin);
        return outcome_;
      } catch (const Error& error) {
        run_.steps.abandon_transaction();
        const std::vector<Blocker> blockers = run_.watcher.seen();
        if (failure_of(error) != Failure::lock) throw;
        give_way(error, blockers);
        outcome_.lock_waits = since(begin_);
      } catch (...) {
        run_.steps.abandon_transaction();  // an observer's own exception
        throw;
      }
    }
  }

 private:
  // Grows by a tenth each time, so that a lock that is busier than usual is still got; jittered, so that periodic traffic does not meet it every time.
  Milliseconds next_timeout() {
    const LockOptions& locks = run_.options.locks;
    double base = static_cast<double>(locks.first_timeout.count());
    for (int i = 1; i < outcome_.attempts && base < static_cast<double>(locks.longest_timeout.count()); ++i) base *= 1.1;
    base = std::min(base, static_cast<double>(locks.longest_timeout.count()));
    return Milliseconds(std::max(1, static_cast<int>(base * run_.jitter(0.8, 1.2))));
  }

  void attempt() {
    pg::Connection& connection = run_.connection();
    const plan::Action& action = step_.action();
    const Milliseconds limit = work_limit(run_, action);
    const Session::Patience patience(run_.steps, std::min(limit, run_.options.brief_limit) + 5s);
    connection.execute(fmt::format("BEGIN; {}; {}; {}; {}", set_local("lock_timeout", timeout_), set_local("statement_timeout", limit),
                                   set_local("idle_in_transaction_session_timeout", run_.options.idle_limit), kUsersPathLocal));
    check_small(connection, action);
    const Milliseconds lead = std::min<Milliseconds>(25ms, timeout_ / 2);
    run_.watcher.look(connection.backend_pid(), timeout_ - lead);
    run_statements(connection, action, limit);
    connection.execute(std::string(kOwnPathLocal));
    run_.watcher.seen();
    run_.observer.before_commit(step_, connection);
    run_.journal.fence(connection, run_.runner);
    run_.journal.record(connection, step_, step_.undo ? StepState::undone : StepState::done, run_.runner, outcome_);
    connection.execute("COMMIT");
  }

  // Locks already held block others while the next one is waited for: what all requests of an attempt wait together is limited, too.
  void run_statements(pg::Connection& connection, const plan::Action& action, Milliseconds limit) {
    const Session::Patience patience(run_.steps, limit + 5s);
    const auto give_up = Clock::now() + timeout_ * 2;
    bool first = true;
    std::optional<Session::Interruptible> interruptible;
    std::optional<LongWork> work;
    if (action.mode == plan::Mode::scan || (action.mode == plan::Mode::blocking && action.small_tables.empty())) {
      interruptible.emplace(run_.steps);
      work.emplace(run_, limit + 5s, [&](const Progress& progress) { run_.observer.progressed(step_, progress); });
    }
    for (const std::string& statement : action.statements) {
      if (!first) {
        const auto left = std::chrono::duration_cast<Milliseconds>(give_up - Clock::now());
        const Milliseconds now = std::clamp<Milliseconds>(left, 10ms, timeout_);
        if (action.mode == plan::Mode::brief && now < timeout_) connection.execute(set_local("lock_timeout", now));
      }
      first = false;
      connection.execute(statement);
    }
  }

  void give_way(const Error& error, const std::vector<Blocker>& blockers) {
    const Milliseconds waited = since(begin_);
    if (waited >= run_.options.locks.budget) {
      std::string who;
      for (const Blocker& blocker : blockers) who += (who.empty() ? "; blocked by " : ", ") + describe(blocker);
      throw Error(ErrorCode::interrupted, fmt::format("no lock after {} attempts in {:.1f} s: {}{}", outcome_.attempts, static_cast<double>(waited.count()) / 1000, error.message(), who),
                  "end what blocks, or allow --cancel-blockers, and run the same command again: it goes on with this step", error.sqlstate());
    }
    const double base = std::min(2000.0, 100.0 * outcome_.attempts);
    const Milliseconds pause(static_cast<int>(base * run_.jitter(0.5, 1.5)));
    run_.observer.lock_refused(step_, {.attempt = outcome_.attempts, .timeout = timeout_, .waited = waited, .budget = run_.options.locks.budget, .pause = pause, .sqlstate = error.sqlstate(), .blockers = blockers});
    if (outcome_.attempts % 10 == 1 || outcome_.attempts < 4) log_refusal(error, blockers);
    // Ordinary traffic gets three attempts to end by itself.
    if (outcome_.attempts >= 3 && run_.options.locks.cancel != CancelBlockers::none) {
      for (const std::string& sentence : cancel_blockers(run_.connection(), blockers, run_.options.locks.cancel)) {
        run_.observer.warning(sentence);
        run_.log(step_.step.id, "cancelled", sentence);
      }
    }
    run_.sleep(pause);
  }

  void log_refusal(const Error& error, const std::vector<Blocker>& blockers) {
    std::string message = fmt::format("attempt {} gave way after {} ms: {}", outcome_.attempts, timeout_.count(), error.message());
    for (const Blocker& blocker : blockers) message += "; " + describe(blocker);
    run_.log(step_.step.id, "lock", message);
  }

  Run& run_;
  const StepRun& step_;
  StepOutcome outcome_;
  Milliseconds timeout_{};
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

StepOutcome run_brief(Run& run, const StepRun& step) { return Attempts(run, step).run(); }

}  // namespace contraflow::apply
