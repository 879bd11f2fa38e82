// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.h"
#include "base/utf8.h"
#include "plan/write_notes.h"

namespace contraflow::plan {
namespace {

Plan small_plan() {
  Plan plan;
  plan.name = "release";
  plan.server_major = 15;
  Step step;
  step.id = "expand.x";
  step.phase = Phase::expand;
  step.title = "add the second column for column public.users.a_rather_long_name_of_a_column_that_fills_the_line";
  step.forward.mode = Mode::brief;
  step.forward.statements = {"ALTER TABLE public.users ADD COLUMN a_rather_long_name_of_a_column_that_fills_the_line bigint", "DROP TRIGGER IF EXISTS zz_contraflow_sync ON public.users",
                             "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$\nbody\n$$", "CREATE TRIGGER zz_contraflow_sync BEFORE INSERT ON public.users"};
  step.effects = {{{"public", "users"}, effects::LockMode::access_exclusive, effects::Work::none}, {{"public", "users"}, effects::LockMode::access_exclusive, effects::Work::none}};
  plan.steps.push_back(step);
  step.phase = Phase::contract;
  step.grade = Grade::data;
  step.title = "drop it";
  step.forward.statements = {"DROP TABLE x"};
  plan.steps.push_back(step);
  plan.gates.push_back({Phase::contract, {"the next version of the application is deployed everywhere and works with the new shape"}});
  plan.notes = {"the contents of column public.users.a_rather_long_name_of_a_column_that_fills_the_line are lost from here on"};
  return plan;
}

TEST(TerminalOverview, SaysFirstWhatComesWhenAndFitsTheTerminal) {
  const std::string text = terminal_overview(small_plan(), 80, false);
  EXPECT_TRUE(text.starts_with("release  PostgreSQL 15, 2 steps, undo: exact\n  1 expand · gate · 1 contract\n")) << text;
  for (const std::string& line : split_lines(text)) EXPECT_LE(display_width(line), 80U) << line;
  EXPECT_NE(text.find("  drop it   ACCESS EXCLUSIVE on public.users; milliseconds\n      DROP TABLE x\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("DROP TRIGGER"), std::string::npos) << "it is made again at once";
  EXPECT_EQ(text.find("ACCESS EXCLUSIVE on public.users, ACCESS"), std::string::npos) << "a lock is named once";
  EXPECT_NE(text.find("\n3 contract   undo: data\n"), std::string::npos) << text;
}

TEST(TerminalOverview, HasColourOnlyWhereAsked) {
  EXPECT_EQ(terminal_overview(small_plan(), 80, false).find('\x1b'), std::string::npos);
  EXPECT_NE(terminal_overview(small_plan(), 80, true).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace contraflow::plan
