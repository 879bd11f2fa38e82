// SPDX-License-Identifier: Apache-2.0
#include "sql/prepared_part.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(PreparedPart, TheQueryInside) {
  EXPECT_EQ(prepared_part("SELECT 1"), "SELECT 1");
  EXPECT_EQ(prepared_part("EXPLAIN (ANALYZE, BUFFERS) UPDATE users SET a = (SELECT 1)"), "UPDATE users SET a = (SELECT 1)");
  EXPECT_EQ(prepared_part("explain analyze with x as (select 1) select * from x"), "with x as (select 1) select * from x");
  EXPECT_EQ(prepared_part("PREPARE p (int) AS SELECT $1"), "SELECT $1");
  EXPECT_EQ(prepared_part("DECLARE c CURSOR WITHOUT HOLD FOR SELECT a FROM t FOR UPDATE"), "SELECT a FROM t FOR UPDATE");
  EXPECT_EQ(prepared_part("CREATE TEMP TABLE x (a) ON COMMIT DROP AS TABLE users"), "TABLE users");
  EXPECT_EQ(prepared_part("COPY (SELECT (a) FROM t) TO STDOUT (FORMAT csv)"), "SELECT (a) FROM t");
  EXPECT_EQ(prepared_part("COPY t (a) FROM STDIN"), "COPY t (a) FROM STDIN");
}

TEST(PreparedPart, WhatIsTriedInstead) {
  EXPECT_EQ(tried_form("TRUNCATE a, b CASCADE"), "TRUNCATE a, b CASCADE");
  EXPECT_EQ(tried_form("LOCK a"), "LOCK a");
  EXPECT_EQ(tried_form("COPY a (x, \"Y\") FROM STDIN (FORMAT csv)"), "COPY a (x, \"Y\") FROM '/dev/null'");
  EXPECT_EQ(tried_form("COPY app.a TO PROGRAM 'rm -rf /'"), "COPY app.a TO '/dev/null'");
  EXPECT_EQ(tried_form("COPY (SELECT 1) TO STDOUT"), "");
  EXPECT_EQ(tried_form("TRUNCATE a; DROP TABLE b"), "");
  EXPECT_EQ(tried_form("SELECT 1"), "");
}

}  // namespace
}  // namespace contraflow::sql
