// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/source.h"
#include "cli/command.h"
#include "cli/version.h"
#include "diff/diff.h"
#include "plan/make_plan.h"
#include "plan/write_json.h"
#include "plan/write_notes.h"
#include "plan/write_sql.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string from, to, out, name = "migration";
  std::vector<std::string> schemas, exclude, conversion, conversion_back, fill, enum_map, allow_blocking;
  std::string strategy = "sync", drops = "retire";
  int server = 0;
  std::vector<std::string> bindirs;
  std::string sandbox_url;
  std::shared_ptr<std::string> format;
};

// `users.email=EXPR` -> schema.table.column and the expression.
std::pair<std::string, std::string> assignment(const std::string& option, const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0) {
    throw Error(ErrorCode::usage, fmt::format("{} {}: expected NAME=VALUE", option, text), fmt::format("for instance {} 'orders.status=lower(status)'", option));
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

// A column as the user writes it, completed by the one schema that has it.
std::string resolve_column(const catalog::Database& from, const catalog::Database& to, const std::string& option, const std::string& written) {
  std::vector<std::string> found, all;
  for (const catalog::Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) {
      if (id.kind != catalog::Kind::column) continue;
      const std::string full = fmt::format("{}.{}.{}", id.schema, id.relation, id.name);
      all.push_back(fmt::format("{}.{}", id.relation, id.name));
      if (written != full && written != fmt::format("{}.{}", id.relation, id.name)) continue;
      if (std::find(found.begin(), found.end(), full) == found.end()) found.push_back(full);
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const std::string near = nearest(written, all);
    throw Error(ErrorCode::usage, fmt::format("{}: there is no column {}", option, written),
                near.empty() ? "write it as TABLE.COLUMN or SCHEMA.TABLE.COLUMN" : "did you mean " + near + "?");
  }
  throw Error(ErrorCode::usage, fmt::format("{}: {} is in several schemas: {}", option, written, join(found, ", ")), "write SCHEMA.TABLE.COLUMN");
}

std::string fingerprint(const catalog::Database& database) {
  return sha256(join(catalog::create_database(database), ";\n"));
}

plan::Options plan_options(const Options& options, const catalog::Database& from, const catalog::Database& to) {
  plan::Options out;
  out.name = options.name;
  out.synchronise = options.strategy == "app" ? plan::Synchronise::application : plan::Synchronise::triggers;
  out.drops = options.drops == "direct" ? plan::Drops::direct : plan::Drops::retire;
  out.allow_blocking.insert(options.allow_blocking.begin(), options.allow_blocking.end());
  const auto columns = [&](const char* option, const std::vector<std::string>& given, std::map<std::string, std::string>& into) {
    for (const std::string& text : given) {
      const auto [column, expression] = assignment(option, text);
      into[resolve_column(from, to, option, column)] = expression;
    }
  };
  columns("--using", options.conversion, out.conversion);
  columns("--using-back", options.conversion_back, out.conversion_back);
  columns("--fill", options.fill, out.fill);
  for (const std::string& text : options.enum_map) {
    const auto [value, replacement] = assignment("--map", text);
    const std::size_t dot = value.find('.');
    if (dot == std::string::npos) throw Error(ErrorCode::usage, "--map " + text + ": expected TYPE.OLD=NEW");
    std::string type = value.substr(0, dot);
    bool found = false;
    for (const auto& [id, object] : from.objects) {
      if (id.kind != catalog::Kind::enum_type) continue;
      const std::string full = id.schema + "." + id.name;
      if (id.name == type || value.starts_with(full + ".")) {
        const std::string label = id.name == type ? value.substr(dot + 1) : value.substr(full.size() + 1);
        out.enum_map[full][label] = replacement;
        found = true;
      }
    }
    if (!found) throw Error(ErrorCode::usage, "--map " + text + ": there is no enum type " + type);
  }
  return out;
}

fs::path output_folder(const Context& context, const Options& options) {
  if (!options.out.empty()) return options.out;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[16];
  std::strftime(stamp, sizeof stamp, "%Y%m%d%H%M%S", &utc);
  return fs::path(context.config.migrations.empty() ? "migrations" : context.config.migrations) / fmt::format("{}_{}", stamp, options.name);
}

int run(Context& context, const Options& options) {
  catalog::LoadOptions load;
  load.read.schemas = options.schemas;
  load.read.exclude = options.exclude;
  load.sandbox.bindirs = options.bindirs;
  load.sandbox.bindirs.insert(load.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  load.sandbox.url = options.sandbox_url.empty() ? context.config.sandbox_url : options.sandbox_url;
  load.sandbox.settings = context.config.sandbox_settings;
  load.progress = [&](const std::string& text) { context.console.progress(text); };
  catalog::SourceLoader loader(load);
  const std::string from_text = options.from.empty() ? context.config.database_url : options.from;
  if (from_text.empty()) throw Error(ErrorCode::usage, "no current schema", "give --from SOURCE, or [database] url in contraflow.toml");
  const catalog::Source from_source = catalog::recognise_source(from_text);
  const catalog::Source to_source = catalog::recognise_source(options.to);
  // The live side decides the major on which SQL is loaded.
  std::optional<int> major;
  if (options.server != 0) major = options.server;
  else if (context.config.sandbox_major) major = context.config.sandbox_major;
  const bool to_first = to_source.kind == catalog::SourceKind::connection && from_source.kind != catalog::SourceKind::connection;
  catalog::LoadedSource first = loader.load(to_first ? to_source : from_source, major);
  if (first.live) major = first.database.major();
  catalog::LoadedSource second = loader.load(to_first ? from_source : to_source, major);
  const catalog::LoadedSource& from = to_first ? second : first;
  const catalog::LoadedSource& to = to_first ? first : second;
  context.console.progress("");

  const diff::Difference difference = diff::compare(from.database, to.database);
  if (difference.empty()) {
    context.console.print("no changes\n");
    return 0;
  }
  plan::Outcome outcome = plan::make_plan(from.database, to.database, difference, plan_options(options, from.database, to.database));
  if (!outcome.refusals.empty()) {
    std::string text = fmt::format("refused, nothing was written: {}\n", count_of(static_cast<long long>(outcome.refusals.size()), "reason"));
    for (const std::string& refusal : outcome.refusals) text += "  - " + refusal + "\n";
    context.console.error_text(text);
    return static_cast<int>(ErrorCode::refused);
  }
  outcome.plan.from_fingerprint = fingerprint(from.database);
  outcome.plan.to_fingerprint = fingerprint(to.database);
  const std::string json = plan::plan_json(outcome.plan, CONTRAFLOW_VERSION);
  const fs::path target = output_folder(context, options);
  NewFolder folder(target);
  for (const auto& [file, text] : plan::sql_files(outcome.plan)) folder.write(file, text);
  folder.write("plan.json", json);
  folder.write("NOTES.md", plan::notes_markdown(outcome.plan));
  folder.publish();
  if (*options.format == "json") {
    context.console.print(json);
  } else {
    context.console.print(plan::overview(outcome.plan, context.console.color_out()));
    context.console.note("wrote " + target.string());
  }
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--from", options->from, "current schema: connection string, SQL file, migrations folder, git:REV:PATH, plan folder (default: [database] url)")->type_name("SOURCE");
  app.add_option("--to", options->to, "desired schema, likewise")->type_name("SOURCE")->required();
  app.add_option("--out", options->out, "the plan folder to write (default: a new one in the migrations folder)")->type_name("DIR");
  app.add_option("--name", options->name, "name of the plan")->type_name("NAME")->default_str("migration");
  app.add_option("--using", options->conversion, "conversion of a column whose type changes, old to new: orders.status=EXPR")->type_name("COLUMN=EXPR");
  app.add_option("--using-back", options->conversion_back, "the same, new to old")->type_name("COLUMN=EXPR");
  app.add_option("--fill", options->fill, "value for rows that hold NULL: users.email=EXPR")->type_name("COLUMN=EXPR");
  app.add_option("--map", options->enum_map, "what rows get that hold an enum value that goes away: order_state.packed=paid")->type_name("TYPE.OLD=NEW");
  app.add_option("--strategy", options->strategy, "who keeps old and new columns equal: triggers (sync) or the application (app)")
      ->check(CLI::IsMember(std::vector<std::string>{"sync", "app"}))->default_str("sync");
  app.add_option("--drops", options->drops, "retire: out of the way first, gone in purge; direct: at once")
      ->check(CLI::IsMember(std::vector<std::string>{"retire", "direct"}))->default_str("retire");
  app.add_option("--allow-blocking", options->allow_blocking, "accept work under a blocking lock: rewrite, scan, index-build, exclusion")
      ->check(CLI::IsMember(std::vector<std::string>{"rewrite", "scan", "index-build", "exclusion"}))->type_name("KIND");
  app.add_option("--schema", options->schemas, "only this schema (pattern with *; repeatable)")->type_name("PATTERN");
  app.add_option("--exclude", options->exclude, "leave out SCHEMA, SCHEMA.OBJECT or KIND:NAME (pattern with *; repeatable)")->type_name("PATTERN");
  app.add_option("--server", options->server, "PostgreSQL major for SQL sources")->type_name("MAJOR");
  app.add_option("--pg-bindir", options->bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", options->sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command plan_command;
const Command plan_command{
    "plan", "current and desired schema -> phased plan with rollback",
    "Writes a folder with one SQL file and one rollback file a phase, plan.json and NOTES.md. The files run under plain psql.",
    "contraflow plan --from \"$DATABASE_URL\" --to schema.sql --name add_tier\n"
    "contraflow plan --from git:main:db/schema.sql --to db/schema.sql --out plan   # what a branch changes\n"
    "contraflow plan --from old.sql --to new.sql --using 'orders.state=lower(state)'",
    add_options};

}  // namespace contraflow::cli
