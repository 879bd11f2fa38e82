// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "apply/journal.h"
#include "apply/options.h"
#include "apply/session.h"

namespace contraflow::apply {

struct Run;

// Says when batches, and steps that lock, have to wait, and why: by what the server shows (replicas, slots, archiver, snapshots, autovacuum, commit
// latency, a query of the user's) and by what people set from another terminal (pause, postpone, pace). A thread with a connection of its own
// looks once a second while a wait is asked for; what it cannot see (missing privileges) does not throttle, and is said once.
class Throttle {
 public:
  explicit Throttle(Run& run);
  ~Throttle();
  Throttle(const Throttle&) = delete;
  Throttle& operator=(const Throttle&) = delete;

  // Begins to look; `table` is the backfill's.
  void start(const std::string& table);
  void stop();
  // Returns when a batch may run. Error{interrupted} after a stop request.
  void wait_for_batch(const StepRun& step);
  // The same before a step that takes locks: pause and postponed cut-overs only.
  void wait_for_locks(const StepRun& step);
  double pace();  // share of time that batches may take
  // Whether others wrote to this server in the last few seconds; true as long as that is not known.
  bool traffic() const { return traffic_; }
  // To be told of each transaction of the backfill's own that wrote something.
  void wrote() { ++own_; }

 private:
  void loop();
  std::string look(pg::Connection& connection);
  void probe(pg::Connection& connection);
  void look_for_traffic(pg::Connection& connection);
  template <typename Number>
  void check(std::string& reason, pg::Connection& connection, const char* what, const std::string& query, Number limit, const std::string& text);
  void hold(const StepRun& step, const std::function<std::string()>& reason);

  Run& run_;
  Session session_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool running_ = false;
  bool looked_ = false;
  std::string table_;
  std::string reason_;  // of the server's signals
  Control control_;
  std::optional<double> calm_latency_;  // ms, of the probe at the start
  double latency_ = 0;
  std::atomic<bool> traffic_{true};
  std::atomic<long long> own_{0};
  // What looks found, the last ones: when, the next transaction ID, and how many of them were this run's.
  struct Seen {
    std::chrono::steady_clock::time_point at;
    long long next_id = 0, own = 0;
  };
  std::deque<Seen> seen_;
  std::vector<std::string> unseen_;  // signals that this role cannot see
  std::thread thread_;
};

}  // namespace contraflow::apply
