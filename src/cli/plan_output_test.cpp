// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_output.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/file.h"
#include "cli/run.h"
#include "plan/write_json.h"
#include "plan/write_sql.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

int run_quietly(const std::vector<std::string>& arguments) {
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  Console console(out, err);
  const int code = run(arguments, console);
  std::fclose(out);
  std::fclose(err);
  return code;
}

std::vector<std::string> entries(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename());
  return out;
}

// A plan folder of one step.
void write_plan_folder(const fs::path& folder) {
  plan::Plan plan;
  plan.name = "one";
  plan.server_major = 15;
  plan::Step step;
  step.id = "expand.add";
  step.title = "add a column";
  step.forward.mode = step.undo.mode = plan::Mode::brief;
  step.forward.statements = {"ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"};
  step.undo.statements = {"ALTER TABLE t DROP COLUMN IF EXISTS a"};
  plan.steps = {step};
  for (const auto& [file, text] : plan::sql_files(plan)) write_file(folder / file, text);
  write_file(folder / "plan.json", plan::plan_json(plan, "1"));
}

TEST(PlanOutput, AFolderThatHoldsSomethingStaysAsItIs) {
  const TemporaryFolder folder;
  write_plan_folder(folder.path() / "plan");
  write_file(folder.path() / "taken/mine.txt", "mine");
  EXPECT_EQ(run_quietly({"plan", "--from-plan", folder.path() / "plan", "--out", folder.path() / "taken"}), 2);
  EXPECT_EQ(entries(folder.path() / "taken"), std::vector<std::string>{"mine.txt"});
  EXPECT_EQ(entries(folder.path()).size(), 2U);
}

TEST(PlanOutput, WhereNothingCanBeWrittenNothingIsHalfWritten) {
  const TemporaryFolder folder;
  write_plan_folder(folder.path() / "plan");
  EXPECT_EQ(run_quietly({"plan", "--from-plan", folder.path() / "plan", "--out", "/proc/contraflow/plan"}), 3);
  write_file(folder.path() / "file", "mine");
  EXPECT_EQ(run_quietly({"plan", "--from-plan", folder.path() / "plan", "--out", folder.path() / "file/plan"}), 3);
  EXPECT_EQ(read_file(folder.path() / "file"), "mine");
  EXPECT_EQ(entries(folder.path()).size(), 2U);
}

TEST(PlanOutput, AnEditedFolderIsNotCopiedBeforeItIsRefreshed) {
  const TemporaryFolder folder;
  const fs::path plan = folder.path() / "plan";
  write_plan_folder(plan);
  write_file(plan / "1_expand.sql", read_file(plan / "1_expand.sql") + "-- mine\n");
  EXPECT_EQ(run_quietly({"plan", "--from-plan", plan, "--layout", "flyway", "--out", folder.path() / "flyway"}), 2);
  EXPECT_EQ(run_quietly({"plan", "--refresh", plan}), 0);
  EXPECT_EQ(run_quietly({"plan", "--from-plan", plan, "--layout", "flyway", "--out", folder.path() / "flyway"}), 0);
  EXPECT_EQ(entries(folder.path() / "flyway/1_expand").size(), 2U);
}

}  // namespace
}  // namespace contraflow::cli
