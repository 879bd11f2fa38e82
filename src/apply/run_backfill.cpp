// SPDX-License-Identifier: Apache-2.0
//
// Batched updates: a range of the key (or of blocks) a transaction, with the progress in the same transaction, so that what the journal says is
// done is done. Each batch waits for a row's lock only for a moment; a range whose rows stay locked is put aside and tried again at the end.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>

#include "apply/backfill_parts.h"
#include "apply/run.h"
#include "base/text.h"

namespace contraflow::apply {
namespace {

constexpr int kFailuresBeforeAside = 5;
constexpr int kPasses = 3;

class Backfiller {
 public:
  Backfiller(Run& run, const StepRun& step) : run_(run), step_(step), backfill_(*step.action().backfill) {}

  StepOutcome run() {
    const auto begin = Clock::now();
    StepOutcome outcome;
    outcome.attempts = 1;
    run_.throttle.start(sql::quote(backfill_.table));
    try {
      prepare();
      for (int pass = 1;; ++pass) {
        work();
        long long left = run_.options.backfill.verify ? pending() : 0;
        if (left == 0) break;
        const std::string sentence = fmt::format("{}{} of {} still pending after pass {}", left, left == kCounted ? " or more rows" : left == 1 ? " row"
                                                                                                                                                : " rows",
                                                 sql::quote(backfill_.table), pass);
        run_.log(step_.step.id, "verify", sentence);
        if (pass == kPasses) {
          // Without a trigger the application may write such rows for ever; the step that needs them gone has its own precondition.
          run_.observer.warning(sentence + ": they were written since");
          break;
        }
        run_.observer.note(sentence);
        plan_parts();
      }
    } catch (...) {
      run_.throttle.stop();
      run_.steps.abandon_transaction();
      throw;
    }
    run_.throttle.stop();
    outcome.kind = StepOutcome::Kind::done;
    outcome.took = since(begin);
    outcome.rows = total_;
    run_.transaction(run_.steps, [&](pg::Connection& connection) {
      run_.journal.fence(connection, run_.runner);
      run_.journal.forget_progress(connection, step_);
      run_.journal.record(connection, step_, step_.undo ? StepState::undone : StepState::done, run_.runner, outcome);
    });
    return outcome;
  }

 private:
  static constexpr long long kCounted = 1000;

  void prepare() {
    expected_ = expected_rows(run_.connection(), backfill_);
    identity_ = identity_of(run_.connection(), backfill_);
    parts_ = run_.journal.progress(run_.connection(), step_, identity_);
    for (const Part& part : parts_) total_ += part.rows;
    if (parts_.empty()) {
      plan_parts();
    } else {
      run_.observer.note(fmt::format("the backfill of {} goes on: {} rows are done", sql::quote(backfill_.table), total_));
    }
  }

  void plan_parts() {
    const int workers = std::max(1, run_.options.backfill.workers);
    {
      const LongWork work(run_, 6min);
      run_.connection().execute("SET statement_timeout = '5min'");
      parts_ = parts_of(run_.connection(), backfill_, workers == 1 ? 1 : workers * 4);
      run_.connection().execute("SET statement_timeout = '60s'");
    }
    run_.transaction(run_.steps, [&](pg::Connection& connection) {
      run_.journal.fence(connection, run_.runner);
      run_.journal.begin_progress(connection, step_, identity_, parts_);
      run_.journal.record(connection, step_, step_.undo ? StepState::undoing : StepState::begun, run_.runner, {});
    });
  }

  // Rows that are not as they should be, counted up to kCounted; a whole statement ({rows}) has no such condition.
  long long pending() {
    if (backfill_.pending.empty()) return 0;
    pg::Connection& connection = run_.connection();
    try {
      long long count = 0;
      {
        const Session::Interruptible interruptible(run_.steps);
        const LongWork work(run_, run_.options.work_limit + 30s, [&](Progress told) {
          told.phase = "counting rows that are still pending";
          run_.observer.progressed(step_, told);
        });
        connection.execute(fmt::format("SET statement_timeout = '{}ms'; SET enable_seqscan = on", run_.options.work_limit.count()));
        count = connection.execute(fmt::format("SELECT count(*) FROM (SELECT FROM {} WHERE {} LIMIT {}) AS l", sql::quote(backfill_.table), backfill_.pending, kCounted)).integer(0, 0);
      }
      connection.execute("SET statement_timeout = '60s'");
      return count;
    } catch (...) {
      run_.steps.drop();
      if (*run_.options.stop) run_.safe_point();
      throw;
    }
  }

