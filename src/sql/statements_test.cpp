// SPDX-License-Identifier: Apache-2.0
#include "sql/statements.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow::sql {
namespace {

std::vector<std::string> texts(std::string_view script) {
  std::vector<std::string> out;
  for (const Statement& statement : split_statements(script)) out.push_back(statement.text);
  return out;
}

using Strings = std::vector<std::string>;

TEST(SplitStatements, KeepsPositionsAndComments) {
  const auto statements = split_statements("-- héad\nselect 'é;'; select 2 ; -- tail\n/* c */\n  select 3");
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].text, "select 'é;'");
  EXPECT_EQ(statements[0].line, 2);
  ASSERT_EQ(statements[0].comments.size(), 1U);
  EXPECT_EQ(statements[0].comments[0].text, "-- héad");
  EXPECT_EQ(statements[1].text, "select 2");
  EXPECT_EQ(statements[1].column, 14);
  EXPECT_EQ(statements[2].line, 4);
  EXPECT_EQ(statements[2].column, 3);
  ASSERT_EQ(statements[2].comments.size(), 1U) << "the comment behind a statement is not the next one's";
  EXPECT_EQ(statements[2].comments[0].text, "/* c */");
  EXPECT_FALSE(statements[2].terminated);
}

TEST(SplitStatements, DoesNotSplitInsideBodies) {
  EXPECT_EQ(texts("create function f() returns int as $$ begin; return 1; end $$ language plpgsql; select 1;")
                .size(),
            2U);
  EXPECT_EQ(texts("create rule r as on insert to t do (select 1; select 2); select 3").size(), 2U);
  EXPECT_EQ(texts("create function f(a int) returns int begin atomic select case when a = 1 then 2 end; "
                  "select 2; end; select 3")
                .size(),
            2U);
  EXPECT_EQ(texts("begin; select 1; end; commit").size(), 4U);
}

TEST(SplitStatements, PassesWhatDoesNotParse) {
  EXPECT_EQ(texts("selekt 1; alter table t add newer syntax; select 1"),
            (Strings{"selekt 1", "alter table t add newer syntax", "select 1"}));
  EXPECT_EQ(texts(";;  ; -- nothing\n"), Strings{});
  EXPECT_EQ(texts(""), Strings{});
}

TEST(SplitStatements, UnterminatedQuoteIsLocated) {
  try {
    split_statements("select 1;\nselect 'oops", "x.sql");
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->file, "x.sql");
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 8);
  }
}

TEST(Comments, AllInOrder) {
  const auto found = comments("select /* a\nb */ 1; -- c");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "/* a\nb */");
  EXPECT_EQ(found[1].line, 2);
  EXPECT_EQ(found[1].text, "-- c");
}

}  // namespace
}  // namespace contraflow::sql
