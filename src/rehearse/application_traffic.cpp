// SPDX-License-Identifier: Apache-2.0
#include "rehearse/application_traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <thread>

#include "apply/observer.h"
#include "base/text.h"
#include "catalog/read.h"
#include "rehearse/demands.h"
#include "rehearse/parameters.h"
#include "rehearse/rows.h"
#include "rehearse/run.h"
#include "rehearse/traffic.h"

namespace contraflow::rehearse {

using plan::Phase;

namespace {

// Tables that the migration locks more than readers do, the most locked first.
std::vector<sql::QualifiedName> locked_tables(const Rehearsal& rehearsal, std::size_t most) {
  std::vector<sql::QualifiedName> out;
  for (const effects::LockMode least : {effects::LockMode::access_exclusive, effects::LockMode::share}) {
    for (const Observation& step : rehearsal.steps)
      for (const HeldLock& lock : step.locks)
        if (lock.mode >= least && out.size() < most &&
            std::find(out.begin(), out.end(), lock.relation) == out.end())
          out.push_back(lock.relation);
  }
  return out;
}

struct Beside {
  std::vector<AppQuery> queries;
  TrafficOptions options;
  std::vector<std::string> notes;
};

// Only what works before can fail because of the migration.
void keep_working(pg::Connection& connection, std::vector<std::string>& inserts) {
  std::erase_if(inserts, [&](const std::string& insert) {
    try {
      connection.execute("BEGIN");
      connection.execute(replace_all(insert, "{n}", "99999999"));
      connection.execute("ROLLBACK");
      return false;
    } catch (const pg::ServerError&) {
      connection.execute("ROLLBACK");
      return true;
    }
  });
}

// What fails before the migration says nothing about it. Values that were sampled may be refused.
bool works(pg::Connection& connection, const AppQuery& query) {
  bool good = true;
  connection.execute("BEGIN");
  try {
    connection.execute(execute_text(prepare(connection, "contraflow_tried", query.text), 0));
  } catch (const pg::ServerError& error) {
    good = error.sqlstate().starts_with("22") || error.sqlstate().starts_with("23");
  }
  connection.execute("ROLLBACK; DEALLOCATE ALL");
  return good;
}

// What runs beside the statements in a database: the application's queries, or those that every application
// with these tables has.
Beside beside(const std::string& conninfo, const ApplicationOptions& options, const std::string& version,
              const std::vector<sql::QualifiedName>& tables, const catalog::Database* before = nullptr,
              const std::set<catalog::ObjectId>& filled = {}) {
  Beside out;
  out.options.connections = options.connections;
  out.options.rate = options.rate;
  out.options.budget_ms = options.budget_ms;
  out.options.reader_holds = options.reader_holds;
  pg::Connection connection(conninfo, "contraflow traffic");
  out.queries = of_version(options.queries, version);
  std::erase_if(out.queries, [](const AppQuery& query) { return query.columns_only; });
  const std::size_t given = out.queries.size();
  std::erase_if(out.queries, [&](const AppQuery& query) { return !works(connection, query); });
  if (out.queries.size() < given)
    out.notes.push_back(fmt::format("left out of the traffic, because the schema that they are for refuses them: {} of the {} version", count_of(static_cast<long long>(given - out.queries.size()), "query", "queries"), version));
  if (out.queries.empty()) out.queries = ordinary_queries(connection, tables, before);
  const catalog::Database database = catalog::read(connection, {.sizes = false});
  for (const sql::QualifiedName& table : tables) {
    const auto* known =
        database.find_body<catalog::Table>({catalog::Kind::table, table.schema, "", table.name, ""});
    if (!known) continue;
    out.options.read_tables.push_back(sql::quote(table));
    if (out.options.inserts.size() >= 2) continue;
    const std::string insert = insert_one(connection, database, table, filled);
    if (!insert.empty()) out.options.inserts.push_back(insert);
  }
  keep_working(connection, out.options.inserts);
  return out;
}

void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(600)); }

