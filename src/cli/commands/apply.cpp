// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "agent/approval.h"
#include "apply/executor.h"
#include "apply/gate.h"
#include "apply/journal.h"
#include "apply/preflight.h"
#include "base/error.h"
#include "base/text.h"
#include "catalog/fingerprint.h"
#include "catalog/read.h"
#include "cli/command.h"
#include "cli/plan_run.h"
#include "cli/run_progress.h"
#include "pg/connection.h"

namespace contraflow::cli {
namespace {

using apply::Executor;
using plan::Phase;

std::string field(const std::string& name, const std::string& value) {
  return nlohmann::json(name).dump() + ":" + nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void ask(Context& context, const RunOptions& options, const std::string& what) {
  if (options.yes) return;
  if (!context.console.interactive()) throw Error(ErrorCode::usage, "nobody can be asked here", "give --yes to run without a question");
  context.console.error_text(what + " [y/n] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (to_lower(trim(answer)) != "y" && to_lower(trim(answer)) != "yes") throw Error(ErrorCode::interrupted, "nothing was done", "");
}

// The phase that comes next; empty: the plan is complete.
std::optional<Phase> next_phase(const plan::Plan& plan, const apply::Position& now) {
  for (const Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty()) continue;
    if (!now.reached || phase > *now.reached || (phase == *now.reached && !now.complete)) return phase;
  }
  return {};
}

// Runs `work`; a stop says how to go on and how to go back.
int guarded(const RunOptions& options, const std::string& shown, RunProgress& progress, Console& console, const std::string& go_on, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    progress.event(error.code() == ErrorCode::interrupted ? "stopped" : "failed", field("message", error.message()) + "," + field("hint", error.hint()) + "," + field("sqlstate", error.sqlstate()));
    if (error.code() == ErrorCode::interrupted || error.code() == ErrorCode::environment) {
      console.note(fmt::format("to go on:   {}\nto go back: {}", go_on, command_line("rollback", options, shown, options.yes ? "--yes" : "")));
    }
    throw;
  }
  return 0;
}

// What stands before the first lock. Throws Error{refused} with every reason.
void look_before(Context& context, RunProgress& progress, const plan::Plan& plan, const std::vector<const plan::Step*>& steps, bool undo, const std::string& target, const apply::Options& run) {
  pg::Connection connection(target, "contraflow preflight");
  connection.limit_waits({.longest = std::chrono::minutes(2), .cancelled = {}});
  apply::PreflightInput input{.plan = plan, .steps = steps, .undo = undo, .at_start = false, .live_fingerprint = "", .conninfo = target, .options = run};
  // Settings, and what is read under them, have no place in a pooler in transaction mode: preflight() says so.
  if (!undo && !apply::pooling_of(connection, target).per_transaction) {
    connection.execute("SET lock_timeout = '2s'; SET statement_timeout = '60s'; SET search_path = ''");
    const apply::Journal journal(run.journal_schema, "");
    input.at_start = !journal.exists(connection);
    if (input.at_start) input.live_fingerprint = catalog::fingerprint(catalog::read(connection, {.sizes = false}));
  }
  std::string refusals, remedies;
  for (const apply::PreflightItem& item : apply::preflight(connection, input)) {
    progress.event("preflight", field("check", item.name) + "," + field("verdict", item.verdict == apply::PreflightItem::Verdict::good ? "good" : item.verdict == apply::PreflightItem::Verdict::warning ? "warning"
                                                                                                                                                                                                         : "refusal") +
                                    "," + field("message", item.message) + "," + field("remedy", item.remedy));
    if (item.verdict == apply::PreflightItem::Verdict::warning && !progress.json()) context.console.warning(fmt::format("[{}] {}{}", item.name, item.message, item.remedy.empty() ? "" : "; " + item.remedy));
    if (item.verdict != apply::PreflightItem::Verdict::refusal) continue;
    refusals += fmt::format("\n  - [{}] {}", item.name, item.message);
    if (!item.remedy.empty()) remedies += (remedies.empty() ? "" : "; ") + item.remedy;
  }
  if (!refusals.empty()) throw Error(ErrorCode::refused, "the plan cannot run here, nothing was done:" + refusals, remedies);
}

void check_gate(Context& context, RunProgress& progress, Executor& executor, const plan::Plan& plan, Phase phase, const apply::Position& now, const RunOptions& options) {
  if (now.reached == phase) return;  // it was begun: going on is what is left
  for (const Phase before : plan::kPhases) {
    if (before >= phase || plan.in_phase(before).empty() || std::find(now.done.begin(), now.done.end(), before) != now.done.end()) continue;
    if (!executor.catalog_has(before)) {
      throw Error(ErrorCode::refused, fmt::format("{} comes before {} and is not complete", plan::phase_name(before), plan::phase_name(phase)), fmt::format("contraflow apply … --phase {}", plan::phase_name(before)));
    }
  }
  std::vector<std::string> unseen;
  const auto window = std::chrono::milliseconds(static_cast<long long>(options.gate_window_seconds * 1000));
  const auto findings = apply::gate_findings(executor.connection(), plan, phase, now.completed_at, window, unseen);
  for (const std::string& sentence : unseen) progress.warning("the gate cannot see " + sentence);
  std::string text, remedies;
  for (const apply::GateFinding& finding : findings) {
    progress.event("gate", field("kind", finding.kind) + "," + field("message", finding.message) + "," + field("remedy", finding.remedy));
    text += fmt::format("\n  - {}", finding.message);
    if (remedies.find(finding.remedy) == std::string::npos) remedies += (remedies.empty() ? "" : "; ") + finding.remedy;
  }
  if (findings.empty()) return;
  if (options.gate_override.empty()) {
    throw Error(ErrorCode::refused, fmt::format("the gate before {} does not hold, the old shape is in use:{}", plan::phase_name(phase), text), remedies + "; or --gate-override REASON, which is recorded");
  }
  executor.record("gate-override", options.gate_override + text);
  if (!progress.json()) context.console.warning(fmt::format("the gate before {} was overridden ({}):{}", plan::phase_name(phase), options.gate_override, text));
}

void run_until(Executor& executor, const plan::Plan& plan, Phase phase, const std::string& until, RunProgress& progress, Context& context) {
  const auto step = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& one) { return one.phase == phase && one.id == until; });
  if (step == plan.steps.end()) {
    std::vector<std::string> ids;
    for (const plan::Step* one : plan.in_phase(phase)) ids.push_back(one->id);
    const std::string near = nearest(until, ids);
    throw Error(ErrorCode::usage, fmt::format("{} has no step {}", plan::phase_name(phase), until), near.empty() ? "its steps: " + join(ids, ", ") : "did you mean " + near + "?");
  }
  executor.run_part(phase, static_cast<std::size_t>(step - plan.steps.begin()) + 1);
  progress.event("run_ended", field("outcome", "done") + "," + field("next", std::string(plan::phase_name(phase))));
  if (!progress.json()) context.console.print(fmt::format("{} is done up to step {}\n", plan::phase_name(phase), until));
}

