// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "cli/command.h"
#include "cli/plan_life.h"
#include "cli/plan_run.h"
#include "pg/connection.h"

namespace contraflow::cli {
namespace {

struct Options : RunOptions {
  bool offline = false;
};

std::optional<pg::Connection> connect(const Context& context, const Options& options) {
  const std::string target = !options.target.empty() ? options.target : context.config.database_url;
  if (options.offline || target.empty()) return std::nullopt;
  pg::Connection connection(target, "contraflow next");
  connection.limit_waits({.longest = std::chrono::minutes(1), .cancelled = {}});
  connection.execute("SET lock_timeout = '2s'; SET statement_timeout = '30s'; SET search_path = ''");
  return connection;
}

// Without a plan: the one that is under way on the database, else the oldest that is not done; where no database was asked, the newest.
std::string choose(const std::vector<std::string>& folders, pg::Connection* connection, const std::string& schema) {
  if (folders.empty()) return "";
  if (connection == nullptr) return folders.back();
  std::string first;
  for (const std::string& folder : folders) {
    const PlanLife life = plan_life(folder, connection, schema, "");
    const agent::JournalFacts& journal = *life.facts.journal;
    if (journal.begun || (!journal.complete.empty() && life.next().step != "done")) return folder;
    if (first.empty() && life.next().step != "done") first = folder;
  }
  return first.empty() ? folders.back() : first;
}

int run(Context& context, const Options& options) {
  std::optional<pg::Connection> connection = connect(context, options);
  pg::Connection* asked = connection ? &*connection : nullptr;
  const bool json = *options.format == "json";
  const std::string folder = !options.folder.empty() ? options.folder : choose(plan_folders(context.config), asked, options.journal_schema);
  if (folder.empty()) {
    const std::string command = "contraflow plan --from SOURCE --to SOURCE";
    context.console.print(json ? nlohmann::ordered_json{{"folder", nullptr}, {"next", {{"step", "plan"}, {"what", "there is no plan folder"}, {"command", command}, {"because", nlohmann::json::array()}, {"conditions", nlohmann::json::array()}}}}.dump(2) + "\n"
                               : "there is no plan folder\n  " + command + "\n");
    return 0;
  }
  const std::string target = connection && !options.target.empty() ? fmt::format("--target '{}'", connection->description()) : "";
  const PlanLife life = plan_life(folder, asked, options.journal_schema, target);
  if (json) {
    const auto all = life_json(life);
    context.console.print(nlohmann::ordered_json{{"folder", all["folder"]}, {"name", all["name"]}, {"hash", all["hash"]}, {"next", all["next"]}}.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return 0;
  }
  const agent::NextStep next = life.next();
  std::string text = fmt::format("{}: {}\n", next.step, next.what);
  for (const std::string& line : next.because) text += "  - " + line + "\n";
  for (const std::string& line : next.conditions) text += "  * " + line + "\n";
  if (!next.command.empty()) text += "  " + next.command + "\n";
  context.console.print(text);
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, *options, false);
  app.add_flag("--offline", options->offline, "do not ask the database: what the folder says");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command next_command;
const Command next_command{
    "next", "the single next step of a plan's life, with its command",
    "Edit, check, rehearse, review, approve, the gate before a deploy, apply, purge: from the plan folder, what rehearse and review recorded in its evidence.json, and the journal of the database where one is "
    "configured. Without PLAN: the plan that is under way, else the oldest that is not done.",
    "contraflow next\n"
    "contraflow next db/migrations/20260408120000_add_tier --target \"$DATABASE_URL\"\n"
    "contraflow next db/migrations/20260408120000_add_tier --offline --format json",
    add_options};

}  // namespace contraflow::cli
