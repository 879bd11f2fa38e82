// SPDX-License-Identifier: Apache-2.0
#include "apply/takeover.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/text.h"

namespace contraflow::apply {
namespace {

std::string about_this_process(pg::Connection& connection) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}, process {}, as {}", host.data(), ::getpid(), connection.user());
}

// A statement of a killed run may still be at work: the server notices a closed socket only when it has something to say (before 14), or every
// 2 seconds. This run holds the lock, so every other session with that name is such a one.
void end_orphans(Run& run) {
  const std::string find = fmt::format("FROM pg_stat_activity WHERE datname = current_database() AND usename = session_user AND application_name = {} AND pid <> pg_backend_pid()",
                                       sql::quote_literal(run.step_name()));
  pg::Connection& connection = run.lock.connection();
  const pg::Result found = connection.execute("SELECT pg_terminate_backend(pid) " + find);
  if (found.rows() == 0) return;
  run.observer.note(fmt::format("ended {} of a run that was killed", count_of(found.rows(), "session")));
  for (int i = 0; i < 100; ++i) {
    if (connection.execute("SELECT count(*) " + find).integer(0, 0) == 0) return;
    run.sleep(100ms);
  }
  throw Error(ErrorCode::interrupted, "a session of a run that was killed does not end", "look for application_name 'contraflow step' in pg_stat_activity, and run this again");
}

void refuse_other_plans(Run& run, const std::vector<PlanRecord>& plans) {
  std::vector<std::string> tables;
  for (const plan::Step& step : run.plan.steps) {
    for (const sql::QualifiedName& name : step.tables) tables.push_back(sql::quote(name));
  }
  for (const PlanRecord& other : plans) {
    const bool unfinished = other.state == "running" || other.state == "stopped";
    if (other.hash == run.journal.hash() || !unfinished) continue;
    if (other.name == run.plan.name && other.from == run.plan.from_fingerprint && other.to == run.plan.to_fingerprint) {
      throw Error(ErrorCode::refused, fmt::format("plan {} was begun on this database as another text ({}…, {}) and has been edited since", other.name, other.hash.substr(0, 12), other.begun_at),
                  "go on, or back, with the text that was begun (version control has it); a rolled back plan may begin as any text");
    }
    for (const std::string& table : other.tables) {
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) continue;
      throw Error(ErrorCode::refused, fmt::format("plan {} ({}…) is not finished and works on {} as well", other.name, other.hash.substr(0, 12), table),
                  "complete it, or roll it back, first: two plans that are mixed have no way back");
    }
  }
}

}  // namespace

void take_over(Run& run) {
  run.lock.acquire(run.options.runner_wait);
  run.journal.create(run.lock.connection());
  refuse_other_plans(run, run.journal.plans(run.lock.connection()));
  end_orphans(run);
  run.journal.take_over(run.lock.connection(), run.plan, run.runner, about_this_process(run.lock.connection()));
  run.log("", "run", fmt::format("begun by {}, contraflow {}", about_this_process(run.lock.connection()), run.options.tool_version));
}

}  // namespace contraflow::apply
