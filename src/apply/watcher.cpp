// SPDX-License-Identifier: Apache-2.0
#include "apply/watcher.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "apply/session.h"
#include "base/text.h"

namespace contraflow::apply {
namespace {

using Clock = std::chrono::steady_clock;

// pid 0 stands for a prepared transaction, which no session holds any more.
constexpr const char* kBlockers =
    "SELECT b.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(a.state, ''), coalesce(a.backend_type, ''), "
    "coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::numeric(12,3), coalesce(left(a.query, 300), '') "
    "FROM unnest(pg_blocking_pids($1)) AS b(pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 6 DESC";

constexpr const char* kBuild =
    "SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total "
    "WHEN lockers_total > 0 THEN lockers_done::float8 / lockers_total ELSE -1 END FROM pg_stat_progress_create_index WHERE pid = $1";

std::string first_line(const std::string& query) {
  const auto lines = split_lines(trim(query));
  return lines.empty() ? "" : lines.front();
}

}  // namespace

std::string describe(const Blocker& blocker) {
  if (blocker.pid == 0) return "a prepared transaction (pg_prepared_xacts)";
  std::string out = fmt::format("pid {}", blocker.pid);
  if (!blocker.user.empty()) out += " " + blocker.user;
  if (!blocker.application.empty()) out += fmt::format(" ({})", blocker.application);
  if (blocker.backend_type != "client backend" && !blocker.backend_type.empty()) out += " " + blocker.backend_type;
  if (!blocker.state.empty()) out += ", " + blocker.state;
  if (blocker.transaction_seconds > 0) out += fmt::format(", transaction {:.1f} s old", blocker.transaction_seconds);
  if (!blocker.query.empty()) out += ": " + blocker.query;
  return out;
}

std::vector<Blocker> blockers_of(pg::Connection& connection, int pid) {
  std::vector<Blocker> out;
  const pg::Result rows = connection.query(kBlockers, {std::to_string(pid)});
  for (int i = 0; i < rows.rows(); ++i) {
    out.push_back({.pid = static_cast<int>(rows.integer(i, 0)), .user = rows.string(i, 1), .application = rows.string(i, 2), .state = rows.string(i, 3), .backend_type = rows.string(i, 4), .transaction_seconds = std::stod(rows.string(i, 5)), .query = first_line(rows.string(i, 6))});
  }
  return out;
}

struct Watcher::Impl {
  Session session;
  std::mutex mutex;
  std::condition_variable wake;
  bool ending = false;
  int pid = 0;
  std::optional<Clock::time_point> look_at;
  std::vector<Blocker> found;
  std::function<void(const Progress&)> tell;
  Clock::time_point followed_since;
  // The thread's own:
  int idle_looks = 0;
  Clock::time_point looked_since;
  std::thread thread;

  Impl(const std::string& conninfo, const std::string& name)
      : session(conninfo, name, std::make_shared<std::atomic<bool>>(false)), thread([this] { loop(); }) {}

  std::vector<Blocker> blockers_of(int watched) { return apply::blockers_of(session.get(), watched); }

  Progress progress_of(int watched) {
    Progress out;
    const pg::Result rows = session.get().query(kBuild, {std::to_string(watched)});
    if (rows.rows() > 0) {
      out.phase = rows.string(0, 0);
      out.fraction = std::stod(rows.string(0, 1));
    }
    out.blockers = blockers_of(watched);
    // A frozen network looks like a long statement: three looks in a row at a session that does nothing say otherwise.
    const bool busy = session.get().query("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", {std::to_string(watched)}).integer(0, 0) > 0;
    idle_looks = busy ? 0 : idle_looks + 1;
    out.at_work = idle_looks < 3;
    return out;
  }

  void loop() {
    std::unique_lock lock(mutex);
    unlocked(lock, [&] { session.get(); });  // so that the first look is in time
    while (!ending) {
      if (look_at) {
        if (wake.wait_until(lock, *look_at, [&] { return ending || !look_at; })) continue;
        const int watched = pid;
        look_at.reset();
        unlocked(lock, [&] {
          std::vector<Blocker> now = blockers_of(watched);
          const std::lock_guard again(mutex);
          found = std::move(now);
        });
      } else if (tell) {
        if (wake.wait_for(lock, 1s, [&] { return ending || !tell; })) continue;
        const int watched = pid;
        const auto told = tell;
        const Clock::time_point since = followed_since;
        unlocked(lock, [&] {
          if (looked_since != since) idle_looks = 0;  // of another statement
          looked_since = since;
          Progress now = progress_of(watched);
          now.seconds = std::chrono::duration<double>(Clock::now() - since).count();
          const std::lock_guard again(mutex);
          if (tell) told(now);  // not after unfollow()
        });
      } else {
        wake.wait(lock, [&] { return ending || look_at || tell; });
      }
    }
  }

  // Without a connection there is nothing to see; the step itself will say what is wrong.
  template <typename Work>
  void unlocked(std::unique_lock<std::mutex>& lock, Work work) {
    lock.unlock();
    try {
      work();
    } catch (const Error&) {
      session.abandon_transaction();
    }
    lock.lock();
  }
};

Watcher::Watcher(const std::string& conninfo, const std::string& application_name) : impl_(std::make_unique<Impl>(conninfo, application_name)) {}

Watcher::~Watcher() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
  }
  impl_->wake.notify_all();
  impl_->thread.join();
}

void Watcher::look(int pid, Milliseconds after) {
  const std::lock_guard lock(impl_->mutex);
  impl_->pid = pid;
  impl_->found.clear();
  impl_->look_at = Clock::now() + after;
  impl_->wake.notify_all();
}

std::vector<Blocker> Watcher::seen() {
  const std::lock_guard lock(impl_->mutex);
  impl_->look_at.reset();
  impl_->wake.notify_all();
  return std::exchange(impl_->found, {});
}

void Watcher::follow(int pid, std::function<void(const Progress&)> tell) {
  const std::lock_guard lock(impl_->mutex);
  impl_->pid = pid;
  impl_->tell = std::move(tell);
  impl_->followed_since = Clock::now();
  impl_->wake.notify_all();
}

void Watcher::unfollow() {
  const std::lock_guard lock(impl_->mutex);
  impl_->tell = nullptr;
  impl_->wake.notify_all();
}

std::vector<std::string> cancel_blockers(pg::Connection& connection, const std::vector<Blocker>& blockers, CancelBlockers allowed) {
  std::vector<std::string> out;
  if (allowed == CancelBlockers::none) return out;
  for (const Blocker& blocker : blockers) {
    if (blocker.pid <= 0) continue;
    // The condition is asked again with the signal: the session may have gone on since it was seen. A reader has no transaction id.
    const std::string which = blocker.state.starts_with("idle in transaction") ? "state LIKE 'idle in transaction%'"
                              : allowed == CancelBlockers::readers             ? "state = 'active' AND backend_xid IS NULL AND query ~* '^[[:space:](]*(select|table|values|with)'"
                                                                               : "false";
    const std::string signal = blocker.state.starts_with("idle in transaction") ? "pg_terminate_backend" : "pg_cancel_backend";
    const pg::Result sent = connection.query(
        fmt::format("SELECT {}(pid) FROM pg_stat_activity WHERE pid = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND {}", signal, which),
        {std::to_string(blocker.pid)});
    if (sent.rows() > 0 && sent.boolean(0, 0)) out.push_back(fmt::format("{}: {}", signal == "pg_terminate_backend" ? "ended" : "cancelled", describe(blocker)));
  }
  return out;
}

}  // namespace contraflow::apply
