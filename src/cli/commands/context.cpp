// SPDX-License-Identifier: Apache-2.0
#include "agent/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apply/journal.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/source.h"
#include "catalog/source_files.h"
#include "cli/code_schema.h"
#include "cli/command.h"
#include "cli/known_schema.h"
#include "code/scan.h"
#include "lint/check.h"
#include "lint/gather.h"
#include "pg/connection.h"
#include "plan/read_json.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> subjects, tables;
  std::string plan, schema, code = ".", sandbox_url;
  std::vector<std::string> bindirs;
  int budget = 2000;
  bool no_code = false, offline = false;
  std::shared_ptr<std::string> format;
};

bool is_plan(const std::string& text) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(text) / "plan.json", ignored);
}

// A path below the working folder without what is before it.
std::string shown_source(const std::string& source) {
  if (!source.starts_with('/')) return source;
  const fs::path relative = fs::path(source).lexically_relative(fs::current_path());
  return relative.empty() || relative.begin()->string() == ".." ? source : relative.string();
}

bool in_git(fs::path folder) {
  std::error_code ignored;
  for (folder = fs::absolute(folder).lexically_normal();; folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", ignored)) return true;
    if (folder == folder.parent_path()) return false;
  }
}

// What the journal of the live database says about the plan.
std::vector<std::string> progress_of(pg::Connection& connection, const std::string& hash) {
  const apply::Journal journal("contraflow", hash);
  if (!journal.exists(connection)) return {"no plan has run on the database"};
  std::vector<std::string> out;
  for (const apply::PlanRecord& record : journal.plans(connection)) {
    if (record.hash != hash) continue;
    out.push_back(fmt::format("{} on the database since {}", record.state, record.changed_at));
    for (const apply::PhaseRecord& phase : journal.phases(connection)) {
      out.push_back(fmt::format("{}: {}", plan::phase_name(phase.phase), !phase.undone_at.empty() ? "undone" : phase.complete() ? "complete"
                                                                                                                                : "begun"));
    }
  }
  if (out.empty()) out.emplace_back("this plan has not run on the database");
  return out;
}

agent::PlanState plan_state(const std::string& folder, const KnownSchema& schema) {
  const plan::ReadPlan read = plan::read_folder(folder);
  agent::PlanState out{folder, read.plan, {}, {}, {}};
  for (const plan::Mismatch& mismatch : plan::verify(folder, read)) out.edited.push_back(plan::describe(mismatch));
  if (schema.connection) out.progress = progress_of(*schema.connection, sha256(read_file(fs::path(folder) / "plan.json")));
  const auto files = catalog::disk_files();
  std::string plain = folder;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  for (const lint::Finding& finding : lint::check(lint::gather_folder(*files, plain).inputs, {}).findings) {
    if (finding.severity == lint::Severity::info) continue;
    out.findings.push_back(fmt::format("{}[{}] {}:{}: {}", lint::severity_name(finding.severity), finding.rule->name, fs::path(finding.file).filename().string(), finding.line, finding.message));
  }
  return out;
}

void add_table(std::vector<sql::QualifiedName>& tables, const sql::QualifiedName& name) {
  if (std::find(tables.begin(), tables.end(), name) == tables.end()) tables.push_back(name);
}

// A name as written, or a Prisma model's.
sql::QualifiedName resolve(const std::string& text, const code::SchemaFacts& facts) {
  const std::size_t dot = text.find('.');
  const sql::QualifiedName written = dot == std::string::npos ? sql::QualifiedName{"", text} : sql::QualifiedName{text.substr(0, dot), text.substr(dot + 1)};
  if (const auto found = facts.resolve(written)) return *found;
  if (const auto found = facts.resolve({"", text})) return *found;  // a name with a dot in it
  for (const code::Model& model : facts.models) {
    if (model.name == text || model.accessor == text) return model.table;
  }
  if (const std::string bare = sql::without_quotes(text); bare != text) return resolve(bare, facts);
  std::vector<std::string> names;
  for (const auto& [name, columns] : facts.relations) names.push_back(name.name), names.push_back(name.schema + "." + name.name);
  const std::string near = nearest(text, names);
  throw Error(ErrorCode::usage, fmt::format("the schema has no table {}", agent::shown_text(text, 80)), near.empty() ? "" : fmt::format("did you mean {}?", near));
}

