// SPDX-License-Identifier: Apache-2.0
#include "apply/runner_lock.h"

#include <fmt/format.h>

#include <thread>

namespace contraflow::apply {
namespace {

constexpr int kClass = 0x63667277;  // "cfrw", the first half of the lock's key

std::string key() { return fmt::format("{}, hashtext($1)", kClass); }

}  // namespace

RunnerLock::RunnerLock(const std::string& conninfo, const std::string& journal_schema, std::shared_ptr<std::atomic<bool>> stop)
    : session_(conninfo, "contraflow runner", stop,
               [](pg::Connection& connection) {
                 if (connection.server_major() >= 14) connection.execute("SET idle_session_timeout = 0");
               }),
      schema_(journal_schema),
      stop_(std::move(stop)) {}

bool RunnerLock::try_lock() { return session_.get().query(fmt::format("SELECT pg_try_advisory_lock({})", key()), {schema_}).boolean(0, 0); }

std::string RunnerLock::holder() { return runner_of(session_.get(), schema_); }

void RunnerLock::acquire(Milliseconds wait) {
  const auto give_up = std::chrono::steady_clock::now() + wait;
  while (!try_lock()) {
    if (*stop_) throw Error(ErrorCode::interrupted, "stopped while another run was at work", "");
    if (std::chrono::steady_clock::now() >= give_up) {
      throw Error(ErrorCode::interrupted, fmt::format("another run of contraflow works on this database: {}", holder()),
                  "contraflow status shows what it does; run this again when it has ended");
    }
    std::this_thread::sleep_for(200ms);
  }
}

void RunnerLock::keep() {
  const auto held = [&] {
    return session_.get().query(fmt::format("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {} AND objid = hashtext($1)::oid AND objsubid = 2 AND granted "
                                            "AND pid = pg_backend_pid()",
                                            kClass),
                                {schema_})
               .integer(0, 0) > 0;
  };
  try {
    if (held()) return;
  } catch (const Error& error) {
    if (failure_of(error) != Failure::connection) throw;
    session_.drop();
  }
  acquire(10s);
}

std::string runner_of(pg::Connection& connection, const std::string& journal_schema) {
  const pg::Result row = connection.query(
      fmt::format("SELECT l.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'local'), coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SSOF'), '') "
                  "FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.classid = {} AND l.objid = hashtext($1)::oid AND l.objsubid = 2 AND l.granted "
                  "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                  kClass),
      {journal_schema});
  if (row.rows() == 0) return {};
  return fmt::format("pid {} {} ({}, {}), since {}", row.text(0, 0), row.text(0, 1), row.text(0, 2), row.text(0, 3), row.text(0, 4));
}

}  // namespace contraflow::apply
