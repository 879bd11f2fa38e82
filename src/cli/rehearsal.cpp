// SPDX-License-Identifier: Apache-2.0
#include "cli/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/read.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "cli/code_schema.h"
#include "cli/rehearsal_parts.h"
#include "lint/check.h"
#include "pg/connection.h"
#include "pg/row_values.h"
#include "plan/read_json.h"
#include "rehearse/application.h"
#include "rehearse/arena.h"
#include "rehearse/migration.h"
#include "rehearse/rehearse_file.h"
#include "rehearse/rehearse_plan.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

catalog::Database schema_of(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow rehearsal");
  return catalog::read(connection, {.sizes = false});
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

// Locks, rewrites and syntax differ from major to major.
void say_another_major(int used, rehearse::Rehearsal& out) {
  if (out.wanted_major == 0 || out.wanted_major == used) return;
  out.notes.push_back(fmt::format("rehearsed on PostgreSQL {}, because {} is not installed here (apt-get install postgresql-{}, or --pg-bindir): what a statement locks and rewrites can differ between them", used,
                                  out.wanted_major, out.wanted_major));
}

void rehearse_plan_in(rehearse::Arena& arena, Context& context, const RehearsalOptions& options, const plan::Plan& plan,
                      rehearse::Rehearsal& out) {
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
  say_another_major(arena.major(), out);
  try {
    rehearse_plan_in(arena, context, options, plan, out);
  } catch (const Error& error) {
    explain_full_disk(arena, error);
    throw;
  }
}

void rehearse_file_in(rehearse::Arena& arena, Context& context, const RehearsalOptions& options,
                      const rehearse::Migration& migration, const rehearse::FileOptions& file_options,
                      rehearse::Rehearsal& out, std::vector<review::Finding>* linted) {
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
}

rehearse::Rehearsal rehearse_subject(Context& context, const RehearsalOptions& given, std::vector<review::Finding>* linted) {
  RehearsalOptions options = given;
  options.schema = named_source(context, given.schema);
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
  file_options.programs = options.allow_programs;
  const rehearse::ArenaOptions arena_choice = arena_options(context, options);
  rehearse::Arena arena(arena_choice);
  out.major = arena.major();
  out.wanted_major = arena_choice.major.value_or(0);
  say_another_major(arena.major(), out);
  try {
    rehearse_file_in(arena, context, options, migration, file_options, out, linted);
  } catch (const Error& error) {
    explain_full_disk(arena, error);
    throw;
  }
  context.console.progress("");
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

}  // namespace

rehearse::Rehearsal run_rehearsal(Context& context, const RehearsalOptions& options, std::vector<review::Finding>* linted) {
  if (!options.no_samples) return rehearse_subject(context, options, linted);
  pg::withhold_row_values();
  try {
    return rehearse_subject(context, options, linted);
  } catch (const Error& error) {
    // The line of a dump's INSERT or COPY that the server refused.
    if (!error.location()) throw;
    throw error.at({error.location()->file, error.location()->line, error.location()->column, ""});
  }
}

}  // namespace contraflow::cli
