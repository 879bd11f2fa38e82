// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>

#include "base/error.h"
#include "base/keep.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/fingerprint.h"
#include "catalog/source.h"
#include "cli/align.h"
#include "cli/check_sources.h"
#include "cli/command.h"
#include "cli/plan_choices.h"
#include "cli/prisma_desired.h"
#include "cli/renames.h"
#include "cli/version.h"
#include "diff/diff.h"
#include "intent/intent.h"
#include "pg/connection.h"
#include "diff/rename.h"
#include "cli/plan_output.h"
#include "plan/layout.h"
#include "plan/make_plan.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string from, to;
  PlanChoices choices;
  PlanOutput output;
  std::string refresh, from_plan;
  std::vector<std::string> phases;
  std::vector<std::string> intents, schemas;
  bool no_rename = false;
  std::shared_ptr<std::string> format;
};

bool ask_on_terminal(Context& context, const RenameQuestion& question) {
  while (true) {
    context.console.error_text(fmt::format("{} If not, {}. [y/n] ", question.text, question.if_not));
    std::string answer;
    if (!std::getline(std::cin, answer)) throw Error(ErrorCode::usage, "no answer", "give --rename OLD=NEW or --no-rename");
    answer = to_lower(trim(answer));
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
  }
}

RenameOptions rename_options(Context& context, const Options& options, const catalog::LoadedSource& from, const catalog::LoadedSource& to,
                             const intent::IntentResult& intents, catalog::SourceLoader& loader) {
  RenameOptions out;
  for (const auto& [old_name, new_name] : intents.renames) out.requests.push_back(diff::parse_rename(old_name + "=" + new_name));
  for (const std::string& text : options.choices.renames) out.requests.push_back(diff::parse_rename(text));
  for (const catalog::RenameHint& hint : to.rename_hints) {
    if (!hint.to.empty()) out.requests.push_back({hint.from, hint.to, fmt::format("{}:{}", hint.file, hint.line), true});
  }
  out.no_rename = options.no_rename || !options.intents.empty();  // intents say what is a rename
  out.sandbox = [&loader, major = from.database.major()]() -> pg::Sandbox& { return loader.sandbox(major); };
  if (context.console.interactive()) out.ask = [&context](const RenameQuestion& question) { return ask_on_terminal(context, question); };
  return out;
}

// 2BP01 dependent_objects_still_exist: the server's hint is about SQL's CASCADE.
std::string hint_for(const Error& error) {
  if (error.sqlstate() != "2BP01") return error.hint();
  return "an intent for what depends on it comes first, or say `cascade` behind `drop` or `drop-table`: what depends on it goes too";
}

// The desired schema that the intents lead to: they run on a copy of the current one.
catalog::LoadedSource desired_by_intents(catalog::SourceLoader& loader, const catalog::LoadedSource& from, const catalog::ReadOptions& read,
                                         const std::vector<std::string>& texts, intent::IntentResult& result) {
  std::vector<intent::Intent> intents;
  for (const std::string& argument : texts) {
    const auto [text, file] = intent::read_argument(argument);
    for (intent::Intent& one : intent::parse(text, file)) intents.push_back(std::move(one));
  }
  result = intent::resolve(intents, from.database);
  pg::Sandbox& sandbox = loader.sandbox(from.database.major());
  catalog::LoadedSource out;
  out.conninfo = sandbox.create_database("desired");
  out.default_owner = sandbox.user();
  pg::Connection connection(out.conninfo);
  connection.execute("SET check_function_bodies = off");
  catalog::run_statements(connection, catalog::create_database(from.database));
  for (std::size_t i = 0; i < result.statements.size(); ++i) {
    const intent::Intent& intent = intents[result.origins[i]];
    try {
      catalog::run_statements(connection, {result.statements[i]});
    } catch (const Error& error) {  // the user wrote the intent, not this statement
      throw Error(ErrorCode::usage, fmt::format("{}: {}", intent.text, error.message()), hint_for(error), error.sqlstate()).at(intent.at);
    }
  }
  connection.execute("RESET search_path");
  out.database = catalog::read(connection, read);
  return out;
}

