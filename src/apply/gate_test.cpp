// SPDX-License-Identifier: Apache-2.0
#include "apply/gate.h"

#include <gtest/gtest.h>

namespace contraflow::apply {
namespace {

plan::Plan contract_of(std::vector<std::string> statements) {
  plan::Plan plan;
  plan::Step step;
  step.phase = plan::Phase::contract;
  step.forward.statements = std::move(statements);
  plan.steps.push_back(step);
  return plan;
}

TEST(OldShape, IsWhatIsDroppedOrRenamedAwayAndNotGivenAgain) {
  const auto shape = old_shape(contract_of({"ALTER TABLE public.users RENAME COLUMN username TO user_name__retired", "ALTER TABLE public.users RENAME COLUMN user_name TO username",
                                            "ALTER TABLE public.\"Order Lines\" DROP COLUMN IF EXISTS \"Old Note\"", "DROP TABLE IF EXISTS public.gone", "ALTER TABLE ONLY public.a RENAME TO b",
                                            "ALTER TABLE public.t DROP COLUMN c, ADD COLUMN c int"}),
                               plan::Phase::contract);
  const std::vector<OldShape> expected{{{"public", "Order Lines"}, "Old Note", true}, {{"public", "a"}, "", false}, {{"public", "gone"}, "", true}, {{"public", "users"}, "user_name", false}};
  EXPECT_EQ(shape, expected);
}

TEST(OldShape, OtherPhasesAndOtherStatementsTakeNothing) {
  EXPECT_TRUE(old_shape(contract_of({"ALTER TABLE public.t ALTER COLUMN c SET NOT NULL", "DROP TRIGGER x ON public.t", "COMMENT ON TABLE public.t IS 'DROP TABLE public.t'"}), plan::Phase::contract).empty());
  EXPECT_TRUE(old_shape(contract_of({"DROP TABLE public.t"}), plan::Phase::purge).empty());
}

}  // namespace
}  // namespace contraflow::apply
