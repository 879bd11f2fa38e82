// SPDX-License-Identifier: Apache-2.0
#include "sql/directive.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(Directive, ReadsNameArgumentsAndValues) {
  const auto found =
      directives_in(comments("-- contraflow: renamed-from \"User Name\"\n"
                             "-- an ordinary comment\n"
                             "select 1; --contraflow: backfill id=s3 fill='it''s new' \"a\"\"b\""));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "renamed-from");
  EXPECT_EQ(found[0].arguments, std::vector<std::string>{"\"User Name\""});
  EXPECT_EQ(found[1].line, 3);
  EXPECT_EQ(found[1].value("id"), "s3");
  EXPECT_EQ(found[1].value("fill"), "it's new");
  EXPECT_EQ(found[1].value("nothing"), std::nullopt);
  EXPECT_EQ(found[1].arguments.back(), "\"a\"\"b\"");
}

TEST(Directive, BlockCommentsAndEmptyOnes) {
  EXPECT_TRUE(directives_in(comments("/* contraflow: x */ -- contraflow is a word")).empty());
  const auto found = directives_in(comments("-- contraflow:"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "");
}

}  // namespace
}  // namespace contraflow::sql
