// SPDX-License-Identifier: Apache-2.0
#include "sql/parse_tree.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow::sql {
namespace {

TEST(Parse, GivesTheTypedTree) {
  const ParseTree tree = parse("alter table users add column age int; select 1");
  ASSERT_EQ(tree.size(), 2U);
  ASSERT_EQ(tree.node(0).node_case, PG_QUERY__NODE__NODE_ALTER_TABLE_STMT);
  EXPECT_STREQ(tree.node(0).alter_table_stmt->relation->relname, "users");
}

TEST(Parse, ErrorsAreLocated) {
  try {
    parse("select 1;\nsélect 2 frm", "m.sql");
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 1);
    EXPECT_EQ(error.message(), "syntax error at or near \"sélect\"");
  }
}

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Parse, DeepNestingIsAnErrorNotACrash) {
  for (const std::string& sql :
       {"select 1" + repeat("+1", 20'000), "select " + repeat("(", 3'000) + "1" + repeat(")", 3'000),
        "select 1, 2" + repeat(" union all select 1, 2", 20'000),
        "select " + repeat("not ", 20'000) + "true"}) {
    try {
      parse(sql);
      FAIL() << sql.substr(0, 40);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      ASSERT_TRUE(error.location());
      EXPECT_GT(error.location()->column, 1'000);
    }
  }
}

TEST(Parse, LongFlatListsAreNoNesting) {
  EXPECT_EQ(parse("insert into t values (1, 'a+b')" + repeat(", (2 + 3, 'c')", 20'000)).size(), 1U);
  EXPECT_EQ(parse("select * from t where a = 1" + repeat(" or a = 2", 5'000)).size(), 1U);
  EXPECT_EQ(parse("select case" + repeat(" when a = 1 then 'x'", 5'000) + " end").size(), 1U);
  EXPECT_EQ(parse("select 1" + repeat(" union all select 1", 700)).size(), 1U);
  EXPECT_EQ(parse(repeat("alter table t add column a int;", 5'000)).size(), 5'000U);
}

TEST(Walk, VisitsEveryMessage) {
  const ParseTree tree = parse("select a from t where b in (select c from u)");
  int columns = 0;
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    columns += message.descriptor == &pg_query__column_ref__descriptor ? 1 : 0;
    return true;
  });
  EXPECT_EQ(columns, 3);
}

}  // namespace
}  // namespace contraflow::sql