  // Parts that are not done, to all workers; those that were put aside come last.
  void work() {
    queue_.clear();
    for (Part& part : parts_) {
      if (!part.done && !part.deferred) queue_.push_back(part);
    }
    for (Part& part : parts_) {
      if (!part.done && part.deferred) queue_.push_back(part);
    }
    next_number_ = 0;
    for (const Part& part : parts_) next_number_ = std::max(next_number_, part.number + 1);
    failure_ = nullptr;
    const std::size_t workers = std::min<std::size_t>(static_cast<std::size_t>(std::max(1, run_.options.backfill.workers)), std::max<std::size_t>(queue_.size(), 1));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers; ++i) {
      threads.emplace_back([this] {
        Session session(run_.conninfo, run_.step_name(), run_.options.stop, [this](pg::Connection& connection) { run_.observer.connected(connection); });
        guarded(session);
      });
    }
    guarded(run_.steps);
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

  void guarded(Session& session) {
    try {
      while (true) {
        Part part;
        {
          const std::lock_guard lock(mutex_);
          if (failure_ || queue_.empty()) return;
          part = std::move(queue_.front());
          queue_.pop_front();
        }
        finish(session, std::move(part));
      }
    } catch (...) {
      session.abandon_transaction();
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  bool failed() {
    const std::lock_guard lock(mutex_);
    return failure_ != nullptr;
  }

  struct Pace {
    long long size;
    double rate = 0;         // rows a ms, moving average
    Milliseconds timeout{};  // of the batch's statement
    int failures = 0;        // in a row
    int batches = 0;
    Clock::time_point stuck_since{};
  };

  // A busy machine may take a batch several times as long; only one that takes far too long is given up.
  Milliseconds least_timeout() const { return std::max<Milliseconds>(std::max(run_.options.backfill.batch_time, run_.options.backfill.quiet_batch_time) * 2, 200ms); }

  void finish(Session& session, Part part) {
    Pace pace{.size = run_.options.backfill.first_rows, .timeout = least_timeout()};
    const std::vector<std::string> bottom = part.lower;
    // Plans must not depend on statistics, which a new column has none of: the range is always found through the key's index.
    bool prepared = false;
    while (!part.done) {
      if (failed()) return;
      run_.safe_point();
      run_.throttle.wait_for_batch(step_);
      const auto begin = Clock::now();
      try {
        pg::Connection& connection = session.get();
        if (!prepared) connection.execute("SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_custom_plan; SET max_parallel_workers_per_gather = 0");
        prepared = true;
        const Session::Patience patience(session, pace.timeout + 10s);
        const std::vector<std::string> upper = next_bound(connection, part, part.lower, pace.size);
        const long long changed = batch(connection, part, upper, pace);
        adapt(part, bottom, pace, changed, since(begin));
      } catch (const Error& error) {
        session.abandon_transaction();
        const Failure failure = failure_of(error);
        if (*run_.options.stop) run_.safe_point();
        if (failure != Failure::lock && failure != Failure::cancelled) throw;
        gave_way(session, part, pace, error);
        prepared = prepared && session.connected();
      }
    }
    const std::lock_guard lock(mutex_);
    for (Part& known : parts_) {
      if (known.number == part.number) known = part;
    }
  }

  long long batch(pg::Connection& connection, Part& part, const std::vector<std::string>& upper, const Pace& pace) {
    const auto attempt = Milliseconds(static_cast<int>(jitter(40, 70)));
    const std::string range = range_condition(part, part.lower, upper);
    const std::string update = backfill_.pending.empty() ? replace_all(backfill_.assignments, "{rows}", fmt::format("ONLY {} AS source WHERE {}", part.relation, range))
                                                         : fmt::format("UPDATE ONLY {} SET {} WHERE {} AND ({})", part.relation, backfill_.assignments, range, backfill_.pending);
    const pg::Result done = connection.execute(fmt::format("BEGIN; {}; {}; {}; SET LOCAL contraflow.backfill = 'on'{}{}; {}; {}", set_local("lock_timeout", attempt),
                                                           set_local("statement_timeout", pace.timeout), set_local("idle_in_transaction_session_timeout", run_.options.idle_limit),
                                                           run_.options.backfill.synchronous_commit ? "" : "; SET LOCAL synchronous_commit = off",
                                                           silent_ ? "; SET LOCAL session_replication_role = 'replica'" : "", kUsersPathLocal, update));
    const long long changed = done.rows_affected();
    Part after = part;
    after.lower = upper;
    after.rows += changed;
    after.done = upper == part.upper;
    run_.journal.advance(connection, step_, identity_, after, run_.runner);
    run_.observer.before_commit(step_, connection);
    connection.execute("COMMIT");
    run_.throttle.wrote();
    part = std::move(after);
    return changed;
  }

  // Towards the batch time: by the moving average of the rate, at most a fifth larger than the one before.
  void adapt(const Part& part, const std::vector<std::string>& bottom, Pace& pace, long long changed, Milliseconds took) {
    const BackfillOptions& options = run_.options.backfill;
    const double now = static_cast<double>(pace.size) / std::max(0.5, static_cast<double>(took.count()));
    pace.rate = pace.rate == 0 ? now : 0.7 * pace.rate + 0.3 * now;
    const Milliseconds aim = run_.throttle.traffic() ? options.batch_time : options.quiet_batch_time;
    const double wanted = pace.rate * static_cast<double>(aim.count());
    // The first batches may double: they say nothing about the load yet.
    const double growth = ++pace.batches <= 6 ? 2.0 : 1.2;
    pace.size = std::clamp(static_cast<long long>(std::min(wanted, static_cast<double>(pace.size) * growth)), options.least_rows, options.most_rows);
    pace.failures = 0;
    pace.timeout = std::max(least_timeout(), Milliseconds(pace.timeout * 9 / 10));
    BatchDone told{.part = describe(part), .rows = changed, .fraction = fraction_of(bottom, part.upper, part.lower), .took = took, .next_size = pace.size};
    {
      const std::lock_guard lock(mutex_);
      total_ += changed;
      told.total_rows = total_;
      told.expected_rows = expected_;
    }
    run_.observer.batch_done(step_, told);
    const double share = std::clamp(run_.throttle.pace(), 0.01, 1.0);
    if (share < 1.0 && !part.done) run_.sleep(Milliseconds(static_cast<long long>(static_cast<double>(took.count()) * (1 / share - 1))));
  }

  void gave_way(Session& session, Part& part, Pace& pace, const Error& error) {
    if (failure_of(error) == Failure::cancelled && pace.size <= run_.options.backfill.least_rows) {
      // Slow, not locked: a few rows take longer than a batch should.
      pace.timeout = std::min<Milliseconds>(pace.timeout * 2, 60s);
    }
    pace.size = std::max(run_.options.backfill.least_rows, pace.size / 2);
    if (++pace.failures == 1) pace.stuck_since = Clock::now();
    const Milliseconds pause(static_cast<int>(jitter(50, 150)));
    run_.observer.lock_refused(step_, {.attempt = pace.failures, .timeout = pace.timeout, .waited = since(pace.stuck_since), .budget = run_.options.locks.budget, .pause = pause, .sqlstate = error.sqlstate(), .blockers = {}});
    if (pace.failures >= kFailuresBeforeAside && pace.size <= run_.options.backfill.least_rows) {
      if (since(pace.stuck_since) > run_.options.locks.budget) {
        throw Error(ErrorCode::interrupted, fmt::format("rows of {} stay locked: {}", part.relation, error.message()),
                    "end the transaction that holds them (contraflow status names it), and run the same command again", error.sqlstate());
      }
      put_aside(session, part, pace);
    }
    run_.sleep(part.deferred ? Milliseconds(500) : pause);
  }

  // The next rows become a part of their own, at the end of the queue; this one goes on behind them.
  void put_aside(Session& session, Part& part, Pace& pace) {
    if (part.deferred) return;
    const std::vector<std::string> upper = next_bound(session.get(), part, part.lower, pace.size);
    Part aside = part;
    aside.upper = upper;
    aside.rows = 0;
    aside.deferred = true;
    Part rest = part;
    rest.lower = upper;
    rest.done = upper == part.upper;
    {
      const std::lock_guard lock(mutex_);
      aside.number = next_number_++;
    }
    run_.transaction(session, [&](pg::Connection& connection) {
      run_.journal.fence(connection, run_.runner);
      run_.journal.save_progress(connection, step_, identity_, aside);
      run_.journal.save_progress(connection, step_, identity_, rest);
    });
    part = std::move(rest);
    pace.failures = 0;
    const std::lock_guard lock(mutex_);
    parts_.push_back(aside);
    queue_.push_back(aside);
  }

  double jitter(double low, double high) {
    const std::lock_guard lock(mutex_);
    return run_.jitter(low, high);
  }

  Run& run_;
  const StepRun& step_;
  const plan::Backfill& backfill_;
  std::string identity_;
  std::vector<Part> parts_;
  long long expected_ = 0;
  bool silent_ = run_.may_silence_triggers();
  std::mutex mutex_;  // of everything below
  std::deque<Part> queue_;
  int next_number_ = 0;
  long long total_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

StepOutcome run_backfill(Run& run, const StepRun& step) { return Backfiller(run, step).run(); }

}  // namespace contraflow::apply
