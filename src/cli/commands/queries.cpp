// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/code_schema.h"
#include "cli/command.h"
#include "cli/queries_output.h"
#include "cli/queries_proof.h"
#include "code/scan.h"

namespace contraflow::cli {
namespace {

struct Options {
  std::vector<std::string> tables;
  CodeSchemaOptions schema;
  std::string plan;
  std::vector<std::string> exclude;
  bool untracked = false, ddl = false, no_cache = false, statistics = false;
  std::shared_ptr<std::string> format;
};

// A name that the schema does not have is most often a slip: said, not searched for in silence.
void check_tables(std::vector<std::string>& tables, const code::SchemaFacts& facts) {
  if (facts.relations.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, columns] : facts.relations) names.push_back(name.name);
  const auto known = [&](const std::string& table) {
    return std::any_of(facts.relations.begin(), facts.relations.end(), [&](const auto& entry) {
      return table == entry.first.name || table == entry.first.schema + "." + entry.first.name;
    });
  };
  for (std::string& table : tables) {
    if (!known(table)) table = sql::without_quotes(table);
    if (known(table)) continue;
    const std::string near = nearest(table, names);
    throw Error(ErrorCode::usage, fmt::format("the schema has no table {}", table), near.empty() ? "" : fmt::format("did you mean {}?", near));
  }
}

// Models may be named as the client does.
std::string table_of(const std::string& given, const code::SchemaFacts& facts) {
  for (const auto& [name, columns] : facts.relations) {
    if (name.name == given || name.schema + "." + name.name == given) return given;
  }
  for (const code::Model& model : facts.models) {
    if (model.name == given || model.accessor == given) return model.table.name;
  }
  return given;
}

int run(Context& context, const Options& options) {
  CodeSchema schema = code_schema(context, options.schema);
  QueriesReport report;
  report.schema = schema.source;
  for (const std::string& table : options.tables) report.tables.push_back(table_of(table, schema.facts));
  check_tables(report.tables, schema.facts);
  code::ScanOptions scan;
  scan.root = options.schema.root;
  scan.revision = options.schema.revision;
  scan.tables = report.tables;
  scan.exclude = options.exclude;
  scan.untracked = options.untracked;
  scan.ddl = options.ddl;
  scan.cache = !options.no_cache;
  report.result = code::scan(schema.facts, scan);
  if (!options.plan.empty()) {
    if (schema.source.empty())
      throw Error(ErrorCode::usage, "--plan needs the schema before the plan", "give --schema SOURCE");
    const std::string before = options.schema.schema.empty() ? (std::filesystem::path(options.schema.root) / schema.source).string() : options.schema.schema;
    const catalog::LoadOptions load = load_options(context, options.schema.bindirs, options.schema.sandbox_url);
    report.proofs = prove_sites(report.result.sites, before, options.plan, load);
  }
  const std::string& format = *options.format;
  context.console.print(format == "json"       ? queries_json(report)
                        : format == "markdown" ? queries_markdown(report)
                        : format == "sarif"    ? queries_sarif(report)
                                               : queries_text(report, context.console.color_out()));
  for (const std::string& note : schema.notes) context.console.note("note: " + note);
  if (schema.source.empty())
    context.console.note("note: no schema was found to resolve columns against: give --schema SOURCE");
  else if (format == "text")
    context.console.note(fmt::format("note: resolved against {}", schema.source));
  for (const code::SkippedFile& file : report.result.skipped) context.console.note(fmt::format("note: {}: {}", file.file, file.reason));
  if (!report.result.languages_missing.empty())
    context.console.warning(fmt::format("built without {}: tools/get_grammars.sh fetches the grammars, then build again", join(report.result.languages_missing, ", ")));
  const code::ScanStatistics& s = report.result.statistics;
  context.console.note(queries_summary(report));
  if (options.statistics)
    context.console.note(fmt::format("{} files, {:.1f} MB, {} candidates, {} parsed, {:.3f} s", s.files, static_cast<double>(s.bytes) / 1e6, s.candidates, s.parsed, s.seconds));
  const bool broken = std::any_of(report.proofs.begin(), report.proofs.end(), [](const SiteProof& p) { return p.standing == Standing::broken; });
  return broken ? static_cast<int>(ErrorCode::refused) : 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("TABLE", options->tables, "only sites that touch this table (NAME, SCHEMA.NAME or a Prisma model); repeatable");
  app.add_option("--code", options->schema.root, "root of the code base")->type_name("DIR")->default_str(".");
  app.add_option("--revision", options->schema.revision, "scan this git revision instead of the working tree")->type_name("REV");
  app.add_option("--schema", options->schema.schema,
                 "schema to resolve tables and columns against: connection string, SQL file, migrations folder, schema.prisma, git:REV:PATH "
                 "(default: the code base's schema.prisma, else [project] migrations)")
      ->type_name("SOURCE");
  app.add_option("--prisma", options->schema.prisma, "the schema.prisma (or folder of .prisma files) whose client the code calls (default: found in the code base)")->type_name("FILE");
  app.add_option("--plan", options->plan, "prove each site against this plan, on a sandbox: prepared before each of its phases and anew after it, and run")->type_name("DIR");
  app.add_option("--exclude", options->exclude, "leave out files that match this pattern with * (repeatable)")->type_name("PATTERN");
  app.add_flag("--untracked", options->untracked, "also files that git neither tracks nor ignores");
  app.add_flag("--ddl", options->ddl, "also DDL statements, and .sql files below a folder named migrations");
  app.add_flag("--no-cache", options->no_cache, "read every file anew");
  app.add_flag("--statistics", options->statistics, "say how many files were read and how long that took");
  app.add_option("--pg-bindir", options->schema.bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", options->schema.sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
  options->format = add_format_option(app, {"text", "json", "markdown", "sarif"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command queries_command;
const Command queries_command{
    "queries", "every place in the code base that touches a table, with its proof",
    "Reads the tracked files in TypeScript, JavaScript, Python, Go, Java, Ruby and SQL: SQL in strings, templates, concatenations and heredocs, and calls of "
    "Prisma's client with what they reach through relations. Marks SELECT * and unfiltered reads. Exit 1: --plan found a site that a phase breaks.",
    "contraflow queries users                                  # which code reads and writes this table\n"
    "contraflow queries users --plan db/migrations/20260408120000_add_tier   # and what the plan breaks, at which phase\n"
    "contraflow queries --schema \"$DATABASE_URL\" --format json\n"
    "contraflow queries User --revision v2.3 --format markdown",
    add_options};

}  // namespace contraflow::cli
