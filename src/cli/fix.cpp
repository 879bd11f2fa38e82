// SPDX-License-Identifier: Apache-2.0
#include "cli/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/fingerprint.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "catalog/source_run.h"
#include "cli/align.h"
#include "cli/before.h"
#include "cli/check_sources.h"
#include "cli/fix_proof.h"
#include "cli/renames.h"
#include "cli/version.h"
#include "lint/gather.h"
#include "pg/connection.h"
#include "plan/write_json.h"
#include "plan/write_sql.h"
#include "rehearse/migration.h"
#include "rehearse/run.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

// FILE, or the last migration of a folder of them.
std::string migration_of(const std::string& subject) {
  std::error_code ignored;
  if (!fs::is_directory(subject, ignored)) return subject;
  if (fs::exists(fs::path(subject) / "plan.json")) throw Error(ErrorCode::usage, fmt::format("{} is a plan already", subject), "contraflow check and contraflow rehearse judge it");
  for (const char* name : {"up.sql", "migration.sql", "deploy.sql", "forward.sql"}) {
    if (fs::is_regular_file(fs::path(subject) / name, ignored)) return subject;
  }
  const catalog::Migrations migrations = catalog::read_migrations(*catalog::disk_files(), subject);
  return migrations.units.back().path;
}

// Errors of a migration that does not run at all: the file is what has to change.
[[noreturn]] void cannot_run(const rehearse::Failure& failure, const std::string& hint) {
  const Error error(ErrorCode::refused, "the migration does not run: " + failure.message(), hint, failure.sqlstate);
  throw failure.error.location() ? error.at(*failure.error.location()) : error;
}

class Fixer {
 public:
  Fixer(Context& context, const FixOptions& options) : context_(context), options_(options), loader_(load_options(context, options.choices)) {}

  Fix run() {
    const std::string path = migration_of(options_.subject);
    migration_ = rehearse::read_migration(path, options_.rollback);
    out_.file = migration_.forward.path;
    for (const auto& [why, place] : rehearse::forbidden_in(migration_.forward)) throw Error(ErrorCode::refused, fmt::format("{}:{}: {}", place.file, place.line, why), "take the statement out of the migration");
    load_before();
    find_unsafe(path);
    run_as_written();
    out_.safe = out_.fails.empty() && out_.rollback_fails.empty() &&
                std::none_of(out_.report.findings.begin(), out_.report.findings.end(), [](const lint::Finding& finding) { return finding.severity == lint::Severity::error; });
    if (out_.safe && !options_.force) return std::move(out_);
    read_after();
    make();
    return std::move(out_);
  }

 private:
  void say(const std::string& what) { context_.console.progress(what); }
  pg::Sandbox& sandbox() { return loader_.sandbox(from_.database.major()); }

