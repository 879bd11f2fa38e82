// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/code_schema.h"
#include "cli/command.h"
#include "cli/prisma_client.h"
#include "cli/soft_deletes.h"
#include "catalog/read.h"
#include "code/deleted_reads.h"
#include "code/prisma_drafts.h"
#include "code/prisma_words.h"
#include "pg/connection.h"
#include "plan/read_json.h"
#include "rehearse/arena.h"
#include "testgen/run.h"
#include "testgen/suite.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct TestsOptions {
  std::string plan, schema, out, suite, stack, code = ".";
  std::string reads = "found";
  std::vector<std::string> bindirs, exclude, include_deleted;
  bool run = false;
};

// The schema before the plan: what --schema says, else what the migrations before it in its folder make.
std::string load_before(rehearse::Arena& arena, const TestsOptions& options) {
  if (!options.schema.empty()) return arena.load(options.schema);
  const fs::path given = fs::absolute(options.plan).lexically_normal();
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  std::string first;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().string();
    if (name.ends_with(".sql") && !name.ends_with(".rollback.sql") && (first.empty() || name < first)) first = name;
  }
  try {
    return arena.load(folder.parent_path().string(), first);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, fmt::format("what is the schema before the plan? The migrations before it do not say: {}", error.message()),
                "--schema SRC: what contraflow plan had as --from");
  }
}

// Roles belong to a server, not to a schema: those that the plan grants to are made here, as they are where a source is loaded. A plan file may run twice.
std::string run_with_roles(rehearse::Arena& arena, const std::string& conninfo, const fs::path& file) {
  std::string why = testgen::run_plan_file(conninfo, file);
  for (std::string last; !why.empty() && why != last && arena.supply(Error(ErrorCode::refused, why, {}, "42704"));) {
    last = why;
    why = testgen::run_plan_file(conninfo, file);
  }
  return why;
}

// The schema after the plan is what its files make: tried before any test is written, so that a plan that fails is told of.
std::string run_whole_plan(const TestsOptions& options, const plan::Plan& plan, rehearse::Arena& arena, const std::string& base) {
  std::string desired = arena.sandbox().create_database("desired", base);
  for (const plan::Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty()) continue;
    const fs::path file = fs::path(options.plan) / fmt::format("{}_{}.sql", static_cast<int>(phase) + 1, plan::phase_name(phase));
    if (const std::string why = run_with_roles(arena, desired, file); !why.empty())
      throw Error(ErrorCode::refused, "the plan does not run on this schema: " + why, "--schema SRC: what contraflow plan had as --from");
  }
  return desired;
}

// What the code base reads of the tables that get a soft delete.
struct CodeBase {
  std::vector<testgen::CodeRead> reads;
  std::string extension;  // the file of the client extension, from the root of the code base
  std::string note;
};