void grade_traffic(Rehearsal& out, bool decisive) {
  Proof proof{.id = "traffic",
              .claim = fmt::format("under traffic no query fails or waits longer than {:.0f} ms",
                                   out.traffic->budget_ms),
              .decisive = decisive};
  proof.verdict = Verdict::proven;
  long long executed = 0;
  double longest = 0;
  for (const TrafficRun& run : out.traffic->runs) {
    if (run.how == "naive") continue;
    executed += run.executed;
    longest = std::max(longest, run.longest_ms);
    if (!run.completed) {
      if (proof.verdict == Verdict::proven) proof.verdict = Verdict::unknown;
      proof.details.push_back("the migration did not end: " + run.error);
    }
    for (const TrafficQuery& query : run.queries) {
      if (query.failed > 0)
        proof.details.push_back(fmt::format("{} failed {} times: {}", query.name, query.failed, query.error));
      else if (query.longest_ms > out.traffic->budget_ms)
        proof.details.push_back(fmt::format("{} waited {:.0f} ms", query.name, query.longest_ms));
    }
    if (run.failed > 0 || run.longest_ms > out.traffic->budget_ms) proof.verdict = Verdict::refuted;
  }
  if (proof.reason.empty())
    proof.reason = fmt::format(
        "{} beside a reader that holds its transaction {:.1f} s; longest {:.0f} ms",
        count_of(executed, "query", "queries"),
        out.traffic->runs.empty() ? 0 : out.traffic->runs.front().reader_holds_ms / 1000, longest);
  if (executed == 0) {
    proof.verdict = Verdict::unknown;
    proof.reason = "no query could be made for the tables that it locks";
    proof.decisive = false;
  }
  out.proofs.push_back(std::move(proof));
}

class MarkingObserver : public apply::Observer {
 public:
  explicit MarkingObserver(Traffic*& traffic) : traffic_(traffic) {}
  void before_step(const apply::StepRun& step) override {
    if (traffic_) {
      if (step.action().mode == plan::Mode::brief || step.action().mode == plan::Mode::blocking)
        traffic_->wait_for_reader();
      traffic_->begin(step.step.title);
    }
  }
  void after_step(const apply::StepRun&, const apply::StepOutcome&) override {
    if (traffic_) traffic_->end();
  }

 private:
  Traffic*& traffic_;
};

}  // namespace

std::vector<AppQuery> of_version(const std::vector<AppQuery>& queries, const std::string& version) {
  std::vector<AppQuery> out;
  std::copy_if(queries.begin(), queries.end(), std::back_inserter(out),
               [&](const AppQuery& query) { return query.version == version; });
  return out;
}

std::size_t first_of_contract(const plan::Plan& plan) {
  std::size_t i = 0;
  while (i < plan.steps.size() && plan.steps[i].phase < Phase::contract) ++i;
  return i;
}

apply::Options executor_options() {
  apply::Options out;
  out.throttle.commit_latency_factor = 0;
  return out;
}

void file_traffic(Arena& arena, const Bases& bases, const Migration& migration,
                  const ApplicationOptions& options, Rehearsal& out) {
  out.traffic = TrafficEvidence{
      .connections = options.connections, .rate = options.rate, .budget_ms = options.budget_ms};
  const Arena::Trial trial = arena.trial(bases.filled);
  const Beside around = beside(trial.admin(), options, "deployed", locked_tables(out, 6));
  out.traffic->notes.insert(out.traffic->notes.end(), around.notes.begin(), around.notes.end());
  Traffic traffic(trial.admin(), around.queries, around.options);
  settle();
  traffic.wait_for_reader();
  traffic.begin(migration.forward.path);
  RunRequest request;
  request.conninfo = trial.migrator();
  request.admin = trial.admin();
  request.budget = options.migration_budget;
  request.elevate = arena.elevate();
  const RunResult result = run_migration(migration.forward, request);
  traffic.end();
  settle();
  TrafficRun run = traffic.stop("as written");
  run.completed = !result.failure;
  if (result.failure) run.error = result.failure->message();
  out.traffic->runs.push_back(std::move(run));
  grade_traffic(out, true);
}

