// SPDX-License-Identifier: Apache-2.0
#include "cli/rehearsal.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/read.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "pg/connection.h"
#include "rehearse/arena.h"
#include "rehearse/migration.h"
#include "rehearse/rehearse_file.h"
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
    throw Error(ErrorCode::usage, fmt::format("{} {}: expected a duration", option, text), "for instance 90s, 500ms or 5min");
  return std::chrono::milliseconds(static_cast<long long>(number * factor));
}

rehearse::ArenaOptions arena_options(Context& context, const RehearsalOptions& options) {
  rehearse::ArenaOptions out;
  out.sandbox.url = options.sandbox_url.empty() ? context.config.sandbox_url : options.sandbox_url;
  out.sandbox.bindirs = options.bindirs;
  out.sandbox.bindirs.insert(out.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  out.sandbox.settings = context.config.sandbox_settings;
  if (options.server != 0) out.major = options.server;
  else if (context.config.sandbox_major) out.major = context.config.sandbox_major;
  out.superuser = options.superuser;
  out.progress = [&context](const std::string& text) { context.console.progress(text); };
  return out;
}

// The schema before a file: what --schema says, else what the migrations before it in its folder make.
std::string load_before(rehearse::Arena& arena, const RehearsalOptions& options, const std::string& file, std::string& said) {
  if (!options.schema.empty()) {
    said = options.schema;
    return arena.load(options.schema);
  }
  const fs::path path(file);
  fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (path.filename() == "up.sql" || path.filename() == "migration.sql") folder = folder.has_parent_path() ? folder.parent_path() : fs::path("..");
  if (file == "-") throw Error(ErrorCode::usage, "what is the schema before the migration?", "--schema SRC: an SQL file, a folder of migrations, a connection string, git:REV:PATH");
  said = fmt::format("the migrations before it in {}", folder.string());
  return arena.load(folder.string(), file);
}

void fill(rehearse::Arena& arena, const RehearsalOptions& options, rehearse::Bases& bases, rehearse::Rehearsal& out, Context& context) {
  std::optional<rehearse::Statistics> statistics;
  if (!options.statistics.empty()) statistics = rehearse::parse_statistics(read_text_file(options.statistics), options.statistics);
  {
    pg::Connection connection(bases.empty, "contraflow rows");
    out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  }
  out.data.kind = out.data.tables.empty() ? "none" : "own";
  if (options.no_rows) return;
  const catalog::Database database = [&] {
    pg::Connection reader(bases.empty, "contraflow rows");
    return catalog::read(reader, {.sizes = false});
  }();
  rehearse::RowsWanted wanted;
  for (const std::string& text : options.rows) wanted.tables.insert(rehearse::parse_rows(text, database));
  wanted.others = options.rows_per_table;
  wanted.scale = options.scale;
  if (statistics) wanted.statistics = &*statistics;
  bases.filled = arena.sandbox().create_database("rows", bases.empty);
  const auto progress = [&context](const std::string& text) { context.console.progress(text); };
  pg::Connection connection(bases.filled, "contraflow rows");
  rehearse::make_rows(connection, database, wanted, out.data, progress);
  out.data.tables = rehearse::tables_with_rows(connection, statistics ? &*statistics : nullptr);
  if (!out.data.tables.empty()) out.data.kind = "synthetic";
}

}  // namespace

void add_rehearsal_options(CLI::App& app, RehearsalOptions& options) {
  app.add_option("subject", options.subject, "plan folder, or the file (or folder) of one migration; - for standard input")->required()->type_name("PLAN|FILE");
  app.add_option("--schema", options.schema, "schema before the migration: connection string, SQL file, migrations folder, git:REV:PATH (default: the migrations before it in its folder)")->type_name("SOURCE");
  app.add_option("--rollback", options.rollback, "file that goes back (default: found beside the migration, or in it)")->type_name("FILE");
  app.add_option("--rows", options.rows, "made-up rows of a table: users=1e6; repeatable")->type_name("TABLE=NUMBER");
  app.add_option("--rows-per-table", options.rows_per_table, "made-up rows of every other empty table")->type_name("NUMBER")->default_str("5");
  app.add_flag("--no-rows", options.no_rows, "make up no rows");
  app.add_option("--statistics", options.statistics, "what contraflow snapshot wrote: rows are made up to match, durations scaled to production")->type_name("FILE");
  app.add_option("--scale", options.scale, "share of production's rows to make up, with --statistics")->type_name("NUMBER")->default_str("0.01");
  app.add_option("--budget", options.budget, "longest time for one run of the migration; then it is cancelled")->type_name("DURATION")->default_str("120s");
  app.add_flag("--superuser", options.superuser, "run the migration as superuser of the sandbox (default: as an ordinary owner, lifted for statements that need it)");
  app.add_option("--server", options.server, "PostgreSQL major of the sandbox")->type_name("MAJOR");
  app.add_option("--pg-bindir", options.bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", options.sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
}

rehearse::Rehearsal run_rehearsal(Context& context, const RehearsalOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  rehearse::Rehearsal out;
  out.subject = options.subject;
  const rehearse::Migration migration = rehearse::read_migration(options.subject, options.rollback);
  out.kind = "file";
  if (migration.rollback) out.rollback = migration.rollback->path;
  rehearse::FileOptions file_options;
  file_options.budget = duration("--budget", options.budget);
  rehearse::Arena arena(arena_options(context, options));
  out.major = arena.major();
  out.wanted_major = options.server != 0 ? options.server : context.config.sandbox_major.value_or(0);
  rehearse::Bases bases;
  std::string said;
  bases.empty = bases.filled = load_before(arena, options, migration.forward.path, said);
  fill(arena, options, bases, out, context);
  {
    pg::Connection connection(bases.empty);
    out.server = connection.query("SELECT current_setting('server_version')").string(0, 0);
  }
  out.notes.insert(out.notes.end(), arena.notes().begin(), arena.notes().end());
  arena.settle();
  rehearse::rehearse_file(arena, bases, migration, file_options, out, [&](const std::string& text) { context.console.progress(text); });
  context.console.progress("");
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

}  // namespace contraflow::cli