CodeBase read_code(const Context& context, const TestsOptions& options, pg::Connection& before, pg::Connection& desired) {
  CodeBase out;
  const catalog::Database from = catalog::read(before, {.sizes = false}), to = catalog::read(desired, {.sizes = false});
  code::SchemaFacts facts = code::facts_of(to);
  const std::optional<prisma::Schema> models = find_prisma_schema(options.code);
  if (models) code::add_models(facts, *models);
  code::PatchOptions patch;
  patch.soft_deletes = soft_deletes(from, to, facts, models);
  if (patch.soft_deletes.empty()) return out;
  bool known = false;  // to schema.prisma
  for (code::SoftDelete& one : patch.soft_deletes) {
    if (!one.field.empty()) known = true;
    if (one.field.empty()) one.field = one.model.empty() ? one.column : code::camel(one.column, false);
    for (code::Model& model : facts.models) {
      if (model.table == one.table && model.field(one.field) == nullptr) model.fields.push_back({.name = one.field, .column = one.column, .relation = {}, .relation_name = {}, .relation_fields = {}});
    }
  }
  patch.include_deleted = options.include_deleted;
  patch.include_deleted.insert(patch.include_deleted.end(), context.config.include_deleted.begin(), context.config.include_deleted.end());
  patch.extension = std::any_of(patch.soft_deletes.begin(), patch.soft_deletes.end(), [](const code::SoftDelete& one) { return !one.model.empty(); });
  code::ScanOptions scan;
  scan.root = options.code;
  scan.exclude = options.exclude;
  scan.exclude.emplace_back("*/migrations/*");
  const code::ReadsAs as = options.reads == "written" || (options.reads == "found" && known) ? code::ReadsAs::written : options.reads == "patched" ? code::ReadsAs::patched
                                                                                                                                                   : code::ReadsAs::found;
  const code::DeletedReads found = code::find_deleted_reads(facts, scan, patch, as);
  for (const code::DeletedRead& read : found.reads) {
    const auto one = std::find_if(patch.soft_deletes.begin(), patch.soft_deletes.end(), [&](const code::SoftDelete& s) { return s.table == read.table; });
    testgen::CodeRead made{.place = fmt::format("{}:{}", read.file, read.line), .function = read.function, .table = read.table, .column = one->column, .statement = read.statement, .reason = read.reason, .sees_deleted = read.sees_deleted, .texts = {}, .parameters = {}};
    // The client that is generated from an unpatched schema does not know the field; an admin's client is another one.
    const bool by_client = found.patched && known && !read.sees_deleted;
    if (by_client) {
      made.texts = read.texts;
      made.parameters = read.parameters;
    }
    out.reads.push_back(std::move(made));
  }
  if (found.patched && known) out.extension = found.extension;
  if (!out.reads.empty() && !found.patched) out.note = "the code base does not name the column yet: its reads are tested as contraflow orm writes them (--reads written: as they stand)";
  if (!out.reads.empty() && options.reads == "found" && found.patched)
    out.note = fmt::format("{} has the soft delete already: the reads of the code base are tested as they stand (--reads patched: as contraflow orm writes them)", known ? "schema.prisma" : found.evidence);
  return out;
}

nlohmann::ordered_json as_json(const std::vector<testgen::FileRun>& runs) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const testgen::FileRun& run : runs)
    out.push_back({{"state", run.state}, {"file", run.file}, {"passed", run.passed}, {"failures", run.failures}, {"broken", run.broken.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(run.broken)}});
  return out;
}

std::string as_text(const std::vector<testgen::FileRun>& runs) {
  std::string out;
  long long passed = 0, failed = 0;
  for (const testgen::FileRun& run : runs) {
    passed += run.passed;
    failed += static_cast<long long>(run.failures.size()) + (run.broken.empty() ? 0 : 1);
    out += fmt::format("{}  {:<22} {:<16} {} passed{}\n", run.green() ? "ok  " : "FAIL", run.state, run.file, run.passed,
                       run.failures.empty() ? "" : fmt::format(", {} failed", run.failures.size()));
    for (const std::string& failure : run.failures) out += indent(failure, 8) + "\n";
    if (!run.broken.empty()) out += indent(run.broken, 8) + "\n";
  }
  return out + fmt::format("{}, {} failed\n", count_of(passed, "test passed", "tests passed"), failed);
}

// The stack that is asked for, else that of the suite, else the code base's own. A suite that stands nowhere in the project gets its packages by a link.
std::unique_ptr<testgen::Stack> stack_of(Context& context, TestsOptions& options, const fs::path& suite, const std::string& extension) {
  if (options.stack.empty() && !options.suite.empty()) options.stack = fs::exists(suite / "vitest.config.ts") ? "vitest" : "pgtap";
  if (options.stack == "pgtap") return testgen::pgtap_stack();
  const std::optional<VitestPlace> place = find_vitest(options.code);
  // Not installed: a suite that cannot run here is no choice to make for somebody.
  if (!place || (options.stack.empty() && !fs::exists(place->root / "node_modules" / ".bin" / "vitest"))) {
    if (options.stack == "vitest")
      throw Error(ErrorCode::usage, fmt::format("--stack vitest: {} has no schema.prisma with a package.json above it that depends on vitest", options.code == "." ? "this folder" : options.code),
                  "--code DIR names the code base; npm install --save-dev vitest @prisma/adapter-pg");
    options.stack = "pgtap";
    return testgen::pgtap_stack();
  }
  if (options.stack.empty()) context.console.note(fmt::format("note: for Vitest and the client of {}; --stack pgtap writes SQL", place->schema_file.lexically_relative(fs::absolute(options.code).lexically_normal()).generic_string()));
  options.stack = "vitest";
  if (!options.suite.empty() || options.out.empty()) {
    std::error_code there_already;
    fs::create_directory_symlink(fs::absolute(place->root / "node_modules"), suite / "node_modules", there_already);
  }
  const fs::path root = fs::absolute(options.code).lexically_normal(), suite_folder = fs::absolute(suite).lexically_normal();
  std::string softened = extension.empty() ? "" : (root / extension).replace_extension().lexically_relative(suite_folder).generic_string();
  if (!softened.empty() && !softened.starts_with(".")) softened = "./" + softened;
  return testgen::vitest_stack({.root = place->root, .client = client_import(place->schema, root, suite_folder / "contraflow.ts"), .extension = softened});
}

