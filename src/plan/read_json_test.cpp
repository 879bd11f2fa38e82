// SPDX-License-Identifier: Apache-2.0
#include "plan/read_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "plan/layout.h"
#include "plan/refresh.h"
#include "plan/write_json.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

Action brief_action(std::string statement, std::string todo = {}) {
  Action action;
  action.mode = Mode::brief;
  action.statements = {std::move(statement)};
  action.todo = std::move(todo);
  return action;
}

// One step of every kind, names and texts that need quotes.
Plan every_kind() {
  const sql::QualifiedName users{"public", "Us\"ers; $sql$"};
  const std::string table = sql::quote(users);
  Plan plan;
  plan.name = "every kind";
  plan.server_major = 15;
  plan.from_fingerprint = "a";
  plan.to_fingerprint = "b";
  plan.grade = Grade::data;
  Step add{"expand.add", Phase::expand, "add a column", {users}, brief_action("ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS a text DEFAULT E'\\\\'", "1 = 1"), brief_action("ALTER TABLE " + table + " DROP COLUMN IF EXISTS a")};
  add.undo.mode = Mode::blocking;
  add.undo.small_tables = {users};
  add.undo_skips_large = true;
  add.effects = {{users, effects::LockMode::access_exclusive, effects::Work::none}};
  add.notes = {"a note"};
  Step index{"expand.index", Phase::expand, "build an index", {users}, {}, {}};
  index.forward.mode = index.undo.mode = Mode::concurrent;
  index.forward.statements = {"CREATE INDEX CONCURRENTLY i ON " + table + " (a)"};
  index.forward.builds_index = sql::QualifiedName{"public", "i"};
  index.forward.todo = "to_regclass('public.i') IS NULL";
  index.undo.statements = {"DROP INDEX CONCURRENTLY IF EXISTS public.i"};
  index.preconditions = {{"rows that it's about", "SELECT count(*) FROM " + table + " WHERE a = '$query$'", "mend them"}};
  index.undo_preconditions = {{"rows that cannot go back", "SELECT count(*) FROM " + table + " WHERE a = 'new'", "give them another value"}};
  Step fill{"backfill.fill", Phase::backfill, "fill the column", {users}, {}, {}};
  fill.forward.mode = Mode::batched;
  fill.forward.backfill = Backfill{users, {"Id"}, "a = 'x'", "a IS NULL"};
  fill.grade = Grade::data;
  plan.steps = {add, index, fill};
  plan.gates = {{Phase::backfill, {"the next version is deployed"}}};
  plan.notes = {"watch out"};
  plan.column_order = {table};
  return plan;
}

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return (error.location() ? std::to_string(error.location()->line) + ": " : "") + error.message();
  }
  return "no error";
}

std::string edited(std::string text, std::string_view from, std::string_view to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  return replace_all(text, from, to);
}

TEST(ReadJson, WritingWhatWasReadGivesTheSameText) {
  const std::string text = plan_json(every_kind(), "1.2.3");
  const ReadPlan read = read_json(text);
  EXPECT_EQ(read.layout, "psql");
  EXPECT_EQ(read.tool, "contraflow 1.2.3");
  EXPECT_EQ(plan_json(read.plan, "1.2.3"), text);
  EXPECT_EQ(read.hashes.size(), 4U);
}

TEST(ReadJson, ErrorsNameTheirPointer) {
  const std::string text = plan_json(every_kind(), "1");
  const auto error = [&](std::string_view from, std::string_view to) { return message_of([&] { read_json(edited(text, from, to)); }); };
  EXPECT_EQ(error("\"server_major\": 15", "\"server_major\": \"15\""), "plan.json at /server_major: expected a whole number, found string");
  EXPECT_EQ(error("\"mode\": \"batched\"", "\"mode\": \"batch\""),
            "plan.json at /phases/1/steps/0/forward/mode: \"batch\" is none of none, brief, scan, concurrent, batched, blocking");
  EXPECT_EQ(error("\"todo\": \"1 = 1\"", "\"toda\": \"1 = 1\""), "plan.json at /phases/0/steps/0/forward: unknown key \"toda\"");
  EXPECT_EQ(error("\"expand.index\"", "\"expand.add\""), "plan.json at /phases/0/steps/1: the id \"expand.add\" is there twice");
  EXPECT_EQ(error("\"format\": 1", "\"format\": 2"), "plan.json at /format: written by a newer contraflow");
  EXPECT_EQ(error("\"1_expand.sql\"", "\"../1_expand.sql\""), "plan.json at /phases/0/file: expected \"1_expand.sql\"");
  EXPECT_EQ(message_of([] { read_json("{\n  nonsense"); }), "2: plan.json is not JSON");
}

