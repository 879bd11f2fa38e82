// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace contraflow::apply {

using Milliseconds = std::chrono::milliseconds;
using namespace std::chrono_literals;

// Whose sessions may be cancelled where they hold a lock that a step waits for.
enum class CancelBlockers {
  none,
  idle_in_transaction,  // pg_terminate_backend of sessions that are idle in a transaction
  readers,              // those, and pg_cancel_backend of active SELECTs
};

struct LockOptions {
  Milliseconds first_timeout = 50ms;  // of an attempt; grows to `longest_timeout`, always jittered
  // Below deadlock_timeout (1 s) so that a deadlock costs us, never the application; and below the stall budget (250 ms).
  Milliseconds longest_timeout = 80ms;
  Milliseconds budget = 10min;             // of one step, attempts and pauses together
  Milliseconds concurrent_budget = 30min;  // of a concurrent statement, which waits for transactions older than itself and blocks nobody
  CancelBlockers cancel = CancelBlockers::none;
};

struct BackfillOptions {
  // That a batch should take while others write too: a commit of theirs waits for the WAL that the batch wrote until then, and for rows that it holds.
  Milliseconds batch_time = 10ms;
  // The same while nobody else writes. Longer ones cost less a row (bench/backfill.py).
  Milliseconds quiet_batch_time = 80ms;
  long long first_rows = 1000;
  long long least_rows = 10;
  long long most_rows = 50'000;
  int workers = 1;
  double pace = 1.0;  // share of the time that batches may take; 0.5: as long a pause after each as it took
  bool synchronous_commit = false;
  bool verify = true;  // count rows that are still pending at the end
};

// A limit of 0 is off.
struct ThrottleOptions {
  double replica_lag_seconds = 10;
  long long slot_bytes = 10LL << 30;    // WAL retained by a replication slot
  long long archive_backlog = 500;      // WAL segments that wait for the archiver
  long long xmin_age = 50'000'000;      // transactions between the oldest snapshot and now
  bool autovacuum = false;              // wait while autovacuum works on the table
  double commit_latency_factor = 8;     // of a probe's commit, against its value at the start
  double commit_latency_floor_ms = 20;  // never throttled below this
  std::string query;                    // boolean: true lets batches run
  Milliseconds interval = 1s;
};

struct Options {
  std::string journal_schema = "contraflow";
  LockOptions locks;
  BackfillOptions backfill;
  ThrottleOptions throttle;
  Milliseconds brief_limit = 10s;       // statement_timeout of brief steps
  Milliseconds idle_limit = 1s;         // a transaction whose runner says nothing (stopped, cut off) gives its locks back after so long
  Milliseconds small_limit = 2s;        // of blocking work on tables that are small
  Milliseconds work_limit = 24h;        // of scans, concurrent builds and blocking work that the user allowed
  Milliseconds reconnect_limit = 2min;  // a lost connection is tried again so long
  Milliseconds runner_wait = 5s;        // for another run to end
  // Set by a signal handler: the run ends at the next safe point with Error{interrupted}.
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
  std::string tool_version;
};

}  // namespace contraflow::apply
