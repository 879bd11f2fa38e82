// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "rehearse/mentions.h"
#include "rehearse/observe.h"

namespace contraflow::rehearse {

using Clock = std::chrono::steady_clock;
using effects::LockMode;

namespace {

constexpr std::array<std::pair<std::string_view, LockMode>, 8> kModes{
    {{"AccessShareLock", LockMode::access_share},
     {"RowShareLock", LockMode::row_share},
     {"RowExclusiveLock", LockMode::row_exclusive},
     {"ShareUpdateExclusiveLock", LockMode::share_update_exclusive},
     {"ShareLock", LockMode::share},
     {"ShareRowExclusiveLock", LockMode::share_row_exclusive},
     {"ExclusiveLock", LockMode::exclusive},
     {"AccessExclusiveLock", LockMode::access_exclusive}}};

}  // namespace

LockMode lock_mode_named(std::string_view name) {
  for (const auto& [text, mode] : kModes)
    if (text == name) return mode;
  return LockMode::none;
}

struct LockSampler::Impl {
  struct Seen {
    effects::LockMode mode = effects::LockMode::none;
    Clock::time_point first, last;
  };
  pg::Connection connection;
  std::string query;
  std::atomic<bool> stop = false;
  std::map<std::string, Seen> seen;  // by oid
  std::thread thread;

  Impl(const std::string& conninfo, int pid)
      : connection(conninfo, "contraflow sampler"),
        query(fmt::format("SELECT relation::text, mode FROM pg_catalog.pg_locks WHERE pid = {} AND locktype "
                          "= 'relation' AND granted AND relation >= 16384",
                          pid)) {}

  void sample() {
    const pg::Result rows = connection.execute(query);
    const auto now = Clock::now();
    for (int row = 0; row < rows.rows(); ++row) {
      const auto [at, fresh] = seen.try_emplace(rows.string(row, 0));
      at->second.mode = std::max(at->second.mode, lock_mode_named(rows.text(row, 1)));
      if (fresh) at->second.first = now;
      at->second.last = now;
    }
  }
  void run() {
    while (!stop) {
      try {
        sample();
      } catch (const Error&) {
        return;  // the server ended this session: what was seen so far counts
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

LockSampler::LockSampler(const std::string& conninfo, int pid)
    : impl_(std::make_unique<Impl>(conninfo, pid)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

LockSampler::~LockSampler() {
  impl_->stop = true;
  if (impl_->thread.joinable()) impl_->thread.join();
}

void LockSampler::finish(Observation& observation) {
  impl_->stop = true;
  impl_->thread.join();
  observation.sampled = true;
  for (const auto& [oid, seen] : impl_->seen) {
    if (seen.mode <= effects::LockMode::access_share) continue;
    const pg::Result found = impl_->connection.query(
        "SELECT n.nspname, c.relname, c.relkind IN ('i', 'I') FROM pg_catalog.pg_class c JOIN "
        "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1 AND n.nspname !~ '^pg_' AND "
        "n.nspname <> 'contraflow'",
        {oid});
    if (found.rows() == 0 || found.boolean(0, 2)) continue;
    const sql::QualifiedName name{found.string(0, 0), found.string(0, 1)};
    observation.locks.push_back({name, seen.mode, !mentions(observation.place.statement, name),
                                 std::chrono::duration<double, std::milli>(seen.last - seen.first).count()});
  }
}

}  // namespace contraflow::rehearse