TEST(ReadJson, FollowsTheSchema) {
  const TemporaryFolder folder;
  write_file(folder.path() / "plan.json", plan_json(every_kind(), "1"));
  const Plan plan = every_kind();
  const std::string source = CONTRAFLOW_SOURCE_DIR;
  std::vector<std::string> command{"python3", source + "/tools/validate_json.py", source + "/docs/schemas/plan.schema.json", (folder.path() / "plan.json").string()};
  for (const std::string& name : layout_names()) {
    const Layout* layout = find_layout(name);
    if (layout == nullptr) continue;  // psql: the plan folder itself
    const std::string file = (folder.path() / (name + ".json")).string();
    write_file(file, plan_json(plan, "1", layout_files(plan, *layout, std::chrono::sys_seconds{}).sql, name));
    command.push_back(file);
  }
  EXPECT_EQ(command.size(), 4 + 9U);
  const ProcessResult result = run_process(command);
  if (result.exit_code == 77) GTEST_SKIP() << "SKIPPED: " << result.error_output;
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
}

TEST(Verify, NamesWhatIsNotThePlan) {
  const TemporaryFolder folder;
  const Plan plan = every_kind();
  for (const auto& [file, text] : sql_files(plan)) write_file(folder.path() / file, text);
  write_file(folder.path() / "plan.json", plan_json(plan, "1"));
  EXPECT_TRUE(verify(folder.path()).empty());
  write_file(folder.path() / "1_expand.sql", "SELECT 1;");
  std::filesystem::remove(folder.path() / "2_backfill.sql");
  write_file(folder.path() / "5_more.sql", "SELECT 1;");
  const std::vector<Mismatch> expected{{Mismatch::Kind::edited, "1_expand.sql"}, {Mismatch::Kind::missing, "2_backfill.sql"}, {Mismatch::Kind::unknown, "5_more.sql"}};
  EXPECT_EQ(verify(folder.path()), expected);
}

TEST(Refresh, FilesAsWrittenSayWhatThePlanSays) {
  const Plan plan = every_kind();
  ReadPlan read = read_json(plan_json(plan, "1"));
  const auto files = sql_files(plan);
  for (auto& [file, hash] : read.hashes) hash.clear();  // as if every file had been edited
  const Refreshed refreshed = refresh(read, files, "plan");
  EXPECT_EQ(plan_json(refreshed.plan, "1"), plan_json(plan, "1"));
  EXPECT_EQ(refreshed.changes.size(), 4U);
  for (const std::string& change : refreshed.changes) EXPECT_NE(change.find("comments or blanks only"), std::string::npos) << change;
}

TEST(Refresh, TakesStatementsFromTheFiles) {
  const Plan plan = every_kind();
  const ReadPlan read = read_json(plan_json(plan, "1"));
  auto files = sql_files(plan);
  files["1_expand.sql"] = edited(files["1_expand.sql"], "(a);", "(lower(a));");
  files["1_expand.sql"] = edited(files["1_expand.sql"], "coalesce(1 = 1,", "coalesce(2 = 2,");
  files["2_backfill.sql"] = edited(files["2_backfill.sql"], "a = 'x'", "a = 'y'");
  const Refreshed refreshed = refresh(read, files, "plan");
  EXPECT_EQ(refreshed.plan.steps[0].forward.todo, "2 = 2");
  EXPECT_TRUE(refreshed.plan.steps[1].forward.statements.front().ends_with("(lower(a))"));
  EXPECT_EQ(refreshed.plan.steps[2].forward.backfill->assignments, "a = 'y'");
  EXPECT_EQ(refreshed.changes.size(), 3U);
  const ReadPlan again = read_json(plan_json(refreshed.plan, "1", files, "psql"));
  EXPECT_TRUE(refresh(again, files, "plan").changes.empty());
}

TEST(Refresh, WhatBelongsToNoStepIsAnErrorWithItsPlace) {
  const Plan plan = every_kind();
  const ReadPlan read = read_json(plan_json(plan, "1"));
  const auto error = [&](std::string_view from, std::string_view to) {
    auto files = sql_files(plan);
    files["1_expand.sql"] = edited(files["1_expand.sql"], from, to);
    return message_of([&] { refresh(read, files, "plan"); });
  };
  const auto line_of = [&](std::string_view text) {
    const std::string file = sql_files(plan).at("1_expand.sql");
    const std::size_t at = file.find(text);
    return std::to_string(1 + std::count(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + ": ";
  };
  EXPECT_EQ(error("step \"expand.index\"", "step \"expand.indexes\""), line_of("-- contraflow: step \"expand.index\"") + "unknown step \"expand.indexes\"");
  EXPECT_EQ(error("-- contraflow: step \"expand.index\"", "-- step"), line_of("-- build an index") + "step \"expand.index\" has lost its directive");
  EXPECT_EQ(error("-- contraflow: step \"expand.add\"", "-- step"), line_of("-- add a column") + "step \"expand.add\" has lost its directive");
  EXPECT_EQ(error("SET statement_timeout = 0;", "DROP TABLE x;"), line_of("SET statement_timeout = 0;") + "a statement that belongs to no step");
}

}  // namespace
}  // namespace contraflow::plan
