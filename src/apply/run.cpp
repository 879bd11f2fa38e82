// SPDX-License-Identifier: Apache-2.0
#include "apply/run.h"

#include <fmt/format.h>

#include <thread>

namespace contraflow::apply {
namespace {

std::string new_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

Run::Run(const plan::Plan& the_plan, const std::string& hash, const std::string& the_conninfo, const Options& the_options, Observer& the_observer)
    : plan(the_plan), conninfo(the_conninfo), options(the_options), observer(the_observer), journal(options.journal_schema, hash), runner(new_token()), steps(conninfo, step_name(), options.stop, [this](pg::Connection& connection) { observer.connected(connection); }), lock(conninfo, options.journal_schema, options.stop), watcher(conninfo, "contraflow watcher"), throttle(*this) {}

std::string Run::step_name() const { return options.journal_schema == "contraflow" ? "contraflow step" : "contraflow step/" + options.journal_schema; }

void Run::safe_point() const {
  if (*options.stop) throw Error(ErrorCode::interrupted, "stopped, as asked", "");
}

void Run::sleep(Milliseconds time) const {
  const auto until = Clock::now() + time;
  while (true) {
    safe_point();
    const auto left = until - Clock::now();
    if (left <= Clock::duration::zero()) return;
    std::this_thread::sleep_for(std::min<Clock::duration>(left, 50ms));
  }
}

void Run::log(const std::string& step, const std::string& kind, const std::string& message) {
  try {
    journal.log(lock.connection(), step, kind, message);
  } catch (const Error&) {
    // The step itself will meet what is wrong with the server, and say it.
  }
}

void Run::transaction(Session& session, const std::function<void(pg::Connection&)>& work) {
  pg::Connection& connection = session.get();
  const Session::Patience patience(session, 35s);
  try {
    connection.execute("BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'");
    work(connection);
    connection.execute("COMMIT");
  } catch (...) {
    session.abandon_transaction();
    throw;
  }
}

bool Run::may_silence_triggers() {
  if (silences) return *silences;
  try {
    transaction(steps, [](pg::Connection& connection) { connection.execute("SET LOCAL session_replication_role = 'replica'"); });
    silences = true;
  } catch (const pg::ServerError& error) {
    if (error.sqlstate() != "42501") throw;
    silences = false;
    observer.warning("triggers of the tables fire for rows that backfills write: GRANT SET ON PARAMETER session_replication_role (15 and later), or a superuser, keeps them from it");
  }
  return *silences;
}

bool Run::holds(const std::string& condition) {
  const auto begin = Clock::now();
  while (true) {
    try {
      return connection().execute(fmt::format("SELECT coalesce({}, false)", condition)).boolean(0, 0);
    } catch (const Error& error) {
      if (failure_of(error) != Failure::lock || since(begin) > options.locks.budget) throw;
      sleep(Milliseconds(static_cast<int>(jitter(50, 200))));
    }
  }
}

}  // namespace contraflow::apply