int run_tests(Context& context, TestsOptions options, const std::string& format) {
  options.schema = named_source(context, options.schema);
  const plan::ReadPlan read = plan::read_folder(options.plan);
  if (read.layout != "psql")
    throw Error(ErrorCode::usage, fmt::format("{} is in the layout {}: tests are written for plans in the layout psql", options.plan, read.layout), "contraflow plan --layout psql with the same sources");
  const std::vector<plan::Mismatch> mismatches = plan::verify(options.plan, read);
  if (!mismatches.empty()) {
    // A suite that was written before is how one finds out whether an edit is right.
    if (options.suite.empty())
      throw Error(ErrorCode::refused, fmt::format("{} is not what plan.json says: {}", options.plan, plan::describe(mismatches.front())),
                  fmt::format("contraflow plan --refresh {} takes the edit over; --suite DIR --run tests it by tests that were written before it", options.plan));
    context.console.note(fmt::format("{} was edited: {}", options.plan, plan::describe(mismatches.front())));
  }
  rehearse::ArenaOptions choice;  // no --sandbox-url: pg_prove and psql would need its password in their arguments
  choice.sandbox.bindirs = options.bindirs;
  choice.sandbox.bindirs.insert(choice.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  choice.sandbox.settings = context.config.sandbox_settings;
  choice.superuser = true;
  choice.major = read.plan.server_major > 0 ? std::optional(read.plan.server_major) : context.config.sandbox_major;
  choice.progress = [&context](const std::string& text) { context.console.progress(text); };
  rehearse::Arena arena(choice);
  const std::string base = load_before(arena, options);
  std::optional<TemporaryFolder> temporary;
  if (options.suite.empty() && options.out.empty()) temporary.emplace("contraflow-tests");
  fs::path suite = temporary ? temporary->path() : fs::path(options.suite.empty() ? options.out : options.suite);
  std::optional<pg::Connection> before, desired;
  CodeBase code_base;
  if (options.suite.empty()) {
    const std::string after = run_whole_plan(options, read.plan, arena, base);
    before.emplace(arena.sandbox().create_database("rows", base), "contraflow tests");
    desired.emplace(after, "contraflow tests");
    code_base = read_code(context, options, *before, *desired);
  }
  const std::unique_ptr<testgen::Stack> stack = stack_of(context, options, suite, code_base.extension);
  if (options.run) stack->require(arena.sandbox(), base);

  nlohmann::ordered_json report{{"plan", options.plan}, {"stack", options.stack}};
  if (options.suite.empty()) {
    const testgen::Suite made = testgen::make_suite(*stack, read.plan, *before, *desired, code_base.reads);
    before.reset();
    desired.reset();
    if (!code_base.note.empty()) context.console.note("note: " + code_base.note);
    if (temporary) {
      for (const auto& [name, text] : made.files) write_file(suite / name, text);
    } else {
      NewFolder folder(options.out);
      for (const auto& [name, text] : made.files) folder.write(name, text);
      folder.publish();
      context.console.note(fmt::format("wrote {}: {} in {}", options.out, count_of(made.tests, "test"), count_of(made.test_files, "file")));
    }
    for (const std::string& note : made.notes) context.console.note("not tested: " + note);
    report["tests"] = made.tests;
    report["not_tested"] = made.notes;
  }
  std::vector<testgen::FileRun> runs;
  if (options.run) {
    const testgen::RunFile run_file = [&](const std::string& conninfo, const fs::path& file) { return run_with_roles(arena, conninfo, file); };
    runs = testgen::run_suite(*stack, arena.sandbox(), base, read.plan, options.plan, suite, run_file, choice.progress);
    context.console.progress("");
    report["runs"] = as_json(runs);
  }
  if (format == "json")
    context.console.print(report.dump(2) + "\n");
  else if (options.run)
    context.console.print(as_text(runs));
  // Nothing that ran says nothing: a suite of skipped tests is no proof.
  const bool any = std::any_of(runs.begin(), runs.end(), [](const testgen::FileRun& run) { return run.passed > 0; });
  if (options.run && !any) context.console.warning("no test ran: the plan is not shown to be right");
  const bool green = (any || !options.run) && std::all_of(runs.begin(), runs.end(), [](const testgen::FileRun& run) { return run.green(); });
  return green ? 0 : static_cast<int>(ErrorCode::refused);
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<TestsOptions>();
  app.add_option("plan", options->plan, "plan folder")->required()->type_name("PLAN");
  app.add_option("--schema", options->schema,
                 "schema before the plan: connection string, SQL file, migrations folder, git:REV:PATH (default: the migrations before it in its folder)")
      ->type_name("SOURCE");
  auto* out = app.add_option("--out", options->out, "folder to write the tests to; it must not exist yet")->type_name("DIR");
  app.add_option("--suite", options->suite, "run the tests of this folder, written before, instead of new ones")->type_name("DIR")->excludes(out);
  app.add_option("--stack", options->stack, "what the tests are written for")->check(CLI::IsMember(std::vector<std::string>{"pgtap", "vitest"}))->default_str("what the code base has, else pgtap");
  app.add_option("--code", options->code, "root of the code base: its reads of tables with soft delete are tested; for Vitest its Prisma client is used")->type_name("DIR")->default_str(".");
  app.add_option("--reads", options->reads, "how the code base's reads are tested: as they are written, as contraflow orm patches them, or (found) as they are written where the code names the column already, else patched")
      ->check(CLI::IsMember(std::vector<std::string>{"found", "written", "patched"}))
      ->default_str("found");
  app.add_option("--include-deleted", options->include_deleted, "code that goes on to see deleted rows: a path pattern such as **/admin/** (repeatable; also [code] include_deleted)")->type_name("PATTERN");
  app.add_option("--exclude", options->exclude, "leave out code in files that match this pattern with * (repeatable)")->type_name("PATTERN");
  app.add_flag("--run", options->run, "run them on a sandbox: before the plan, after each phase, and after the rollback from each");
  app.add_option("--pg-bindir", options->bindirs, "folder with initdb and postgres for the sandbox; repeatable")->type_name("DIR");
  const auto format = add_format_option(app, {"text", "json"});
  return [options, format](Context& context) {
    if (options->out.empty() && !options->run) throw Error(ErrorCode::usage, "where to?", "--out DIR writes the tests, --run runs them, both do both");
    if (!options->suite.empty() && !options->run) throw Error(ErrorCode::usage, "--suite DIR names tests to run", "give --run as well");
    return run_tests(context, *options, *format);
  };
}

}  // namespace

extern const Command tests_command;
const Command tests_command{
    "tests", "write a plan's integration tests, and run them",
    "pgTAP files, or Vitest files over Prisma's client, for the state before the plan and after each phase, on rows made for them: old rows keep their contents, defaults, what constraints and enums take and "
    "refuse from which phase on, columns that stand beside each other stay in step, soft deletes, what views, functions, triggers, policies, privileges, partitions, sequences and publications do, the way back. Reads of the code base that are keyed as a login is run as they stand in it (or as `contraflow orm` patches them): they find nothing of a deleted user, admin reads still do. --run needs pg_prove and the extension pgtap, or the project's packages installed and its client generated. Exit 1 where a test fails, or none ran.",
    "contraflow tests db/migrations/20260408120000_add_tier --schema schema.sql --out tests/add_tier\n"
    "contraflow tests db/migrations/20260408120000_add_tier --schema schema.sql --run\n"
    "contraflow tests db/migrations/20260408120000_add_tier --stack vitest --out tests/add_tier\n"
    "contraflow tests plan --schema schema.sql --suite tests/add_tier --run --format json    # tests that were written, and perhaps edited, before",
    add_options};

}  // namespace contraflow::cli