// What apply and rollback begin with: the plan as it was written, and where it goes.
struct Run {
  Run(Context& context, const RunOptions& given, const char* command)
      : folder(open_plan(given.folder)),
        target(target_of(context, given)),
        shown(pg::Connection(target).description()),
        options(executor_options(given)),
        progress(context.console, *given.format == "json", given.log_file, folder.read.plan.steps.size()),
        go_on(command_line(command, given, shown, (given.phase.empty() ? "" : "--phase " + given.phase + " ") + std::string(given.yes ? "--yes" : ""))) {}
  const PlanFolder folder;
  const std::string target;
  const std::string shown;  // the target without its password
  apply::Options options;
  RunProgress progress;
  const std::string go_on;  // the command that goes on after an interruption
};

// The folder was read once: what is judged here is what runs.
void check_expected(const RunOptions& options, const std::string& hash, const std::string& target) {
  if (!options.expect_hash.empty() && options.expect_hash != hash) throw Error(ErrorCode::refused, fmt::format("the plan is {}, not {}", hash, options.expect_hash), "");
  if (options.expect_database.empty()) return;
  const pg::Connection connection(target, "contraflow preflight");
  const std::string database = agent::database_identity(connection.host(), connection.port(), connection.database());
  if (options.expect_database != database) throw Error(ErrorCode::refused, fmt::format("the database is {}, not {}", database, options.expect_database), "");
}

int run_apply(Context& context, const RunOptions& options) {
  Run run(context, options, "apply");
  const plan::Plan& plan = run.folder.read.plan;
  RunProgress& progress = run.progress;
  return guarded(options, run.shown, progress, context.console, run.go_on, [&] {
    check_expected(options, run.folder.hash, run.target);
    std::vector<const plan::Step*> steps;
    for (const plan::Step& step : plan.steps) {
      if (options.phase.empty() || plan::phase_name(step.phase) == options.phase) steps.push_back(&step);
    }
    look_before(context, progress, plan, steps, false, run.target, run.options);
    stop_on_signal(run.options.stop);
    Executor executor(plan, run.folder.hash, run.target, run.options, progress);
    const apply::Position now = executor.position();
    const std::optional<Phase> next = next_phase(plan, now);
    const std::optional<Phase> phase = options.phase.empty() ? next : phase_named(options.phase);
    if (!phase) {
      if (!progress.json()) context.console.print(fmt::format("{} is complete: there is nothing to do\n", plan.name));
      progress.event("run_ended", field("outcome", "nothing to do"));
      return;
    }
    if (plan.in_phase(*phase).empty()) throw Error(ErrorCode::usage, fmt::format("the plan has no phase {}", plan::phase_name(*phase)), "");
    check_gate(context, progress, executor, plan, *phase, now, options);
    ask(context, options, fmt::format("Run {} of {} on {}?", plan::phase_name(*phase), plan.name, run.shown));
    progress.event("phase_begun", field("phase", std::string(plan::phase_name(*phase))) + "," + field("plan", plan.name) + "," + field("hash", run.folder.hash) + "," + field("target", run.shown));
    if (!options.until.empty()) return run_until(executor, plan, *phase, options.until, progress, context);
    executor.run_phase(*phase);
    const std::optional<Phase> after = next_phase(plan, executor.position());
    progress.event("run_ended", field("outcome", "done") + "," + field("next", after ? std::string(plan::phase_name(*after)) : ""));
    if (progress.json()) return;
    context.console.print(fmt::format("{} is done\n", plan::phase_name(*phase)));
    if (!after) return context.console.print(fmt::format("{} is complete\n", plan.name));
    for (const plan::Gate& gate : plan.gates) {
      if (gate.before != *after) continue;
      context.console.print(fmt::format("before {}:\n", plan::phase_name(*after)));
      for (const std::string& condition : gate.conditions) context.console.print("  * " + condition + "\n");
    }
    context.console.print(fmt::format("next: {}\n", command_line("apply", options, run.shown, fmt::format("--phase {}", plan::phase_name(*after)))));
  });
}

