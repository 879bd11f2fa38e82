// SPDX-License-Identifier: Apache-2.0
#include "cli/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/read.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "cli/before.h"
#include "code/scan.h"
#include "code/schema_facts.h"
#include "lint/check.h"
#include "pg/connection.h"
#include "plan/read_json.h"
#include "rehearse/application.h"
#include "rehearse/arena.h"
#include "rehearse/load_dump.h"
#include "rehearse/migration.h"
#include "rehearse/rehearse_file.h"
#include "rehearse/rehearse_plan.h"
#include "rehearse/rows.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

// "90s", "2min", "500ms", or seconds.
std::chrono::milliseconds duration(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit(trim(end));
  double factor = 0;
  if (unit == "ms") factor = 1;
  if (unit.empty() || unit == "s") factor = 1000;
  if (unit == "min" || unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (end == text.c_str() || factor == 0 || number <= 0 || !std::isfinite(number) || number * factor > 1e9)
    throw Error(ErrorCode::usage, fmt::format("{} {}: expected a duration", option, text),
                "for instance 90s, 500ms or 5min");
  return std::chrono::milliseconds(static_cast<long long>(number * factor));
}

rehearse::ArenaOptions arena_options(Context& context, const RehearsalOptions& options) {
  rehearse::ArenaOptions out;
  out.sandbox.url = options.sandbox_url.empty() ? context.config.sandbox_url : options.sandbox_url;
  out.sandbox.bindirs = options.bindirs;
  out.sandbox.bindirs.insert(out.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(),
                             context.config.sandbox_bindirs.end());
  out.sandbox.settings = context.config.sandbox_settings;
  if (options.server != 0)
    out.major = options.server;
  else if (context.config.sandbox_major)
    out.major = context.config.sandbox_major;
  out.superuser = options.superuser;
  out.progress = [&context](const std::string& text) { context.console.progress(text); };
  return out;
}

// The schema before a file: what --schema says, else what the migrations before it in its folder make.
std::string load_before(rehearse::Arena& arena, const RehearsalOptions& options, const std::string& file,
                        std::string& said) {
  if (!options.clone.empty()) return arena.load_clone(options.clone, options.clone_is_safe);
  if (!options.schema.empty()) {
    said = options.schema;
    return arena.load(options.schema);
  }
  const std::string folder = folder_before(file);
  said = fmt::format("the migrations before it in {}", folder);
  return arena.load(folder, file);
}

void fill(rehearse::Arena& arena, const RehearsalOptions& options, rehearse::Bases& bases, const catalog::Database& database,
          rehearse::Rehearsal& out, Context& context, const std::set<catalog::ObjectId>& filled = {}) {
  std::optional<rehearse::Statistics> statistics;
  if (!options.statistics.empty())
    statistics = rehearse::parse_statistics(read_text_file(options.statistics), options.statistics);
  {
    pg::Connection connection(bases.empty, "contraflow rows");
    out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  }
  out.data.kind = out.data.tables.empty()                ? "none"
                  : !options.clone.empty()               ? "clone"
                  : rehearse::is_archive(options.schema) ? "dump"
                                                         : "own";
  if (options.no_rows) return;
  rehearse::RowsWanted wanted;
  for (const std::string& text : options.rows) wanted.tables.insert(rehearse::parse_rows(text, database));
  wanted.others = options.rows_per_table;
  wanted.scale = options.scale;
  if (statistics) wanted.statistics = &*statistics;
  wanted.filled = filled;
  bases.filled = arena.sandbox().create_database("rows", bases.empty);
  const auto progress = [&context](const std::string& text) { context.console.progress(text); };
  pg::Connection connection(bases.filled, "contraflow rows");
  rehearse::make_rows(connection, database, wanted, out.data, progress);
  const std::size_t before = out.data.tables.size();
  out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  if (out.data.tables.size() == before)
    bases.filled = bases.empty;  // nothing was added
  else if (out.data.kind == "none")
    out.data.kind = "synthetic";
}

}  // namespace

