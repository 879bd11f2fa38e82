// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "rehearse/evidence.h"

namespace contraflow::rehearse {

// Looks at what a statement did, from inside its transaction: locks (pg_locks), new files
// (pg_class.relfilenode), scans and rows (pg_stat_xact_*), WAL. Only relations that were there at begin()
// count.
class Watcher {
 public:
  // Takes stock of `connection`'s database; the connection must not be in a transaction. Also turns on debug1
  // messages, in which ALTER TABLE says that it rewrites or verifies a table.
  explicit Watcher(pg::Connection& connection);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // The same, for statements that another session runs: stock is taken from this connection, see inside().
  struct FromOutside {};
  Watcher(pg::Connection& side, FromOutside);

  // Before a statement. In a transaction: after its BEGIN.
  void before(bool in_transaction);
  // From outside: in the other session's transaction, before it commits. Adds to what earlier transactions of
  // the same step did.
  void inside(pg::Connection& own, Observation& observation);
  // After it, still in its transaction: everything. Outside of one: what the catalog shows afterwards.
  void after(Observation& observation, bool in_transaction);
  // When the transaction has ended: how long its locks were held, from `observations` on.
  void ended(std::vector<Observation>& observations, std::size_t from);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Samples the locks of another session from a connection of its own, every 2 ms, while it lives: for
// statements that commit as they go.
class LockSampler {
 public:
  LockSampler(const std::string& conninfo, int pid);
  ~LockSampler();
  LockSampler(const LockSampler&) = delete;
  LockSampler& operator=(const LockSampler&) = delete;
  // Stops, and adds what was seen: the strongest mode of each relation that exists afterwards or did at the
  // start, and for how long.
  void finish(Observation& observation);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

effects::LockMode lock_mode_named(std::string_view pg_locks_mode);  // "AccessExclusiveLock"

}  // namespace contraflow::rehearse