int run_rollback(Context& context, const RunOptions& options) {
  Run run(context, options, "rollback");
  const plan::Plan& plan = run.folder.read.plan;
  RunProgress& progress = run.progress;
  return guarded(options, run.shown, progress, context.console, run.go_on, [&] {
    std::vector<const plan::Step*> steps;
    for (const plan::Step& step : plan.steps) steps.push_back(&step);
    look_before(context, progress, plan, steps, true, run.target, run.options);
    stop_on_signal(run.options.stop);
    Executor executor(plan, run.folder.hash, run.target, run.options, progress);
    const Phase to = options.phase.empty() ? Phase::expand : phase_named(options.phase);
    const std::vector<Executor::Loss> losses = executor.losses(to);
    if (std::any_of(losses.begin(), losses.end(), [](const Executor::Loss& loss) { return loss.gone; }) && !options.accept_loss) {
      std::string message = "what these steps removed does not come back:";
      for (const Executor::Loss& loss : losses) message += loss.gone ? "\n  - " + loss.what : "";
      throw Error(ErrorCode::refused, message, "give --accept-loss to go back all the same, or --phase to go back less far");
    }
    for (const Executor::Loss& loss : losses) progress.warning((loss.gone ? "does not come back: " : "") + loss.what);
    ask(context, options, fmt::format("Undo {} on {} to the start of {}?", plan.name, run.shown, options.phase.empty() ? "the plan" : options.phase));
    progress.event("undo_begun", field("to", std::string(plan::phase_name(to))) + "," + field("plan", plan.name) + "," + field("hash", run.folder.hash) + "," + field("target", run.shown));
    const bool any = executor.undo_to(to, !options.phase.empty());
    progress.event("run_ended", field("outcome", "undone"));
    if (!any && !progress.json()) {
      context.console.print(fmt::format("nothing was undone: no phase of {} is in the journal, and the catalog does not show that one ran (--phase expand undoes it all the same)\n", plan.name));
      return;
    }
    if (!progress.json()) context.console.print(options.phase.empty() ? fmt::format("{} is undone\n", plan.name) : fmt::format("{} is undone to the start of {}\n", plan.name, options.phase));
  });
}

template <int (*run)(Context&, const RunOptions&), bool rollback>
Runner add_options(CLI::App& app) {
  auto options = std::make_shared<RunOptions>();
  add_run_options(app, *options, rollback);
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command apply_command;
const Command apply_command{
    "apply", "run a phase of a plan on a live database, under traffic",
    "Each lock is asked for in attempts of about 60 ms within a budget, and given back in between. Backfills run in batches that adapt and give way. Ctrl-C stops at the next safe point (exit 4); "
    "after that, or after a crash of anything, the same command goes on. The journal is kept in schema contraflow of the database.",
    "contraflow apply db/migrations/20260408120000_add_tier --target \"$DATABASE_URL\"            # the next phase\n"
    "contraflow apply db/migrations/20260408120000_add_tier --phase contract --yes\n"
    "contraflow apply plan --workers 4 --max-replica-lag 5 --cancel-blockers idle-in-transaction\n"
    "contraflow apply plan --phase contract --gate-override 'the old version runs in staging only'",
    add_options<run_apply, false>};

extern const Command rollback_command;
const Command rollback_command{"rollback", "undo a plan on a live database, to the exact prior state",
                               "From wherever the plan stands, to the start of a phase or of the plan. After purge it says what cannot come back, and needs --accept-loss.",
                               "contraflow rollback db/migrations/20260408120000_add_tier --target \"$DATABASE_URL\"\n"
                               "contraflow rollback db/migrations/20260408120000_add_tier --phase contract --yes   # back to before contract",
                               add_options<run_rollback, true>};

}  // namespace contraflow::cli