void add_rehearsal_options(CLI::App& app, RehearsalOptions& options) {
  app.add_option("subject", options.subject,
                 "plan folder, or the file (or folder) of one migration; - for standard input")
      ->required()
      ->type_name("PLAN|FILE");
  app.add_flag("--no-record", options.no_record, "do not note the outcome in the plan folder (evidence.json)");
  app.add_option("--schema", options.schema,
                 "schema before the migration: connection string, SQL file, migrations folder, git:REV:PATH "
                 "(default: the migrations before it in its folder)")
      ->type_name("SOURCE");
  app.add_option("--clone", options.clone,
                 "rehearse on schema and rows of this database, which are copied (a branch, a thin clone, a "
                 "restored backup)")
      ->type_name("URL");
  app.add_flag("--clone-is-not-production", options.clone_is_safe,
               "copy the clone although it looks like a primary that serves traffic");
  app.add_option("--to", options.desired,
                 "plans: the desired schema, to compare with (default: the plan's fingerprint)")
      ->type_name("SOURCE");
  app.add_option("--stall-budget", options.stall_budget,
                 "longest wait or blocking lock that is accepted, in milliseconds")
      ->type_name("MS")
      ->default_str("250");
  app.add_option("--rollback", options.rollback,
                 "file that goes back (default: found beside the migration, or in it)")
      ->type_name("FILE");
  app.add_option("--rows", options.rows, "made-up rows of a table: users=1e6; repeatable")
      ->type_name("TABLE=NUMBER");
  app.add_option("--rows-per-table", options.rows_per_table, "made-up rows of every other empty table")
      ->type_name("NUMBER")
      ->default_str("5");
  app.add_flag("--no-rows", options.no_rows, "make up no rows");
  app.add_flag("--no-samples", options.no_samples,
               "of rows that are in the way say how many, and show no value of any");
  app.add_option("--statistics", options.statistics,
                 "what contraflow snapshot wrote: rows are made up to match, durations scaled to production")
      ->type_name("FILE");
  app.add_option("--scale", options.scale, "share of production's rows to make up, with --statistics")
      ->type_name("NUMBER")
      ->default_str("0.01");
  app.add_option("--queries", options.queries,
                 "the deployed version's queries: SQL file, folder, export of pg_stat_statements (.json, "
                 ".csv), connection string; repeatable")
      ->type_name("SOURCE");
  app.add_option("--next-queries", options.next_queries, "the next version's queries, likewise")
      ->type_name("SOURCE");
  app.add_option("--code", options.code, "the application's source code: its queries are found and tried")
      ->type_name("DIR");
  app.add_option("--deployed-revision", options.deployed_revision,
                 "git revision of the code that is deployed; the working tree is the next version then")
      ->type_name("REV");
  app.add_flag("--traffic", options.traffic,
               "run it beside traffic: the queries (or ordinary ones on the tables that it locks), a long "
               "reader, a constant writer");
  app.add_flag(
      "--compare-naive", options.compare_naive,
      "plans, with --traffic: the same statements without short lock timeouts and batches, to compare");
  app.add_option("--connections", options.connections, "connections of the traffic")
      ->type_name("NUMBER")
      ->default_str("4")
      ->check(CLI::Range(1, 64));
  app.add_option("--rate", options.rate, "queries a second of the traffic")
      ->type_name("NUMBER")
      ->default_str("200")
      ->check(CLI::Range(0.1, 100000.0));
  app.add_option("--reader-holds", options.reader_holds, "how long each transaction of the long reader lasts")
      ->type_name("DURATION")
      ->default_str("1500ms");
  app.add_option("--budget", options.budget,
                 "longest time for one run of the migration; then it is cancelled")
      ->type_name("DURATION")
      ->default_str("120s");
  app.add_flag("--superuser", options.superuser,
               "run the migration as superuser of the sandbox (default: as an ordinary owner, lifted for "
               "statements that need it)");
  app.add_option("--server", options.server, "PostgreSQL major of the sandbox")->type_name("MAJOR");
  app.add_option("--pg-bindir", options.bindirs, "folder with initdb and postgres for the sandbox")
      ->type_name("DIR");
  app.add_option("--sandbox-url", options.sandbox_url, "use databases on this server instead of a sandbox")
      ->type_name("URL");
}

