// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "apply/session.h"

namespace contraflow::apply {

// At most one run at a time works on a database (and journal schema). An advisory lock, polled: a session that is blocked in pg_advisory_lock()
// holds a snapshot, and a concurrent index build that waits for it while it waits for the builder's session is a deadlock. It lies on a connection
// of its own, so that losing a step's connection does not lose it.
class RunnerLock {
 public:
  RunnerLock(const std::string& conninfo, const std::string& journal_schema, std::shared_ptr<std::atomic<bool>> stop);
  // Error{interrupted} with the one who holds it where it is not free within `wait`.
  void acquire(Milliseconds wait);
  // Looks whether it is still held; takes it again where its connection was lost. Whether another run had it in between shows in Journal::fence().
  void keep();
  pg::Connection& connection() { return session_.get(); }

 private:
  bool try_lock();
  std::string holder();

  Session session_;
  std::string schema_;
  std::shared_ptr<std::atomic<bool>> stop_;
};

// The session that holds the lock: "pid 4711 deploy (contraflow runner), since …"; empty: nobody.
std::string runner_of(pg::Connection& connection, const std::string& journal_schema);

}  // namespace contraflow::apply
