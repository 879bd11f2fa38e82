// SPDX-License-Identifier: Apache-2.0
#include "sql/expression.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow::sql {
namespace {

TEST(ColumnsIn, NamesReferencesAndNothingElse) {
  const auto found = columns_in("lower(email) || 'email' || public.users.\"Name\"::email -- email");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].column, "email");
  EXPECT_EQ(found[0].offset, 6U);
  EXPECT_EQ(found[1].schema, "public");
  EXPECT_EQ(found[1].relation, "users");
  EXPECT_EQ(found[1].column, "Name");
}

TEST(ColumnsIn, MarksSubqueriesAndWholeRows) {
  const auto found = columns_in("a = (select b from t where c) and row(u.*) is not null");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_FALSE(found[0].in_subquery);
  EXPECT_TRUE(found[1].in_subquery);
  EXPECT_TRUE(found[2].in_subquery);
  EXPECT_EQ(found[3].column, "*");
}

TEST(ColumnsIn, RefusesWhatIsNotOneExpression) {
  for (const char* bad :
       {"1, 2", "1; drop table t", "a from t", "", "a b", "1 union select 2", "a) + (b", "1 into x"}) {
    EXPECT_THROW(columns_in(bad), Error) << bad;
  }
}

TEST(ColumnsIn, LocatesTheError) {
  try {
    columns_in("a + + )");
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->column, 7);
    EXPECT_EQ(error.location()->source_line, "a + + )");
  }
}

TEST(RenameColumns, ByPositionNotByText) {
  EXPECT_EQ(rename_columns("status = 'status' AND status(status) AND x.status IS NULL", {{"status", "order"}},
                           "users"),
            "\"order\" = 'status' AND status(\"order\") AND x.status IS NULL");
  EXPECT_EQ(rename_columns("users . /* ü */ status || STATUS", {{"status", "state"}}, "users"),
            "users.state || state");
  EXPECT_EQ(rename_columns("\"Status\" + status", {{"Status", "a b"}}), "\"a b\" + status");
}

TEST(RenameColumns, SwapsInOnePass) { EXPECT_EQ(rename_columns("a + b", {{"a", "b"}, {"b", "a"}}), "b + a"); }

TEST(QualifyColumns, PutsTheRowInFront) {
  EXPECT_EQ(qualify_columns("(price * qty) + ('x'::text = name)::int", "NEW"),
            "(NEW.price * NEW.qty) + ('x'::text = NEW.name)::int");
  EXPECT_EQ(qualify_columns("orders.price + (address).zip + tags[1] + other.x", "NEW", "orders"),
            "NEW.price + (NEW.address).zip + NEW.tags[1] + other.x");
  EXPECT_EQ(qualify_columns("CURRENT_USER = owner -- owner", "NEW"), "CURRENT_USER = NEW.owner -- owner");
  EXPECT_EQ(qualify_columns("id in (select id from t)", "NEW"), "NEW.id in (select id from t)");
  EXPECT_EQ(qualify_columns("\"Ünïcode\" > 'ü' and \"ü\"", "OLD"), "OLD.\"Ünïcode\" > 'ü' and OLD.\"ü\"");
}

}  // namespace
}  // namespace contraflow::sql