namespace {

catalog::Database schema_of(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow rehearsal");
  return catalog::read(connection, {.sizes = false});
}

// Queries in the application's source code: the working tree is the next version where --deployed-revision
// says what is deployed, else the deployed one.
void add_code_queries(const RehearsalOptions& options, const catalog::Database& database,
                      rehearse::ApplicationOptions& out, rehearse::Rehearsal& rehearsal) {
  const auto scan = [&](const std::string& revision, const char* version) {
    const code::ScanResult found =
        code::scan(code::facts_of(database), {.root = options.code, .revision = revision});
    long long without = 0;
    for (const code::QuerySite& site : found.sites) {
      if (site.statement.empty())
        ++without;
      else
        out.queries.push_back({fmt::format("{}:{}", site.file, site.line), version, site.statement, 1});
    }
    if (without > 0)
      rehearsal.notes.push_back(
          fmt::format("{} of the {} version's code could not be tried: their statement is put together at "
                      "run time (contraflow queries lists them)",
                      count_of(without, "place"), version));
  };
  if (!options.deployed_revision.empty()) scan(options.deployed_revision, "deployed");
  scan("", options.deployed_revision.empty() ? "deployed" : "next");
}

std::vector<review::Finding> lint_findings(const rehearse::Migration& migration,
                                           const catalog::Database& database, int major) {
  if (migration.forward.needs_psql) return {};
  lint::Input input;
  input.file = migration.forward.items.front().file;
  input.layout = migration.layout;
  input.runner = migration.forward.one_transaction ? lint::Runner::wraps : lint::Runner::none;
  lint::CheckOptions check;
  check.majors = {std::clamp(major, lint::kOldestMajor, lint::kNewestMajor),
                  std::clamp(major, lint::kOldestMajor, lint::kNewestMajor)};
  check.schema = &database;
  std::vector<review::Finding> out;
  for (const lint::Finding& finding : lint::check({input}, check).findings) {
    const review::Severity severity = finding.severity == lint::Severity::error ? review::Severity::error
                                      : finding.severity == lint::Severity::warning
                                          ? review::Severity::warning
                                          : review::Severity::note;
    out.push_back({.rule = finding.rule->name,
                   .severity = severity,
                   .message = finding.message,
                   .fix = finding.fix,
                   .place = {finding.file, finding.line, finding.source_line},
                   .relation = finding.relation,
                   .column = finding.column});
  }
  return out;
}

rehearse::ApplicationOptions application_options(const RehearsalOptions& options,
                                                 const catalog::Database& database,
                                                 rehearse::Rehearsal& rehearsal) {
  rehearse::ApplicationOptions out;
  if (!options.code.empty())
    add_code_queries(options, database, out, rehearsal);
  else if (!options.deployed_revision.empty())
    throw Error(ErrorCode::usage, "--deployed-revision says which code is deployed",
                "give --code DIR as well");
  for (const std::string& from : options.queries) {
    std::vector<rehearse::AppQuery> more = rehearse::load_queries(from, "deployed");
    out.queries.insert(out.queries.end(), more.begin(), more.end());
  }
  for (const std::string& from : options.next_queries) {
    std::vector<rehearse::AppQuery> more = rehearse::load_queries(from, "next");
    out.queries.insert(out.queries.end(), more.begin(), more.end());
  }
  if (options.compare_naive && !options.traffic)
    throw Error(ErrorCode::usage, "--compare-naive compares traffic", "give --traffic as well");
  out.traffic = options.traffic;
  out.compare_naive = options.compare_naive;
  out.connections = options.connections;
  out.rate = options.rate;
  out.budget_ms = options.stall_budget;
  out.reader_holds = duration("--reader-holds", options.reader_holds);
  out.migration_budget = duration("--budget", options.budget);
  return out;
}

void rehearse_plan_folder(Context& context, const RehearsalOptions& options, rehearse::Rehearsal& out) {
  const plan::ReadPlan read = plan::read_folder(options.subject);
  const std::vector<plan::Mismatch> mismatches = plan::verify(options.subject, read);
  if (!mismatches.empty()) {
    throw Error(
        ErrorCode::refused,
        fmt::format("{} is not what plan.json says: {}", options.subject, plan::describe(mismatches.front())),
        fmt::format("contraflow plan --refresh {} takes the edit over", options.subject));
  }
  const plan::Plan& plan = read.plan;
  out.kind = "plan";
  out.rollback = "the plan's own";
  out.run_as = "the executor of contraflow apply";
  out.sets_lock_timeout = true;
  out.superuser = true;
  out.grade = plan::grade_name(plan.grade);
  for (const plan::Gate& gate : plan.gates)
    for (const std::string& condition : gate.conditions)
      out.gates.emplace_back(plan::phase_name(gate.before), condition);
  rehearse::ArenaOptions arena_choice = arena_options(context, options);
  arena_choice.superuser = true;  // the executor's own statements; owners must be as the plan was made with
  if (!arena_choice.major && plan.server_major > 0) arena_choice.major = plan.server_major;
  out.wanted_major = arena_choice.major.value_or(0);
  rehearse::Arena arena(arena_choice);
  out.major = arena.major();
  rehearse::Bases bases;
  if (!options.clone.empty()) {
    bases.empty = bases.filled = arena.load_clone(options.clone, options.clone_is_safe);
  } else if (!options.schema.empty()) {
    bases.empty = bases.filled = arena.load(options.schema);
  } else {
    // What comes before it in its own folder, as for a file.
    const fs::path folder = fs::absolute(options.subject).lexically_normal();
    const fs::path plan_folder = folder.has_filename() ? folder : folder.parent_path();
    std::string first;
    for (const auto& entry : fs::directory_iterator(plan_folder)) {
      const std::string name = entry.path().string();
      if (name.ends_with(".sql") && !name.ends_with(".rollback.sql") && (first.empty() || name < first))
        first = name;
    }
    try {
      bases.empty = bases.filled = arena.load(plan_folder.parent_path().string(), first);
    } catch (const Error& error) {
      throw Error(ErrorCode::usage,
                  fmt::format("what is the schema before the plan? The migrations before it do not say: {}",
                              error.message()),
                  "--schema SRC: what contraflow plan had as --from");
    }
  }
  const catalog::Database before = schema_of(bases.empty);
  const rehearse::ApplicationOptions application = application_options(options, before, out);
  const std::string hash = sha256(read_file(fs::path(options.subject) / "plan.json"));
  const std::set<catalog::ObjectId> to_fill = options.no_rows ? std::set<catalog::ObjectId>{} : rehearse::columns_to_fill(arena, bases, plan, hash, before);
  fill(arena, options, bases, before, out, context, to_fill);
  if (out.data.kind == "synthetic") {
    for (const catalog::ObjectId& column : to_fill) {
      out.notes.push_back(fmt::format("made-up rows hold a value in {}, as the plan asks of yours: SELECT count(*) FROM {} WHERE {} IS NULL", catalog::describe(column),
                                      sql::quote(sql::QualifiedName{column.schema, column.relation}), sql::quote_identifier(column.name)));
    }
  }
  rehearse::PlanOptions plan_options;
  plan_options.samples = !options.no_samples;
  if (!options.desired.empty()) plan_options.desired = arena.load(options.desired);
  {
    pg::Connection connection(bases.empty);
    out.server = connection.query("SELECT current_setting('server_version')").string(0, 0);
  }
  out.notes.insert(out.notes.end(), arena.notes().begin(), arena.notes().end());
  const auto progress = [&](const std::string& text) { context.console.progress(text); };
  rehearse::rehearse_plan(arena, bases, plan, hash, plan_options, out, progress);
  rehearse::application_beside_plan(arena, bases, plan, hash, application, out, progress);
}

}  // namespace

