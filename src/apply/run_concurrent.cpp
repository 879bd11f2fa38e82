// SPDX-License-Identifier: Apache-2.0
//
// Statements outside any transaction: CREATE, DROP and REINDEX INDEX CONCURRENTLY, DETACH PARTITION … CONCURRENTLY. They wait for transactions
// that are older than themselves and block neither reads nor writes meanwhile. Whether they are done says the catalog alone.
#include <fmt/format.h>

#include "apply/run.h"

namespace contraflow::apply {
namespace {

// DETACH … CONCURRENTLY ends with ACCESS EXCLUSIVE on the partition: that request must be as short as any other. What it leaves behind is
// finished by the step that follows (ALTER TABLE … DETACH PARTITION … FINALIZE).
bool ends_in_access_exclusive(const std::string& statement) { return statement.find("DETACH PARTITION") != std::string::npos; }

void drop_leftover(Run& run, const plan::Action& action) {
  if (!action.builds_index) return;
  const std::string name = sql::quote(*action.builds_index);
  if (!run.connection().query("SELECT to_regclass($1) IS NOT NULL", {name}).boolean(0, 0)) return;
  run.connection().execute("DROP INDEX CONCURRENTLY IF EXISTS " + name);
}

}  // namespace

StepOutcome run_concurrent(Run& run, const StepRun& step, const std::string& condition) {
  const plan::Action& action = step.action();
  const auto begin = Clock::now();
  StepOutcome outcome;
  run.transaction(run.steps, [&](pg::Connection& connection) {
    run.journal.fence(connection, run.runner);
    run.journal.record(connection, step, step.undo ? StepState::undoing : StepState::begun, run.runner, outcome);
  });
  for (outcome.attempts = 1;; ++outcome.attempts) {
    run.safe_point();
    run.throttle.wait_for_locks(step);
    const auto attempt_begin = Clock::now();
    const Milliseconds left = std::max<Milliseconds>(run.options.locks.concurrent_budget - since(begin), 1s);
    try {
      pg::Connection& connection = run.connection();
      {
        const Session::Interruptible interruptible(run.steps);
        const LongWork work(run, run.options.work_limit + 30s, [&](const Progress& progress) { run.observer.progressed(step, progress); });
        connection.execute(fmt::format("SET lock_timeout = '{}ms'; SET statement_timeout = '{}ms'; {}", left.count(), run.options.work_limit.count(), kUsersPath));
        drop_leftover(run, action);
        for (const std::string& statement : action.statements) {
          if (ends_in_access_exclusive(statement)) connection.execute(fmt::format("SET lock_timeout = '{}ms'", run.options.locks.longest_timeout.count()));
          connection.execute(statement);
        }
      }
      connection.execute(fmt::format("SET lock_timeout = '100ms'; SET statement_timeout = '60s'; {}", kOwnPath));
      outcome.took = since(attempt_begin);
      break;
    } catch (const Error& error) {
      run.steps.drop();  // with whatever settings it had
      run.log(step.step.id, "attempt", fmt::format("attempt {} of a concurrent statement ended: {}", outcome.attempts, error.message()));
      if (*run.options.stop && failure_of(error) == Failure::cancelled) run.safe_point();
      if (failure_of(error) != Failure::lock) throw;
      if (!condition.empty() && !run.holds(condition)) break;  // what is left of it belongs to the next step
      if (since(begin) >= run.options.locks.concurrent_budget) {
        throw Error(ErrorCode::interrupted, fmt::format("not done after {} attempts: {}", outcome.attempts, error.message()),
                    "an older transaction is in the way (contraflow status names it): run the same command again when it has ended", error.sqlstate());
      }
      run.observer.lock_refused(step, {.attempt = outcome.attempts, .timeout = left, .waited = since(begin), .budget = run.options.locks.concurrent_budget, .pause = 1s, .sqlstate = error.sqlstate(), .blockers = {}});
      outcome.lock_waits = since(begin);
      run.sleep(Milliseconds(static_cast<int>(run.jitter(500, 1500))));
    }
  }
  outcome.kind = StepOutcome::Kind::done;
  run.transaction(run.steps, [&](pg::Connection& connection) {
    run.journal.fence(connection, run.runner);
    run.journal.record(connection, step, step.undo ? StepState::undone : StepState::done, run.runner, outcome);
  });
  return outcome;
}

}  // namespace contraflow::apply
