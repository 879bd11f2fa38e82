// SPDX-License-Identifier: Apache-2.0
#include "plan/make_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "diff/diff.h"

namespace contraflow::plan {
namespace {

TEST(MakePlan, TakesExactlyOneExpression) {
  const catalog::Database empty;
  const auto fill = [&](const std::string& expression) {
    Options options;
    options.fill["public.users.email"] = expression;
    make_plan(empty, empty, diff::compare(empty, empty), options);
  };
  EXPECT_NO_THROW(fill("lower(name) || '@example.com'"));
  EXPECT_NO_THROW(fill("(SELECT max(a) FROM public.b)"));
  for (const char* bad : {"", "1, 2", "1; DROP TABLE users", "'a'); DROP TABLE users; --", "a) + (b", "1 -- one", "1 /*", "SELECT 1", "1 FROM users"}) EXPECT_THROW(fill(bad), Error) << bad;
}

}  // namespace
}  // namespace contraflow::plan