rehearse::Rehearsal run_rehearsal(Context& context, const RehearsalOptions& options,
                                  std::vector<review::Finding>* linted) {
  const auto begin = std::chrono::steady_clock::now();
  rehearse::Rehearsal out;
  out.subject = options.subject;
  if (fs::exists(fs::path(options.subject) / "plan.json")) {
    rehearse_plan_folder(context, options, out);
    context.console.progress("");
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return out;
  }
  const rehearse::Migration migration = rehearse::read_migration(options.subject, options.rollback);
  out.kind = "file";
  if (migration.rollback) out.rollback = migration.rollback->path;
  rehearse::FileOptions file_options;
  file_options.budget = duration("--budget", options.budget);
  file_options.samples = !options.no_samples;
  rehearse::Arena arena(arena_options(context, options));
  out.major = arena.major();
  out.wanted_major = options.server != 0 ? options.server : context.config.sandbox_major.value_or(0);
  rehearse::Bases bases;
  std::string said;
  bases.empty = bases.filled = load_before(arena, options, migration.forward.path, said);
  const catalog::Database before = schema_of(bases.empty);
  const rehearse::ApplicationOptions application = application_options(options, before, out);
  fill(arena, options, bases, before, out, context);
  {
    pg::Connection connection(bases.empty);
    out.server = connection.query("SELECT current_setting('server_version')").string(0, 0);
  }
  out.notes.insert(out.notes.end(), arena.notes().begin(), arena.notes().end());
  if (linted) *linted = lint_findings(migration, before, arena.major());
  arena.settle();
  const auto progress = [&](const std::string& text) { context.console.progress(text); };
  rehearse::rehearse_file(arena, bases, migration, file_options, out, progress);
  rehearse::application_beside_file(arena, bases, migration, application, out, progress);
  context.console.progress("");
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

}  // namespace contraflow::cli
