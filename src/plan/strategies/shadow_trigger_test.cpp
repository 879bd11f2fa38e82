// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/shadow_trigger.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace contraflow::plan {
namespace {

ShadowColumn renamed(const std::string& old_name, const std::string& name) {
  ShadowColumn out;
  out.id = catalog::column_id("public", "t", name);
  out.old_name = old_name;
  out.shadow_name = name;
  out.retired_name = old_name + "__retired";
  out.shadow_type = out.retired_type = "integer";
  out.up = old_name;
  out.down = name;
  out.shadow_wins = false;
  return out;
}

// A BEFORE trigger sees NULL in a generated column: its second name takes the expression, after the columns that this reads have their values.
TEST(SyncTrigger, ComputesTheSecondNameOfAGeneratedColumn) {
  ShadowColumn generated = renamed("g", "h");
  generated.computed = "(b * 2)";
  const std::vector<ShadowColumn> columns{generated, renamed("a", "b")};
  const std::string before = join(create_sync_triggers({{"public", "t"}}, columns, false), "\n");
  EXPECT_NE(before.find("NEW.h := "), std::string::npos) << before;
  EXPECT_EQ(before.find("NEW.g"), std::string::npos) << before;
  EXPECT_LT(before.rfind("NEW.b := "), before.find("NEW.h := ")) << before;
  EXPECT_NE(before.find("NEW.a", before.find("NEW.h := ")), std::string::npos) << before;
  const std::string after = join(create_sync_triggers({{"public", "t"}}, columns, true), "\n");
  EXPECT_NE(after.find("NEW.b", after.find("NEW.g__retired := ")), std::string::npos) << after;
  EXPECT_EQ(after.find("NEW.h"), std::string::npos) << after;
}

}  // namespace
}  // namespace contraflow::plan