  void load_before() {
    std::optional<int> major;
    if (options_.choices.server != 0) major = options_.choices.server;
    else if (context_.config.sandbox_major) major = context_.config.sandbox_major;
    const bool history = options_.schema.empty();
    catalog::Source source = catalog::recognise_source(history ? folder_before(out_.file) : options_.schema);
    if (history) source.before_file = out_.file;
    from_ = loader_.load(source, major);
    base_ = from_.conninfo;
    if (from_.live) {
      // Never touched: its schema is built again here, and the migration runs as whoever owns most of it.
      base_ = sandbox().create_database("before");
      pg::Connection connection(base_, "contraflow fix");
      std::vector<std::string> statements{"SET check_function_bodies = off", "SET search_path = ''"};
      catalog::append(statements, catalog::create_database(from_.database));
      catalog::run_statements(connection, statements);
      const std::string owner = main_owner(from_.database);
      if (load_options(context_, options_.choices).sandbox.url.empty() && owner != sandbox().user()) {
        const bool there = connection.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {owner}).rows() > 0;
        connection.execute(fmt::format("{} ROLE {} LOGIN SUPERUSER", there ? "ALTER" : "CREATE", sql::quote_identifier(owner)));
        user_ = owner;
      }
    }
    for (const std::string& note : from_.notes) context_.console.note("note: " + note);
  }

  void find_unsafe(const std::string& path) {
    const auto files = catalog::disk_files();
    std::vector<lint::Input> inputs;
    const auto gather = [&](const std::string& name) {
      for (lint::Input& input : lint::gather_file(*files, name).inputs) {
        const bool known = std::any_of(inputs.begin(), inputs.end(), [&](const lint::Input& other) { return other.file->name == input.file->name && other.rollback == input.rollback; });
        if (!known) inputs.push_back(std::move(input));
      }
    };
    if (path == "-") inputs = lint::gather_text("<stdin>", migration_.forward.items.front().file->text).inputs;
    else gather(out_.file);
    if (migration_.rollback && migration_.rollback->path != out_.file) gather(migration_.rollback->path);
    lint::CheckOptions check;
    const int major = std::clamp(from_.database.major(), lint::kOldestMajor, lint::kNewestMajor);
    check.majors = {major, major};
    check.schema = &from_.database;
    check.have_stats = !from_.database.sizes.empty();
    for (const auto& [name, size] : from_.database.sizes) check.stats[name] = {size.rows, size.bytes};
    out_.report = lint::check(inputs, check);
  }

  static std::string at(const rehearse::Place& place) { return fmt::format("{}:{}", place.file, place.line); }

  // As its runner would run it; where only that fails, statement by statement, which is what was meant.
  void run_as_written() {
    say("running the migration");
    const auto made = [&](const Error& error) {
      if (const std::string role = catalog::missing_role(error); !role.empty() && error.location()) to_.made_roles.emplace(role, *error.location());
    };
    ScriptRun first = run_on_copy(sandbox(), base_, user_, migration_.forward, false, made);
    meant_ = migration_.forward;
    said_ = what_is_said(migration_.forward, from_.database, from_.database);
    if (first.failure) {
      out_.fails = first.failure->message();
      out_.fails_at = at(first.failure->place);
      // 25001: it refuses to run inside a transaction; 55P04: a new enum value is used in the transaction that adds it.
      const bool form = first.failure->sqlstate == "25001" || first.failure->sqlstate == "55P04";
      if (!form) cannot_run(*first.failure, first.failure->error.hint().empty() ? "make it run first: contraflow rehearse shows how far it comes" : first.failure->error.hint());
      if (said_.takes_back) cannot_run(*first.failure, "it takes statements back (ROLLBACK, savepoints), so running it without its transaction would mean something else: take them out");
      for (auto i = said_.transaction.rbegin(); i != said_.transaction.rend(); ++i) meant_.items.erase(meant_.items.begin() + static_cast<std::ptrdiff_t>(*i));
      meant_.one_transaction = false;
      sandbox().drop_database(first.conninfo);
      first = run_on_copy(sandbox(), base_, user_, meant_, false, made);
      if (first.failure) cannot_run(*first.failure, "it fails outside of its transaction, too: make it run first");
    }
    after_ = first.conninfo;
    if (migration_.rollback && !migration_.rollback->empty()) {
      const ScriptRun back = run_on_copy(sandbox(), after_, user_, *migration_.rollback);
      if (back.failure) {
        out_.rollback_fails = back.failure->message();
        out_.rollback_fails_at = at(back.failure->place);
      }
      sandbox().drop_database(back.conninfo);
    }
  }

  void read_after() {
    pg::Connection connection(after_, "contraflow fix");
    catalog::ReadOptions read = load_options(context_, options_.choices).read;
    read.sizes = false;
    to_.database = catalog::read(connection, read);
    to_.default_owner = sandbox().user();
    to_.conninfo = after_;
    to_.bookkeeping = from_.bookkeeping;
  }

  void make() {
    align(from_, to_);
    require_roles(from_, to_);
    said_ = what_is_said(migration_.forward, from_.database, to_.database);
    RenameOptions renames;
    renames.requests = said_.renames;
    for (const std::string& text : options_.choices.renames) renames.requests.push_back(diff::parse_rename(text));
    renames.no_rename = true;  // what the migration drops and adds is no rename: it would say so
    renames.sandbox = [this]() -> pg::Sandbox& { return sandbox(); };
    const SettledRenames settled = settle_renames(from_.database, to_.database, renames);
    for (const diff::RenameRequest& request : said_.renames) out_.taken.push_back(fmt::format("{}: --rename {}={}", request.where, request.from, request.to));
    plan::Options choices = plan_options(options_.choices, settled.after(from_.database), to_.database, settled.renames);
    for (std::string& line : take_over(said_, settled.after(from_.database), to_.database, choices)) out_.taken.push_back(std::move(line));
    out_.said = said_;
    if (options_.data == "refuse") {
      for (const SaidStatement& statement : said_.data)
        out_.refusals.push_back(fmt::format("{}: {} cannot be carried over: {} ({}); {}", at(statement.place), statement.verb, statement.why, statement.place.statement, statement.todo));
    }
    if (settled.difference.empty() && settled.renames.empty()) {
      out_.no_change = true;
      return;
    }
    choices.renames = settled.renames;
    choices.extension_updates = extension_updates(settled.difference, from_.live ? from_ : to_);
    plan::Outcome outcome = plan::make_plan(settled.after(from_.database), to_.database, settled.difference, choices);
    out_.refusals.insert(out_.refusals.end(), outcome.refusals.begin(), outcome.refusals.end());
    if (!out_.refusals.empty()) return;
    outcome.plan.from_fingerprint = catalog::fingerprint(from_.database);
    outcome.plan.to_fingerprint = catalog::fingerprint(to_.database, {outcome.plan.column_order.begin(), outcome.plan.column_order.end()});
    for (const SaidStatement& statement : said_.data) outcome.plan.notes.push_back(fmt::format("{} ({}) changes rows and is no part of this plan: {}; {}", at(statement.place), statement.verb, statement.place.statement, statement.todo));
    for (const SaidStatement& statement : said_.left_out) outcome.plan.notes.push_back(fmt::format("{} ({}) is no part of this plan: {}", at(statement.place), statement.verb, statement.todo));
    out_.plan = std::move(outcome.plan);
    for (const diff::Rename& rename : settled.renames) {
      if (rename.from.kind == catalog::Kind::table) renamed_tables_[rename.to.schema + "." + rename.to.name] = rename.from.schema + "." + rename.from.name;
    }
    prove();
    if (!out_.refusals.empty()) return;
    const WrittenPlan written = write_plan_folder(context_, *out_.plan, options_.output);
    out_.folder = written.folder.string();
    out_.plan_json = written.json;
  }

  void prove() {
    const std::string json = plan::plan_json(*out_.plan, CONTRAFLOW_VERSION, plan::sql_files(*out_.plan), "psql");
    const FixArena arena{sandbox(), base_, after_, user_, from_.database};
    out_.proofs = prove_fix(arena, {meant_, *out_.plan, json, said_.data.empty(), !options_.choices.allow_blocking.empty(), renamed_tables_}, [this](const std::string& text) { say(text); });
    for (const rehearse::Proof& proof : out_.proofs) {
      if (proof.verdict != rehearse::Verdict::refuted || !proof.decisive) continue;
      out_.refusals.push_back(fmt::format("refuted: {}: {}{}{}", proof.claim, proof.reason, proof.details.empty() ? "" : "\n      ", join(proof.details, "\n      ")));
    }
  }

  Context& context_;
  const FixOptions& options_;
  catalog::SourceLoader loader_;
  rehearse::Migration migration_;
  rehearse::Script meant_;
  catalog::LoadedSource from_, to_;
  std::string base_, after_, user_;
  Said said_;
  std::map<std::string, std::string> renamed_tables_;
  Fix out_;
};

}  // namespace

Fix run_fix(Context& context, const FixOptions& options) {
  Fix out = Fixer(context, options).run();
  context.console.progress("");
  return out;
}

}  // namespace contraflow::cli
