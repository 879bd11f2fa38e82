// SPDX-License-Identifier: Apache-2.0
#include "apply/throttle.h"

#include <fmt/format.h>

#include <algorithm>

#include "apply/run.h"

namespace contraflow::apply {

Throttle::Throttle(Run& run) : run_(run), session_(run.conninfo, "contraflow throttle", std::make_shared<std::atomic<bool>>(false)) {}

Throttle::~Throttle() { stop(); }

void Throttle::start(const std::string& table) {
  stop();
  table_ = table;
  running_ = true;
  calm_latency_.reset();
  seen_.clear();
  traffic_ = true;
  looked_ = false;
  thread_ = std::thread([this] { loop(); });
  // The first batch waits for the first look, so that a run that was paused does not begin; not for a server that gives no further connection.
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, 5s, [&] { return looked_; });
}

void Throttle::stop() {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  reason_.clear();
}

void Throttle::loop() {
  std::unique_lock lock(mutex_);
  while (running_) {
    lock.unlock();
    std::string reason;
    Control control;
    bool seen = false;
    try {
      pg::Connection& connection = session_.get();
      control = run_.journal.control(connection);
      reason = look(connection);
      seen = true;
    } catch (const Error&) {
      session_.abandon_transaction();  // the batches will meet what is wrong with the server
    }
    lock.lock();
    if (seen) control_ = control;
    reason_ = reason;
    looked_ = true;
    wake_.notify_all();
    wake_.wait_for(lock, run_.options.throttle.interval, [&] { return !running_; });
  }
}

// One signal: its number against the limit. `query` gives one number, or no row where the signal does not exist here.
template <typename Number>
void Throttle::check(std::string& reason, pg::Connection& connection, const char* what, const std::string& query, Number limit, const std::string& text) {
  if (!reason.empty() || !(limit > 0) || std::find(unseen_.begin(), unseen_.end(), what) != unseen_.end()) return;
  try {
    const pg::Result row = connection.execute(query);
    if (row.rows() == 0 || row.is_null(0, 0)) return;
    const double value = std::stod(row.string(0, 0));
    if (value > static_cast<double>(limit)) reason = fmt::format("{} {}, limit {}", text, static_cast<long long>(value), limit);
  } catch (const pg::ServerError& error) {
    unseen_.emplace_back(what);
    run_.observer.warning(fmt::format("backfills are not throttled by {}: {}", what, error.message()));
  }
}

std::string Throttle::look(pg::Connection& connection) {
  const ThrottleOptions& limits = run_.options.throttle;
  std::string reason;
  check(reason, connection, "replica lag", "SELECT extract(epoch FROM max(replay_lag)) FROM pg_stat_replication WHERE state = 'streaming'", limits.replica_lag_seconds, "replica lag, seconds:");
  check(reason, connection, "slots", "SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM pg_replication_slots WHERE restart_lsn IS NOT NULL", limits.slot_bytes,
        "WAL kept for a replication slot, bytes:");
  // The archiver is behind by what has been written since the last archived segment; where it has archived none yet, since the one that it fails at.
  check(reason, connection, "archiver",
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'::pg_lsn) / s.size - (('x' || lpad(substr(a.wal, 9, 8), 16, '0'))::bit(64)::bigint * (4294967296 / s.size) + "
        "('x' || lpad(substr(a.wal, 17, 8), 16, '0'))::bit(64)::bigint) FROM (SELECT coalesce(last_archived_wal, last_failed_wal) AS wal FROM pg_stat_archiver) a, (SELECT setting::bigint AS size FROM pg_settings WHERE name = 'wal_segment_size') s "
        "WHERE current_setting('archive_mode') <> 'off' AND a.wal ~ '^[0-9A-F]{24}$'",
        limits.archive_backlog, "WAL segments that wait for the archiver:");
  check(reason, connection, "the oldest snapshot", "SELECT max(age(backend_xmin)) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL", limits.xmin_age,
        "age of the oldest snapshot, transactions:");
  if (limits.autovacuum) {
    // pg_partition_tree() gives no row at all for a table that has no part in partitioning.
    check(reason, connection, "autovacuum",
          fmt::format("SELECT count(*) FROM pg_stat_progress_vacuum WHERE relid = to_regclass({0}) OR relid IN (SELECT relid FROM pg_partition_tree(to_regclass({0})))", sql::quote_literal(table_)), 0.5,
          "autovacuum at work on the table, workers:");
  }
  if (reason.empty() && !limits.query.empty()) {
    const pg::Result row = connection.execute(limits.query);
    if (row.rows() == 0 || row.text(0, 0) != "t") reason = "--throttle-query does not say true";
  }
  look_for_traffic(connection);
  probe(connection);
  if (reason.empty() && calm_latency_ && limits.commit_latency_factor > 0 &&
      latency_ > std::max(limits.commit_latency_floor_ms, *calm_latency_ * limits.commit_latency_factor)) {
    reason = fmt::format("a commit takes {:.0f} ms, {:.1f} ms before the backfill", latency_, *calm_latency_);
  }
  return reason;
}