int run(Context& context, const Options& options) {
  std::string plan = options.plan;
  std::vector<std::string> names = options.tables;
  for (const std::string& subject : options.subjects) {
    if (!is_plan(subject)) names.push_back(subject);
    else if (plan.empty()) plan = subject;
    else throw Error(ErrorCode::usage, "one plan at a time");
  }
  if (names.empty() && plan.empty()) throw Error(ErrorCode::usage, "no subject", "name tables, or a plan folder");
  std::string source = !options.schema.empty() ? options.schema : !context.config.database_url.empty() ? context.config.database_url
                                                                                                       : context.config.migrations;
  if (source.empty()) throw Error(ErrorCode::usage, "no schema", "give --schema SOURCE, or [database] url or [project] migrations in contraflow.toml");
  KnownSchema schema = known_schema(context, {source, options.bindirs, options.sandbox_url, options.offline});
  const bool live = catalog::recognise_source(source).kind == catalog::SourceKind::connection;

  agent::ContextRequest request;
  request.database = &schema.database;
  request.source = !live ? shown_source(source) : options.offline ? "the live database at " + schema.read_at
                                                                  : "the live database";
  code::SchemaFacts facts = code::facts_of(schema.database);
  const bool scan_code = !options.no_code && in_git(options.code);
  if (scan_code) {
    // Models only: the tables are known.
    Context without{context.console, context.config};
    without.config.migrations.clear();
    CodeSchemaOptions models;
    models.root = options.code;
    if (const CodeSchema found = code_schema(without, models); found.models) code::add_models(facts, *found.models);
  }
  if (!plan.empty()) {
    request.plan = plan_state(plan, schema);
    for (const plan::Step& step : request.plan->plan.steps) {
      for (const sql::QualifiedName& table : step.tables) {
        // Tables that the plan itself makes are not there yet.
        if (facts.relations.contains(table)) add_table(request.tables, table);
      }
    }
  }
  for (const std::string& name : names) add_table(request.tables, resolve(name, facts));
  refresh_sizes(schema, request.tables);
  if (scan_code && !request.tables.empty()) {
    code::ScanOptions scan;
    scan.root = options.code;
    for (const sql::QualifiedName& table : request.tables) scan.tables.push_back(table.schema + "." + table.name);
    request.sites = code::scan(facts, scan).sites;
  } else if (!options.no_code && !scan_code) {
    request.code_note = "not in a git repository: no code was read";
  }
  const std::vector<agent::Item> items = agent::context_items(request);
  const auto budget = static_cast<std::size_t>(options.budget);
  const agent::Slice slice = *options.format == "json" ? agent::slice_json(request, items, budget) : agent::slice_text(request, items, budget);
  context.console.print(slice.text);
  if (*options.format != "json") context.console.note(fmt::format("about {} tokens of {}, {} of {} shown", slice.tokens, budget, slice.shown, count_of(static_cast<long long>(items.size()), "item")));
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("SUBJECT", options->subjects, "tables (NAME, SCHEMA.NAME or a Prisma model), or a plan folder: the tables that it touches");
  app.add_option("--table", options->tables, "a table, never a folder (repeatable)")->type_name("NAME");
  app.add_option("--plan", options->plan, "a plan folder")->type_name("DIR");
  app.add_option("--schema", options->schema, "where the schema comes from: connection string, SQL file, migrations folder, git:REV:PATH (default: [database] url, else [project] migrations)")->type_name("SOURCE");
  app.add_option("--budget", options->budget, "tokens that the output may take, estimated from above")->check(CLI::Range(static_cast<int>(agent::kLeastBudget), 1'000'000))->type_name("TOKENS")->default_str("2000");
  app.add_option("--code", options->code, "root of the code base; it is read where it is in a git repository")->type_name("DIR")->default_str(".");
  app.add_flag("--no-code", options->no_code, "do not look for queries");
  app.add_flag("--offline", options->offline, "do not ask the database: its schema as it was when it was read last");
  app.add_option("--pg-bindir", options->bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", options->sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command context_command;
const Command context_command{
    "context", "the slice of schema, code and plan state that matters for a few tables, within a token budget",
    "Columns, constraints, types, what references the tables, indexes, partitions, views, functions, triggers, policies, comments, the code that queries them, the neighbours; "
    "sizes where the schema is a live database's, and a plan's progress from its journal. Most relevant first; what does not fit is named. A run of letters counts as one token for every three, "
    "a digit, sign or byte outside of ASCII as one. The schema is kept in the user's cache: a live database is read again when its catalog has changed, files when their content has.",
    "contraflow context users orders --schema \"$DATABASE_URL\"\n"
    "contraflow context db/migrations/20260408120000_add_tier --budget 4000   # what the plan touches, and how far it is\n"
    "contraflow context users --schema db/schema.sql --format json",
    add_options};

}  // namespace contraflow::cli