int run(Context& context, const Options& options) {
  PlanOutput output = options.output;
  output.format = *options.format;
  if (!options.refresh.empty()) return refresh_plan(context, options.refresh, output);
  if (!options.from_plan.empty()) return copy_plan(context, options.from_plan, options.phases, output);
  if (options.to.empty() == options.intents.empty()) {
    throw Error(ErrorCode::usage, options.to.empty() ? "no desired schema" : "--to and --do are two ways to say the same", "give --to SOURCE, or --do INTENTS");
  }
  if (!options.phases.empty()) throw Error(ErrorCode::usage, "--phase chooses from a plan that exists", "give it with --from-plan DIR");
  catalog::LoadOptions load = load_options(context, options.choices);
  load.read.schemas = options.schemas;
  load.read.excluding = std::make_shared<std::set<std::string>>();
  const auto excluding_beside = std::make_shared<std::set<std::string>>();
  catalog::SourceLoader loader(load);
  const std::string from_text = options.from.empty() ? context.config.database_url : options.from;
  if (from_text.empty()) throw Error(ErrorCode::usage, "no current schema", "give --from SOURCE, or [database] url in contraflow.toml");
  const catalog::Source from_source = catalog::recognise_source(from_text);
  const bool by_intents = !options.intents.empty();
  const catalog::Source to_source = by_intents ? catalog::Source{} : catalog::recognise_source(options.to);
  // The live side decides the major on which SQL is loaded.
  std::optional<int> major;
  if (options.choices.server != 0) major = options.choices.server;
  else if (context.config.sandbox_major) major = context.config.sandbox_major;
  const bool to_first = !by_intents && to_source.kind == catalog::SourceKind::connection && from_source.kind != catalog::SourceKind::connection;
  // Two databases are read at the same time.
  std::future<catalog::LoadedSource> beside;
  if (!by_intents && from_source.kind == catalog::SourceKind::connection && to_source.kind == catalog::SourceKind::connection) {
    catalog::LoadOptions load_desired = load;
    load_desired.read.excluding = excluding_beside;
    load_desired.read.sizes = false;  // how large tables are matters where the plan will run
    beside = std::async(std::launch::async, [load_desired, &to_source] { return catalog::SourceLoader(load_desired).load(to_source); });
  }
  catalog::LoadedSource first = loader.load(to_first ? to_source : from_source, major);
  if (first.live) major = first.database.major();
  intent::IntentResult intents;
  catalog::LoadedSource second = by_intents       ? desired_by_intents(loader, first, load.read, options.intents, intents)
                                 : beside.valid() ? beside.get()
                                                  : loader.load(to_first ? from_source : to_source, major);
  catalog::LoadedSource& from = to_first ? second : first;
  catalog::LoadedSource& to = to_first ? first : second;
  require_schemas(options.schemas, from.database, to.database);
  load.read.excluding->merge(*excluding_beside);
  warn_of_idle_excludes(context.console, options.choices.exclude, *load.read.excluding);
  align(from, to);
  if (!by_intents && to.prisma_models) {
    for (std::string& note : keep_what_prisma_leaves_alone(from.database, to.database)) to.notes.push_back(std::move(note));
  }
  context.console.progress("");
  for (const auto* notes : {&from.notes, &to.notes, &intents.notes}) {
    for (const std::string& note : *notes) context.console.note("note: " + note);
  }

  require_roles(from, to);
  warn_of_nothing(context.console, from.database, to.database);

  std::future<std::string> from_fingerprint = std::async(std::launch::async, [&from] { return catalog::fingerprint(from.database); });
  std::future<std::string> to_fingerprint = std::async(std::launch::async, [&to] { return catalog::fingerprint(to.database); });
  const SettledRenames settled = settle_renames(from.database, to.database, rename_options(context, options, from, to, intents, loader));
  for (const std::string& note : settled.notes) context.console.note(note);
  if (settled.difference.empty() && settled.renames.empty()) {
    context.console.print("no changes\n");
    return 0;
  }
  plan::Options choices = plan_options(options.choices, settled.after(from.database), to.database, settled.renames);
  choices.conversion.insert(intents.conversions.begin(), intents.conversions.end());
  choices.conversion_back.insert(intents.conversions_back.begin(), intents.conversions_back.end());
  choices.fill.insert(intents.fills.begin(), intents.fills.end());
  choices.enum_map.insert(intents.enum_maps.begin(), intents.enum_maps.end());
  choices.renames = settled.renames;
  choices.extension_updates = extension_updates(settled.difference, from);
  plan::Outcome outcome = plan::make_plan(settled.after(from.database), to.database, settled.difference, choices);
  if (!outcome.refusals.empty()) return refuse(context.console, outcome.refusals);
  outcome.plan.from_fingerprint = from_fingerprint.get();
  outcome.plan.to_fingerprint = to_fingerprint.get();
  // What the plan says that it leaves in another order counts in any.
  if (const auto& tables = outcome.plan.column_order; !tables.empty()) outcome.plan.to_fingerprint = catalog::fingerprint(to.database, {tables.begin(), tables.end()});
  const int status = write_plan(context, outcome.plan, output);
  if (process_ends) {
    keep_until_exit(std::move(first));
    keep_until_exit(std::move(second));
  }
  return status;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--from", options->from, "current schema: connection string, SQL file, migrations folder, git:REV:PATH, plan folder (default: [database] url)")->type_name("SOURCE");
  app.add_option("--to", options->to, "desired schema, likewise")->type_name("SOURCE");
  app.add_option("--do", options->intents,
                 "the desired schema in a few words, several separated by `;`, or @FILE: soft-delete users; rename users.user_name to username; "
                 "retype orders.amount to numeric(14,4); all of them are listed below")
      ->type_name("INTENTS");
  add_plan_choices(app, options->choices, options->output);
  auto* refresh = app.add_option("--refresh", options->refresh, "renew plan.json of this plan folder after its SQL files were edited")->type_name("DIR");
  app.add_option("--from-plan", options->from_plan, "take the steps of this plan folder: for another --layout, or with new versions")->type_name("DIR")->excludes(refresh);
  app.add_option("--phase", options->phases, "with --from-plan: only this phase (repeatable)")
      ->check(CLI::IsMember(std::vector<std::string>{"expand", "backfill", "contract", "purge"}))
      ->type_name("PHASE");
  app.add_flag("--no-rename", options->no_rename, "what looks like a renamed column, table, type or sequence is dropped and added");
  app.add_option("--schema", options->schemas, "only this schema (pattern with *; repeatable)")->type_name("PATTERN");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run(context, *options); };
}

std::vector<TermTable> tables() {
  TermTable intents{"Intents (--do)", {}};
  for (const intent::Usage& usage : intent::usages()) intents.rows.emplace_back(usage.syntax, usage.summary);
  return {intents};
}

}  // namespace

extern const Command plan_command;
const Command plan_command{
    "plan", "current and desired schema -> phased plan with rollback",
    "Writes a folder with one SQL file and one rollback file a phase, plan.json and NOTES.md. The files run under plain psql.",
    "contraflow plan --from \"$DATABASE_URL\" --to schema.sql --name add_tier\n"
    "contraflow plan --from \"$DATABASE_URL\" --do 'soft-delete users; index users(email)'   # the desired schema in words\n"
    "contraflow plan --from git:main:db/schema.sql --to db/schema.sql --out plan   # what a branch changes\n"
    "contraflow plan --from old.sql --to new.sql --using 'orders.state=lower(state)'\n"
    "contraflow plan --from db/migrations --to schema.sql --layout flyway   # files for the runner in use\n"
    "contraflow plan --refresh db/migrations/20260408120000_add_tier        # after an edit by hand",
    add_options, tables};

}  // namespace contraflow::cli
