// SPDX-License-Identifier: Apache-2.0
//
// Inside the module only: what the kinds of steps share while they run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "apply/journal.h"
#include "apply/observer.h"
#include "apply/options.h"
#include "apply/runner_lock.h"
#include "apply/session.h"
#include "apply/throttle.h"
#include "apply/watcher.h"

namespace contraflow::apply {

using Clock = std::chrono::steady_clock;
inline Milliseconds since(Clock::time_point begin) { return std::chrono::duration_cast<Milliseconds>(Clock::now() - begin); }

// Lets one thread at a time through to the observer.
class SerialObserver : public Observer {
 public:
  explicit SerialObserver(Observer& inner) : inner_(inner) {}
  void connected(pg::Connection& c) override {
    one([&] { inner_.connected(c); });
  }
  void before_step(const StepRun& s) override {
    one([&] { inner_.before_step(s); });
  }
  void ready(const StepRun& s, pg::Connection& c) override {
    one([&] { inner_.ready(s, c); });
  }
  void before_commit(const StepRun& s, pg::Connection& c) override {
    one([&] { inner_.before_commit(s, c); });
  }
  void lock_refused(const StepRun& s, const LockRefusal& r) override {
    one([&] { inner_.lock_refused(s, r); });
  }
  void batch_done(const StepRun& s, const BatchDone& b) override {
    one([&] { inner_.batch_done(s, b); });
  }
  void progressed(const StepRun& s, const Progress& p) override {
    one([&] { inner_.progressed(s, p); });
  }
  void waiting(const StepRun& s, const std::string& r) override {
    one([&] { inner_.waiting(s, r); });
  }
  void after_step(const StepRun& s, const StepOutcome& o) override {
    one([&] { inner_.after_step(s, o); });
  }
  void note(const std::string& t) override {
    one([&] { inner_.note(t); });
  }
  void warning(const std::string& t) override {
    one([&] { inner_.warning(t); });
  }

 private:
  template <typename Call>
  void one(Call call) {
    const std::lock_guard lock(mutex_);
    call();
  }
  Observer& inner_;
  std::mutex mutex_;
};

struct Run {
  Run(const plan::Plan& plan, const std::string& hash, const std::string& conninfo, const Options& options, Observer& observer);

  const plan::Plan& plan;
  std::string conninfo;
  Options options;
  SerialObserver observer;
  Journal journal;
  std::string runner;  // this run's token: who writes the journal
  Session steps;       // the connection that steps run on
  RunnerLock lock;
  Watcher watcher;
  Throttle throttle;
  std::mt19937 random{std::random_device{}()};
  std::optional<bool> silences;

  // application_name of the sessions that run steps.
  std::string step_name() const;
  pg::Connection& connection() { return steps.get(); }
  // Error{interrupted} after a stop request: a safe point.
  void safe_point() const;
  // Sleeps, unless a stop request ends it with Error{interrupted}.
  void sleep(Milliseconds time) const;
  double jitter(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
  // A line of the log in the database; never the cause of a failure.
  void log(const std::string& step, const std::string& kind, const std::string& message);
  // Runs `work` as one transaction on `session`: BEGIN with short lock and statement timeouts … COMMIT, rolled back where it throws.
  void transaction(Session& session, const std::function<void(pg::Connection&)>& work);
  // Whether this role may keep triggers from firing for rows that a backfill writes (session_replication_role), as the psql files do; warns once.
  bool may_silence_triggers();
  // A short query that may meet a lock (pg_get_viewdef() takes ACCESS SHARE): tried again within the lock budget.
  bool holds(const std::string& condition);
};

// While it lives, the steps' connection runs something long: an answer is waited for so long, and another connection looks once a second; where that one sees that the server
// has ended the work and no answer came, the steps' connection counts as lost. `tell` gets what it sees.
class LongWork {
 public:
  LongWork(Run& run, Milliseconds longest, std::function<void(const Progress&)> tell = {})
      : patience_(run.steps, longest), following_(run.watcher, run.connection().backend_pid(), [&run, tell = std::move(tell)](const Progress& progress) {
          if (!progress.at_work) run.steps.presume_lost();
          if (tell) tell(progress);
        }) {}

 private:
  Session::Patience patience_;
  Following following_;
};

// One kind of step each. They throw ServerError for statements that fail.
StepOutcome run_brief(Run& run, const StepRun& step);
StepOutcome run_concurrent(Run& run, const StepRun& step, const std::string& condition);
StepOutcome run_backfill(Run& run, const StepRun& step);

}  // namespace contraflow::apply
