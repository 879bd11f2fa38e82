// SPDX-License-Identifier: Apache-2.0
#include "catalog/ddl.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/ddl_live.h"

namespace contraflow::catalog {
namespace {

using Lines = std::vector<std::string>;

// The promise of create_database(): the same dump and the same model.
void expect_round_trip(const std::string& sql) {
  const std::string from = live::database_with(sql);
  const Database database = live::read_from(from);
  const std::string to = live::database_with("");
  live::run(to, create_database(database));
  if (live::can_dump())
    EXPECT_EQ(live::differences(live::dump(from), live::dump(to)), Lines{});
  else
    GTEST_LOG_(WARNING) << "no pg_dump of this major: the models alone are compared";
  EXPECT_EQ(live::differences(database, live::read_from(to)), Lines{});
}

TEST(CreateDatabase, MakesEveryKindAgain) {
  if (live::sandbox().major() < 15) GTEST_SKIP() << "statements.sql is for 15 and later";
  expect_round_trip(live::source_file("tests/schemas/statements.sql"));
}

TEST(CreateDatabase, MakesTheReadersSchemaAgain) {
  std::string sql = live::source_file("tests/schemas/everything.sql");
  for (int major : {14, 15, 18})
    if (live::sandbox().major() >= major)
      sql += live::source_file(fmt::format("tests/schemas/everything_{}.sql", major));
  expect_round_trip(sql);
}

TEST(CreateDatabase, MakesAnEmptyDatabase) { expect_round_trip(""); }

TEST(CreateDatabase, BreaksCyclesOfViewsDefaultsAndTypes) {
  expect_round_trip(R"(
    CREATE VIEW a AS SELECT 1 AS x;
    CREATE VIEW b AS SELECT x FROM a;
    CREATE OR REPLACE VIEW a AS SELECT x FROM b;
    CREATE TABLE t (id int, v int);
    CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT max(id) FROM t; END;
    ALTER TABLE t ALTER v SET DEFAULT f();
    CREATE TYPE steps;
    CREATE FUNCTION canonical(steps) RETURNS steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
    CREATE TYPE steps AS RANGE (subtype = int4, canonical = canonical))");
}

// A partition whose columns lie in another order cannot be made by PARTITION OF.
TEST(CreateDatabase, KeepsThePartitionsColumnOrderAndTheNamesOfItsIndexes) {
  expect_round_trip(R"(
    CREATE TABLE p (a int, b text DEFAULT 'x', c date) PARTITION BY RANGE (a);
    CREATE TABLE p1 (c date, b text, a int NOT NULL);
    CREATE UNIQUE INDEX own_name ON p1 (a);
    ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (1) TO (2);
    CREATE TABLE p2 PARTITION OF p (b DEFAULT 'y') DEFAULT;
    CREATE UNIQUE INDEX parents_name ON p (a);
    ALTER TABLE p ADD PRIMARY KEY (a))");
}

TEST(DescribeState, LeadsFromTheActingRolesDefaultPrivileges) {
  const std::string conninfo = live::database_with(R"(
    CREATE ROLE ddl_maker; CREATE ROLE ddl_reader; CREATE SCHEMA s AUTHORIZATION ddl_maker;
    ALTER DEFAULT PRIVILEGES FOR ROLE ddl_maker IN SCHEMA s GRANT SELECT ON TABLES TO ddl_reader;
    SET ROLE ddl_maker; CREATE TABLE s.with_default (a int); CREATE TABLE s.without (a int);
    REVOKE SELECT ON s.without FROM ddl_reader)");
  const Database database = live::read_from(conninfo);
  const Object* with_default = database.find(relation_id(Kind::table, "s", "with_default"));
  const Object* without = database.find(relation_id(Kind::table, "s", "without"));
  ASSERT_TRUE(with_default && without);
  EXPECT_EQ(describe_state(*with_default, database, true, "ddl_maker"), Lines{});
  EXPECT_EQ(describe_state(*without, database, true, "ddl_maker"),
            Lines{"REVOKE SELECT ON TABLE s.without FROM ddl_reader"});
  EXPECT_EQ(describe_state(*with_default, database),
            (Lines{"ALTER TABLE s.with_default OWNER TO ddl_maker",
                   "GRANT SELECT ON TABLE s.with_default TO ddl_reader"}));
}

Object table(const std::string& name) {
  Object object;
  object.id = relation_id(Kind::table, "public", name);
  object.body = Table{};
  object.owner = "o";
  return object;
}

TEST(AlterGrants, WritesGrantsOfOthersInTheirName) {
  const Object object = table("t");
  EXPECT_EQ(alter_grants(object, {}, {{"a", "SELECT", true, "o"}, {"", "SELECT", false, "a"}}),
            (Lines{"GRANT SELECT ON TABLE public.t TO a WITH GRANT OPTION", "SET SESSION AUTHORIZATION a",
                   "GRANT SELECT ON TABLE public.t TO PUBLIC", "RESET SESSION AUTHORIZATION"}));
  EXPECT_EQ(
      alter_grants(object, {{"a", "SELECT", true, "o"}, {"", "SELECT", false, "a"}},
                   {{"a", "SELECT", false, "o"}}),
      (Lines{"SET SESSION AUTHORIZATION a", "REVOKE SELECT ON TABLE public.t FROM PUBLIC",
             "RESET SESSION AUTHORIZATION", "REVOKE GRANT OPTION FOR SELECT ON TABLE public.t FROM a"}));
}

TEST(Drop, NamesEachKindAsTheServerWantsIt) {
  auto dropped = [](ObjectId id, Body body) {
    Object object;
    object.id = std::move(id);
    object.body = std::move(body);
    return drop(object);
  };
  EXPECT_EQ(dropped({Kind::table, "public", "", "users; drop table x", ""}, Table{}),
            Lines{"DROP TABLE IF EXISTS public.\"users; drop table x\""});
  EXPECT_EQ(dropped({Kind::routine, "s", "", "f", "integer, text"}, Routine{.kind = 'p'}),
            Lines{"DROP PROCEDURE IF EXISTS s.f(integer, text)"});
  EXPECT_EQ(dropped({Kind::aggregate, "s", "", "n", ""}, Generic{}),
            Lines{"DROP AGGREGATE IF EXISTS s.n(*)"});
  EXPECT_EQ(dropped({Kind::operator_, "s", "", "===", "integer, integer"}, Generic{}),
            Lines{"DROP OPERATOR IF EXISTS s.=== (integer, integer)"});
  EXPECT_EQ(dropped({Kind::trigger, "s", "t", "T", ""}, Trigger{}),
            Lines{"DROP TRIGGER IF EXISTS \"T\" ON s.t"});
  EXPECT_EQ(dropped({Kind::trigger, "s", "t", "T", ""}, Trigger{.inherited = true}), Lines{});
  EXPECT_EQ(dropped({Kind::constraint, "s", "t", "c", ""}, Constraint{}),
            Lines{"ALTER TABLE IF EXISTS s.t DROP CONSTRAINT IF EXISTS c"});
  EXPECT_EQ(dropped({Kind::user_mapping, "", "srv", "public", ""}, Generic{}),
            Lines{"DROP USER MAPPING IF EXISTS FOR PUBLIC SERVER srv"});
}

}  // namespace
}  // namespace contraflow::catalog
