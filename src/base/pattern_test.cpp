// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <gtest/gtest.h>

namespace contraflow {
namespace {

TEST(MatchesPattern, TreatsStarAndQuestionMark) {
  EXPECT_TRUE(matches_pattern("public.users", "public.users"));
  EXPECT_TRUE(matches_pattern("public.users", "public.*"));
  EXPECT_TRUE(matches_pattern("public.users", "*.u*s"));
  EXPECT_TRUE(matches_pattern("abcabd", "*abd"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_TRUE(matches_pattern("p1", "p?"));
  EXPECT_FALSE(matches_pattern("public.users", "public"));
  EXPECT_FALSE(matches_pattern("public.users", "*.user"));
  EXPECT_FALSE(matches_pattern("p", "p?"));
  EXPECT_FALSE(matches_pattern("x", ""));
}

}  // namespace
}  // namespace contraflow
