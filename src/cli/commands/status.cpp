// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apply/journal.h"
#include "apply/runner_lock.h"
#include "apply/watcher.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/plan_life.h"
#include "cli/plan_run.h"
#include "pg/connection.h"

namespace contraflow::cli {
namespace {

using Json = nlohmann::ordered_json;

struct StatusOptions : RunOptions {
  bool drop_journal = false;
  int lines = 10;
};

pg::Connection connect(const std::string& target) {
  pg::Connection connection(target, "contraflow status");
  connection.limit_waits({.longest = std::chrono::minutes(1), .cancelled = {}});
  connection.execute("SET lock_timeout = '2s'; SET statement_timeout = '30s'; SET search_path = ''");
  return connection;
}

Json plan_json(pg::Connection& connection, const apply::PlanRecord& record, const std::string& schema, int lines, const std::string& runner) {
  const apply::Journal journal(schema, record.hash);
  // A run that was killed wrote no end: the lock says whether it lives.
  const std::string state = record.state == "running" && runner.empty() ? "interrupted" : record.state;
  Json out{{"name", record.name}, {"hash", record.hash}, {"state", state}, {"begun_at", record.begun_at}, {"changed_at", record.changed_at}, {"last_run", record.runner_about}};
  out["phases"] = Json::array();
  for (const apply::PhaseRecord& phase : journal.phases(connection)) {
    out["phases"].push_back({{"phase", plan::phase_name(phase.phase)}, {"state", !phase.undone_at.empty() ? "undone" : phase.complete() ? "complete"
                                                                                                                                        : "begun"},
                             {"begun_at", phase.begun_at},
                             {"completed_at", phase.completed_at},
                             {"undone_at", phase.undone_at}});
  }
  const apply::Control control = journal.control(connection);
  out["control"] = {{"paused", control.paused}, {"locks_postponed", control.hold_locks}, {"pace", control.pace}, {"reason", control.reason}, {"by", control.by}};
  out["backfills"] = Json::array();
  for (const apply::BackfillRecord& backfill : journal.backfills(connection)) {
    out["backfills"].push_back({{"step", backfill.step}, {"undo", backfill.undo}, {"parts", backfill.parts}, {"parts_done", backfill.parts_done}, {"rows", backfill.rows}});
  }
  out["log"] = Json::array();
  for (const auto& line : journal.last_lines(connection, lines)) out["log"].push_back({{"at", line.at}, {"step", line.step}, {"kind", line.kind}, {"message", line.message}});
  return out;
}

// Sessions of the run, and who blocks them just now.
Json sessions(pg::Connection& connection) {
  Json out = Json::array();
  const pg::Result rows = connection.execute(
      "SELECT pid, application_name, coalesce(state, ''), coalesce(wait_event_type || ':' || wait_event, ''), coalesce(left(query, 200), '') FROM pg_stat_activity WHERE datname = current_database() "
      "AND application_name LIKE 'contraflow step%' ORDER BY pid");
  for (int i = 0; i < rows.rows(); ++i) {
    Json blockers = Json::array();
    for (const apply::Blocker& blocker : apply::blockers_of(connection, static_cast<int>(rows.integer(i, 0)))) blockers.push_back(apply::describe(blocker));
    out.push_back({{"pid", rows.integer(i, 0)}, {"state", rows.string(i, 2)}, {"waits", rows.string(i, 3)}, {"query", rows.string(i, 4)}, {"blocked_by", blockers}});
  }
  return out;
}

std::string plan_text(const Json& plan) {
  std::string out = fmt::format("{}  {}, begun {}, hash {}\n", plan["name"].get<std::string>(), plan["state"].get<std::string>(), plan["begun_at"].get<std::string>(), plan["hash"].get<std::string>().substr(0, 12));
  for (const Json& phase : plan["phases"]) out += fmt::format("  {:<9} {} {}\n", phase["phase"].get<std::string>(), phase["state"].get<std::string>(), phase["state"] == "complete" ? phase["completed_at"].get<std::string>() : "");
  for (const Json& fill : plan["backfills"]) {
    out += fmt::format("  backfill {}: {} rows, {} of {} parts done\n", fill["step"].get<std::string>(), fill["rows"].get<long long>(), fill["parts_done"].get<long long>(), fill["parts"].get<long long>());
  }
  const Json& control = plan["control"];
  if (control["paused"].get<bool>()) out += fmt::format("  paused by {}: {}\n", control["by"].get<std::string>(), control["reason"].get<std::string>());
  if (control["locks_postponed"].get<bool>()) out += fmt::format("  steps that lock are postponed by {}: {}\n", control["by"].get<std::string>(), control["reason"].get<std::string>());
  if (control["pace"].get<double>() > 0) out += fmt::format("  pace {:.2f}, by {}\n", control["pace"].get<double>(), control["by"].get<std::string>());
  out += fmt::format("  last run: {}\n", plan["last_run"].get<std::string>());
  for (const Json& line : plan["log"]) out += fmt::format("  {}  {}  {}{}\n", line["at"].get<std::string>(), line["kind"].get<std::string>(), line["step"].get<std::string>().empty() ? "" : line["step"].get<std::string>() + ": ", line["message"].get<std::string>());
  return out;
}

// The plan that was asked for, or all of the migrations folder: also those that never ran.
std::vector<PlanLife> lives(const Context& context, const StatusOptions& options, pg::Connection* connection) {
  std::vector<PlanLife> out;
  const std::string target = connection != nullptr && !options.target.empty() ? fmt::format("--target '{}'", connection->description()) : "";
  for (const std::string& folder : options.folder.empty() ? plan_folders(context.config) : std::vector<std::string>{options.folder}) {
    try {
      out.push_back(plan_life(folder, connection, options.journal_schema, target));
    } catch (const Error& error) {
      if (!options.folder.empty()) throw;
      context.console.warning(fmt::format("{}: {}", folder, error.message()));
    }
  }
  return out;
}

Json folders_json(const std::vector<PlanLife>& folders) {
  Json out = Json::array();
  for (const PlanLife& life : folders) out.push_back(life_json(life));
  return out;
}

std::string folders_text(const std::vector<PlanLife>& folders) {
  std::string out;
  for (const PlanLife& life : folders) out += fmt::format("\n{}\n{}", life.facts.folder, life_text(life));
  return out;
}

int run_status(Context& context, const StatusOptions& options) {
  const bool json = *options.format == "json";
  if (options.target.empty() && context.config.database_url.empty() && !options.drop_journal) {
    const auto folders = lives(context, options, nullptr);
    if (folders.empty()) target_of(context, options);  // there is nothing to say without a database
    context.console.print(json ? Json{{"database_asked", false}, {"runner", ""}, {"sessions", Json::array()}, {"plans", Json::array()}, {"folders", folders_json(folders)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                               : "no database is configured: what the folders say\n" + folders_text(folders));
    return 0;
  }
  pg::Connection connection = connect(target_of(context, options));
  const auto folders = lives(context, options, &connection);
  const std::string hash = options.folder.empty() ? "" : folders.front().hash;
  const apply::Journal journal(options.journal_schema, hash);
  if (!journal.exists(connection)) {
    context.console.print(json ? Json{{"database_asked", true}, {"runner", ""}, {"sessions", Json::array()}, {"plans", Json::array()}, {"folders", folders_json(folders)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                               : fmt::format("no journal in schema {}: no plan has run here\n", options.journal_schema) + folders_text(folders));
    return 0;
  }
  const std::string runner = apply::runner_of(connection, options.journal_schema);
  if (options.drop_journal) {
    if (!options.yes) throw Error(ErrorCode::usage, "the journal is the memory of what ran", "give --yes to drop it");
    for (const apply::PlanRecord& plan : journal.plans(connection)) {
      if (!runner.empty() || plan.state == "running" || plan.state == "stopped") {
        throw Error(ErrorCode::refused, fmt::format("plan {} is not finished", plan.name), "complete it or roll it back first");
      }
    }
    journal.drop(connection);
    context.console.print(fmt::format("dropped the journal in schema {}\n", options.journal_schema));
    return 0;
  }
  Json out{{"database_asked", true}, {"runner", runner}, {"sessions", sessions(connection)}, {"plans", Json::array()}};
  for (const apply::PlanRecord& plan : journal.plans(connection)) {
    if (hash.empty() || plan.hash == hash) out["plans"].push_back(plan_json(connection, plan, options.journal_schema, options.lines, runner));
  }
  out["folders"] = folders_json(folders);
  if (json) {
    context.console.print(out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return 0;
  }
  std::string text = runner.empty() ? "nobody is at work\n" : "at work: " + runner + "\n";
  for (const Json& session : out["sessions"]) {
    text += fmt::format("  pid {} {} {}: {}\n", session["pid"].get<int>(), session["state"].get<std::string>(), session["waits"].get<std::string>(), session["query"].get<std::string>());
    for (const Json& blocker : session["blocked_by"]) text += "    blocked by " + blocker.get<std::string>() + "\n";
  }
  for (const Json& plan : out["plans"]) text += "\n" + plan_text(plan);
  if (out["plans"].empty()) text += "this plan has not run here\n";
  context.console.print(text + folders_text(folders));
  return 0;
}

Runner status_options(CLI::App& app) {
  auto options = std::make_shared<StatusOptions>();
  add_target_options(app, *options, false);
  app.add_option("--lines", options->lines, "lines of the log")->check(CLI::Range(0, 1000))->type_name("N")->default_str("10");
  app.add_flag("--drop-journal", options->drop_journal, "drop schema and tables of the journal: every plan in it has to be finished");
  app.add_flag("--yes", options->yes, "do not ask");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run_status(context, *options); };
}

// ---- pause, resume, throttle: what a run looks at about once a second

struct ControlOptions : RunOptions {
  std::string reason;
  bool cut_over = false;
  double wanted_pace = 1.0;
};

int set_control(Context& context, const ControlOptions& options, const std::function<void(apply::Control&)>& change, const std::string& done) {
  pg::Connection connection = connect(target_of(context, options));
  const apply::Journal journal(options.journal_schema, open_plan(options.folder).hash);
  if (!journal.exists(connection)) throw Error(ErrorCode::usage, "no plan has run on this database", "");
  apply::Control control = journal.control(connection);
  change(control);
  control.reason = options.reason;
  control.by = connection.user();
  journal.set_control(connection, control);
  journal.log(connection, "", "control", fmt::format("{} by {}{}", done, control.by, control.reason.empty() ? "" : ": " + control.reason));
  context.console.print(done + "\n");
  return 0;
}

Runner pause_options(CLI::App& app) {
  auto options = std::make_shared<ControlOptions>();
  add_target_options(app, *options, true);
  app.add_flag("--cut-over", options->cut_over, "only postpone steps that take locks: backfills go on");
  app.add_option("--reason", options->reason, "shown to whoever looks")->type_name("TEXT");
  return [options](Context& context) {
    return set_control(
        context, *options, [&](apply::Control& control) { (options->cut_over ? control.hold_locks : control.paused) = true; },
        options->cut_over ? "steps that lock are postponed" : "paused");
  };
}

Runner resume_options(CLI::App& app) {
  auto options = std::make_shared<ControlOptions>();
  add_target_options(app, *options, true);
  return [options](Context& context) { return set_control(
                                           context, *options, [](apply::Control& control) { control = {}; }, "resumed"); };
}

Runner throttle_options(CLI::App& app) {
  auto options = std::make_shared<ControlOptions>();
  add_target_options(app, *options, true);
  app.add_option("--pace", options->wanted_pace, "share of the time that batches may take, 0.05 to 1")->required()->check(CLI::Range(0.05, 1.0))->type_name("SHARE");
  app.add_option("--reason", options->reason, "shown to whoever looks")->type_name("TEXT");
  return [options](Context& context) {
    return set_control(
        context, *options, [&](apply::Control& control) { control.pace = options->wanted_pace; }, fmt::format("pace {:.2f}", options->wanted_pace));
  };
}

}  // namespace

extern const Command status_command;
const Command status_command{"status", "how far plans have come on a database, who works there, what blocks", "Reads the journal in schema contraflow and the plan folders: what is edited, found, rehearsed, reviewed and approved, and the next step of each. Works from any machine; without a database it says what the folders say.",
                             "contraflow status --target \"$DATABASE_URL\"\n"
                             "contraflow status db/migrations/20260408120000_add_tier --format json\n"
                             "contraflow status --drop-journal --yes   # when every plan is complete or undone",
                             status_options};

extern const Command pause_command;
const Command pause_command{"pause", "hold a run that is at work elsewhere, or only its steps that lock", "The run waits at its next safe point and says why.",
                            "contraflow pause db/migrations/20260408120000_add_tier --reason 'sale until noon'\n"
                            "contraflow pause plan --cut-over   # postpone the swap, let the backfill go on",
                            pause_options};

extern const Command resume_command;
const Command resume_command{"resume", "let a run go on that was paused, postponed or throttled", "", "contraflow resume db/migrations/20260408120000_add_tier", resume_options};

extern const Command throttle_command;
const Command throttle_command{"throttle", "slow the backfill of a run that is at work elsewhere", "", "contraflow throttle db/migrations/20260408120000_add_tier --pace 0.3", throttle_options};

}  // namespace contraflow::cli