// Every transaction that writes takes an ID, and any role can see the next one: what others took is the difference to what this run did.
void Throttle::look_for_traffic(pg::Connection& connection) {
  constexpr std::size_t kLooks = 4;
  constexpr double kOthersASecond = 5;
  const long long own = own_;  // read first, so that a batch that ends meanwhile counts for the others
  const pg::Result row = connection.execute("SELECT txid_snapshot_xmax(txid_current_snapshot())");
  seen_.push_back({Clock::now(), row.integer(0, 0), own});
  if (seen_.size() > kLooks) seen_.pop_front();
  if (seen_.size() < 2) return;
  bool found = false;
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    const double seconds = std::chrono::duration<double>(seen_[i].at - seen_[i - 1].at).count();
    const auto others = static_cast<double>((seen_[i].next_id - seen_[i - 1].next_id) - (seen_[i].own - seen_[i - 1].own));
    found = found || others > kOthersASecond * std::max(seconds, 0.5);
  }
  traffic_ = found;
}

// What a small transaction of the application's waits for its commit just now: a synchronous one on the journal's own row.
void Throttle::probe(pg::Connection& connection) {
  if (run_.options.throttle.commit_latency_factor <= 0) return;
  const auto begin = Clock::now();
  run_.journal.beat(connection, run_.runner);
  wrote();
  const double now = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  latency_ = calm_latency_ ? 0.5 * latency_ + 0.5 * now : now;
  if (!calm_latency_) calm_latency_ = now;
}

double Throttle::pace() {
  const std::lock_guard lock(mutex_);
  return control_.pace > 0 ? control_.pace : run_.options.backfill.pace;
}

void Throttle::hold(const StepRun& step, const std::function<std::string()>& reason) {
  std::string shown;
  while (true) {
    const std::string now = reason();
    if (now != shown) {
      run_.observer.waiting(step, now);
      if (!now.empty()) run_.log(step.step.id, "wait", now);
      shown = now;
    }
    if (now.empty()) return;
    run_.sleep(200ms);
  }
}

void Throttle::wait_for_batch(const StepRun& step) {
  hold(step, [&] {
    const std::lock_guard lock(mutex_);
    if (control_.paused) return fmt::format("paused by {}{}", control_.by, control_.reason.empty() ? "" : ": " + control_.reason);
    return reason_;
  });
}

void Throttle::wait_for_locks(const StepRun& step) {
  hold(step, [&] {
    Control now;
    try {
      now = run_.journal.control(run_.lock.connection());
    } catch (const Error& error) {
      if (failure_of(error) != Failure::connection) throw;
      return std::string();  // the step will meet it
    }
    if (now.paused) return fmt::format("paused by {}{}", now.by, now.reason.empty() ? "" : ": " + now.reason);
    if (now.hold_locks) return fmt::format("steps that lock are postponed by {}{}", now.by, now.reason.empty() ? "" : ": " + now.reason);
    return std::string();
  });
}

}  // namespace contraflow::apply
