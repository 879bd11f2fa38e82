// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/version.h"

namespace contraflow::cli {
namespace {

std::atomic<bool>* stop_flag = nullptr;

void on_signal(int signal) {
  if (stop_flag == nullptr || stop_flag->exchange(true)) {
    std::signal(signal, SIG_DFL);
    ::raise(signal);
  }
}

std::string shell_quoted(const std::string& text) {
  if (!text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:@,") == std::string::npos) return text;
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

}  // namespace

void add_target_options(CLI::App& app, RunOptions& options, bool plan_required) {
  auto* plan = app.add_option("PLAN", options.folder, "plan folder");
  if (plan_required) plan->required();
  app.add_option("--target", options.target, "the database (default: [database] url): connection string or URI; PGHOST, PGSERVICE, .pgpass apply")->type_name("URL");
  app.add_option("--journal-schema", options.journal_schema, "schema of the journal")->type_name("NAME")->default_str("contraflow");
}

void add_run_options(CLI::App& app, RunOptions& options, bool rollback) {
  add_target_options(app, options, true);
  app.add_option("--phase", options.phase, rollback ? "undo down to the start of this phase (default: the whole plan)" : "the phase to run (default: the next one)")
      ->check(CLI::IsMember(std::vector<std::string>{"expand", "backfill", "contract", "purge"}))
      ->type_name("PHASE");
  app.add_flag("--yes", options.yes, "do not ask");
  app.add_option("--cancel-blockers", options.cancel_blockers, "whose sessions may be ended where they hold a lock that a step waits for: none, idle-in-transaction, readers (those, and SELECTs)")
      ->check(CLI::IsMember(std::vector<std::string>{"none", "idle-in-transaction", "readers"}))
      ->default_str("none");
  app.add_option("--lock-budget", options.lock_budget_seconds, "seconds that a step may try for its locks, in attempts of about 60 ms")->check(CLI::PositiveNumber)->type_name("SECONDS")->default_str("600");
  app.add_option("--concurrent-budget", options.concurrent_budget_seconds, "seconds that a concurrent build may wait for older transactions")->check(CLI::PositiveNumber)->type_name("SECONDS")->default_str("1800");
  app.add_option("--work-limit", options.work_limit_hours, "hours that one scan or index build may take")->check(CLI::PositiveNumber)->type_name("HOURS")->default_str("24");
  app.add_option("--workers", options.workers, "connections that a backfill works on")->check(CLI::Range(1, 64))->type_name("N")->default_str("1");
  app.add_option("--batch-time", options.batch_ms, "milliseconds that a batch of a backfill should take (without it: 10 while others write to the server, 80 while nobody does)")->check(CLI::Range(5.0, 2000.0))->type_name("MS");
  app.add_option("--pace", options.pace, "share of the time that batches may take, 0.05 to 1")->check(CLI::Range(0.05, 1.0))->type_name("SHARE")->default_str("1");
  app.add_flag("--synchronous-commit", options.synchronous_commit, "batches wait for the disk at each commit (their progress is in the same transaction: nothing is lost without)");
  app.add_flag("--no-verify", options.no_verify, "do not count at the end of a backfill what is still pending");
  app.add_option("--max-replica-lag", options.replica_lag, "a backfill waits while a replica is further behind; 0: never")->check(CLI::NonNegativeNumber)->type_name("SECONDS")->default_str("10");
  app.add_option("--max-slot-wal", options.slot_gb, "… or a replication slot keeps more WAL")->check(CLI::NonNegativeNumber)->type_name("GB")->default_str("10");
  app.add_option("--max-archive-backlog", options.archive_backlog, "… or more WAL segments wait for the archiver")->check(CLI::NonNegativeNumber)->type_name("N")->default_str("500");
  app.add_option("--max-xmin-age", options.xmin_age, "… or the oldest snapshot is further back")->check(CLI::NonNegativeNumber)->type_name("TRANSACTIONS")->default_str("50000000");
  app.add_option("--max-latency-factor", options.latency_factor, "… or a small commit takes so many times as long as before it (and over 20 ms)")->check(CLI::NonNegativeNumber)->type_name("FACTOR")->default_str("8");
  app.add_flag("--yield-to-autovacuum", options.autovacuum, "… or autovacuum is at work on the table");
  app.add_option("--throttle-query", options.throttle_query, "… or this query (one boolean) does not say true")->type_name("SQL");
  app.add_option("--log", options.log_file, "append every event, one JSON object a line, to this file")->type_name("FILE");
  if (rollback) {
    app.add_flag("--accept-loss", options.accept_loss, "go back although contents that are gone do not come back");
  } else {
    app.add_option("--expect-hash", options.expect_hash, "refuse where the hash of plan.json is another: what was approved is what runs")->type_name("SHA256");
    app.add_option("--expect-database", options.expect_database, "refuse where the database is another than HOST:PORT/NAME")->type_name("DATABASE");
    app.add_option("--until", options.until, "stop after this step of the phase")->type_name("STEP");
    app.add_option("--gate-override", options.gate_override, "run the phase although its gate does not hold; the reason is recorded")->type_name("REASON");
    app.add_option("--gate-window", options.gate_window_seconds, "seconds over which the gate looks for calls of the old shape in pg_stat_statements; 0: not at all")->check(CLI::NonNegativeNumber)->type_name("SECONDS")->default_str("3");
  }
  options.format = add_format_option(app, {"text", "json"});
}

PlanFolder open_plan(const std::string& folder) {
  PlanFolder out{plan::read_folder(folder), ""};
  std::string edited;
  for (const plan::Mismatch& mismatch : plan::verify(folder, out.read)) edited += (edited.empty() ? "" : "; ") + plan::describe(mismatch);
  if (!edited.empty()) throw Error(ErrorCode::refused, fmt::format("{} is not what its plan.json was made of: {}", folder, edited), "review the edit, then run contraflow plan --refresh " + folder);
  if (out.read.layout != "psql") {
    throw Error(ErrorCode::refused, fmt::format("{} is laid out for {}: that runner applies it", folder, out.read.layout), "contraflow plan --from-plan DIR --layout psql writes a folder for apply");
  }
  out.hash = sha256(read_file(std::filesystem::path(folder) / "plan.json"));
  return out;
}

std::string target_of(const Context& context, const RunOptions& options) {
  if (!options.target.empty()) return options.target;
  if (context.config.database_url.empty()) throw Error(ErrorCode::usage, "no target database", "give --target URL, or [database] url in contraflow.toml");
  return context.config.database_url;
}

apply::Options executor_options(const RunOptions& given) {
  const auto milliseconds = [](double seconds) { return apply::Milliseconds(static_cast<long long>(seconds * 1000)); };
  apply::Options out;
  out.journal_schema = given.journal_schema;
  out.locks.budget = milliseconds(given.lock_budget_seconds);
  out.locks.concurrent_budget = milliseconds(given.concurrent_budget_seconds);
  out.locks.cancel = given.cancel_blockers == "readers" ? apply::CancelBlockers::readers
                     : given.cancel_blockers == "none"  ? apply::CancelBlockers::none
                                                        : apply::CancelBlockers::idle_in_transaction;
  out.work_limit = milliseconds(given.work_limit_hours * 3600);
  out.backfill.workers = given.workers;
  if (given.batch_ms > 0) out.backfill.batch_time = out.backfill.quiet_batch_time = milliseconds(given.batch_ms / 1000);
  out.backfill.pace = given.pace;
  out.backfill.synchronous_commit = given.synchronous_commit;
  out.backfill.verify = !given.no_verify;
  out.throttle.replica_lag_seconds = given.replica_lag;
  out.throttle.slot_bytes = static_cast<long long>(given.slot_gb * (1LL << 30));
  out.throttle.archive_backlog = given.archive_backlog;
  out.throttle.xmin_age = given.xmin_age;
  out.throttle.commit_latency_factor = given.latency_factor;
  out.throttle.autovacuum = given.autovacuum;
  out.throttle.query = given.throttle_query;
  out.tool_version = program_version();
  return out;
}

plan::Phase phase_named(const std::string& name) {
  for (const plan::Phase phase : plan::kPhases) {
    if (plan::phase_name(phase) == name) return phase;
  }
  throw Error(ErrorCode::usage, fmt::format("there is no phase {}", name), "expand, backfill, contract or purge");
}

void stop_on_signal(const std::shared_ptr<std::atomic<bool>>& stop) {
  static std::shared_ptr<std::atomic<bool>> kept;
  kept = stop;
  stop_flag = kept.get();
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::string command_line(const std::string& command, const RunOptions& options, const std::string& shown_target, const std::string& rest) {
  std::string out = fmt::format("contraflow {} {}", command, shell_quoted(options.folder));
  if (!options.target.empty()) out += " --target " + shell_quoted(shown_target);
  if (options.journal_schema != "contraflow") out += " --journal-schema " + shell_quoted(options.journal_schema);
  return rest.empty() ? out : out + " " + rest;
}

}  // namespace contraflow::cli