void plan_traffic(Arena& arena, const Bases& bases, const plan::Plan& plan, const std::string& hash,
                  const ApplicationOptions& options, Rehearsal& out,
                  const std::function<void(const std::string&)>& progress) {
  out.traffic = TrafficEvidence{
      .connections = options.connections, .rate = options.rate, .budget_ms = options.budget_ms};
  const std::vector<sql::QualifiedName> tables = locked_tables(out, 6);
  const std::size_t contract = first_of_contract(plan), count = plan.steps.size();
  // What the next version would run: by the finished schema.
  std::optional<Beside> next;
  std::set<catalog::ObjectId> filled;
  const catalog::Database before = [&] {
    pg::Connection connection(bases.empty, "contraflow traffic");
    return catalog::read(connection, {.sizes = false});
  }();
  {
    const Arena::Trial finished = arena.trial(bases.filled);
    apply::Observer observer;
    {
      apply::Executor executor(plan, hash, finished.admin(), executor_options(), observer);
      executor.run_to(count);
    }
    next = beside(finished.admin(), options, "next", tables, &before);
    // A plan that makes a column NOT NULL asks that nobody writes NULL there any more.
    pg::Connection connection(finished.admin(), "contraflow traffic");
    filled = columns_made_not_null(before, catalog::read(connection, {.sizes = false}));
  }
  if (of_version(options.queries, "next").empty()) {
    for (const AppQuery& query : next->queries)
      if (query.text.find("::") != std::string::npos) out.traffic->notes.push_back(fmt::format("the next version's {} casts columns to the types that they will have, as the plan's notes ask: {}", query.name, query.text));
  }
  const Arena::Trial trial = arena.trial(bases.filled);
  const Beside deployed = beside(trial.admin(), options, "deployed", tables, nullptr, filled);
  for (const Beside* side : std::initializer_list<const Beside*>{&deployed, &*next}) out.traffic->notes.insert(out.traffic->notes.end(), side->notes.begin(), side->notes.end());
  Traffic* current = nullptr;
  MarkingObserver observer(current);
  const auto part = [&](const Beside& around, std::size_t begin, std::size_t end, const char* how) {
    if (begin >= end) return true;
    if (progress) progress(fmt::format("under traffic: {}", how));
    Traffic traffic(trial.admin(), around.queries, around.options);
    current = &traffic;
    std::string error;
    settle();
    try {
      apply::Executor executor(plan, hash, trial.admin(), executor_options(), observer);
      executor.run_to(end);
    } catch (const Error& failure) {
      error = failure.message();
    }
    settle();
    current = nullptr;
    TrafficRun run = traffic.stop(how);
    run.completed = error.empty();
    if (!error.empty()) run.error = error;
    out.traffic->runs.push_back(std::move(run));
    return error.empty();
  };
  const bool went = part(deployed, 0, contract, contract == count ? "all phases" : "expand and backfill");
  {
    pg::Connection connection(trial.admin(), "contraflow traffic");
    keep_working(connection, next->options.inserts);
  }
  if (went) part(*next, contract, count, "contract and purge");
  grade_traffic(out, true);
}

void naive_traffic(Arena& arena, const Bases& bases, const plan::Plan& plan,
                   const ApplicationOptions& options, Rehearsal& out) {
  const Arena::Trial trial = arena.trial(bases.filled);
  const Beside around = beside(trial.admin(), options, "deployed", locked_tables(out, 6));
  Traffic traffic(trial.admin(), around.queries, around.options);
  settle();
  traffic.wait_for_reader();
  std::string error;
  try {
    pg::Connection connection(trial.admin(), "contraflow naive");
    connection.execute("SET search_path = ''; SET check_function_bodies = off");
    for (std::size_t i = 0; i < first_of_contract(plan); ++i) {
      const plan::Action& action = plan.steps[i].forward;
      traffic.begin(plan.steps[i].title);
      if (action.backfill) {
        const plan::Backfill& backfill = *action.backfill;
        connection.execute(backfill.pending.empty()
                               ? replace_all(backfill.assignments, "{rows}", sql::quote(backfill.table))
                               : fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(backfill.table),
                                             backfill.assignments, backfill.pending));
      } else if (action.mode == plan::Mode::concurrent) {
        for (const std::string& statement : action.statements)
          connection.execute(replace_all(statement, " CONCURRENTLY", ""));
      } else if (!action.empty()) {
        connection.execute("BEGIN");
        for (const std::string& statement : action.statements) connection.execute(statement);
        connection.execute("COMMIT");
      }
      traffic.end();
    }
  } catch (const Error& failure) {
    error = failure.message();
  }
  settle();
  TrafficRun run = traffic.stop("naive");
  run.completed = error.empty();
  if (!error.empty()) run.error = error;
  out.traffic->runs.push_back(std::move(run));
}

}  // namespace contraflow::rehearse
