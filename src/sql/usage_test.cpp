// SPDX-License-Identifier: Apache-2.0
#include "sql/usage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace contraflow::sql {
namespace {

std::optional<std::vector<std::string>> schema(const QualifiedName& name) {
  if (name.name == "users") return std::vector<std::string>{"id", "email", "name"};
  if (name.name == "orders") return std::vector<std::string>{"id", "user_id", "total"};
  return std::nullopt;
}

// "select users* (email,id,name); …": verb, relation, star, ! for unfiltered, columns.
std::string use(const std::string& sql) {
  std::vector<std::string> out;
  const StatementUse found = usage_of(sql, schema);
  for (const RelationUse& r : found.relations) {
    out.push_back(fmt::format("{} {}{}{} ({})", verb_name(r.verb), r.name.name, r.star ? "*" : "", r.filtered ? "" : "!",
                              join({r.columns.begin(), r.columns.end()}, ",")));
    if (!r.unknown_columns.empty()) out.back() += " unknown " + join({r.unknown_columns.begin(), r.unknown_columns.end()}, ",");
  }
  if (!found.unresolved.empty()) out.push_back("unresolved " + join(found.unresolved, ","));
  return join(out, "; ");
}

TEST(Usage, StarsAreExpanded) {
  EXPECT_EQ(use("SELECT * FROM users"), "select users*! (email,id,name)");
  EXPECT_EQ(use("SELECT u.* FROM users u JOIN orders o ON o.user_id = u.id WHERE total > 1"),
            "select users* (email,id,name); select orders (total,user_id)");
  EXPECT_EQ(use("SELECT count(*) FROM users"), "select users! ()");
  EXPECT_EQ(use("SELECT row_to_json(u) FROM users u WHERE id = 1"), "select users* (email,id,name)");
}

TEST(Usage, ColumnsAreResolvedThroughAliasesSubQueriesAndCtes) {
  EXPECT_EQ(use("WITH a AS (SELECT id AS x FROM users WHERE email = $1) SELECT x FROM a JOIN orders ON user_id = x"),
            "select users (email,id); select orders! (user_id)");
  EXPECT_EQ(use("SELECT name FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = users.id AND email IS NULL)"),
            "select users (email,id,name); select orders (user_id)");
  EXPECT_EQ(use("WITH RECURSIVE t AS (SELECT id FROM users UNION ALL SELECT t.id + 1 FROM t) SELECT id FROM t"), "select users! (id)");
  EXPECT_EQ(use("SELECT s.e FROM (SELECT email AS e FROM users) s ORDER BY e"), "select users! (email)");
}

TEST(Usage, Writes) {
  EXPECT_EQ(use("INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id"),
            "insert users (email,id,name)");
  EXPECT_EQ(use("INSERT INTO users VALUES (1, 'a', 'b')"), "insert users* (email,id,name)");
  EXPECT_EQ(use("UPDATE users SET name = 'x' FROM orders WHERE user_id = users.id"), "update users (id,name); select orders (user_id)");
  EXPECT_EQ(use("DELETE FROM orders USING users u WHERE u.id = user_id AND u.email = ''"), "delete orders (user_id); select users (email,id)");
  EXPECT_EQ(use("DELETE FROM users"), "delete users! ()");
}

TEST(Usage, UnknownNamesAreReported) {
  EXPECT_EQ(use("SELECT u.nickname FROM users u WHERE u.id = 1"), "select users (id) unknown nickname");
  EXPECT_EQ(use("SELECT nickname FROM users WHERE true"), "select users () unknown nickname");
  EXPECT_EQ(use("SELECT nickname FROM users, orders WHERE true"), "select users (); select orders (); unresolved nickname");
  EXPECT_EQ(use("SELECT anything FROM elsewhere"), "select elsewhere! (anything)");
  EXPECT_EQ(use("SELECT ctid FROM users WHERE id = 1"), "select users (id)");
}

TEST(Usage, UtilityStatements) {
  EXPECT_EQ(use("TRUNCATE users, orders"), "truncate users (); truncate orders ()");
  EXPECT_EQ(use("CREATE VIEW v AS SELECT id FROM users"), "ddl v (); select users! (id)");
  EXPECT_EQ(use("EXPLAIN SELECT id FROM users"), "select users! (id)");
  EXPECT_EQ(use("EXPLAIN ANALYZE UPDATE users SET name = 'x' WHERE id = 1"), "update users (id,name)");
  EXPECT_EQ(use("PREPARE p AS DELETE FROM users WHERE id = $1"), "delete users (id)");
  EXPECT_EQ(use("DECLARE c CURSOR FOR SELECT email FROM users"), "select users! (email)");
  EXPECT_EQ(use("COPY users (id, email) FROM STDIN"), "copy users (email,id)");
  EXPECT_EQ(use("COPY users TO STDOUT"), "copy users* (email,id,name)");
  EXPECT_EQ(use("COPY users (id) FROM STDIN WHERE name IS NULL"), "copy users (id,name)");
  EXPECT_EQ(use("COPY (SELECT id FROM users) TO STDOUT"), "select users! (id)");
  EXPECT_EQ(use("CREATE TABLE kept AS SELECT id FROM users"), "ddl kept (); select users! (id)");
  EXPECT_EQ(use("CALL p((SELECT id FROM users WHERE email = $1))"), "select users (email,id)");
}

TEST(Usage, RareForms) {
  EXPECT_EQ(use("TABLE users"), "select users*! (email,id,name)");
  EXPECT_EQ(use("WITH t AS (TABLE ONLY users) SELECT id FROM t"), "select users*! (email,id,name)");
  EXPECT_EQ(use("SELECT email FROM orders NATURAL JOIN users"), "select orders! (id); select users! (email,id)");
  EXPECT_EQ(use("SELECT j.email, j.total FROM (orders JOIN users USING (id)) AS j"), "select orders! (id,total); select users! (email,id)");
  EXPECT_EQ(use("SELECT j.* FROM (orders o JOIN users u ON u.id = o.user_id) AS j"), "select orders*! (id,total,user_id); select users*! (email,id,name)");
  EXPECT_EQ(use("SELECT x.a, b FROM users AS x (a, b)"), "select users! (email,id)");
  EXPECT_EQ(use("UPDATE users u SET (name, email) = (SELECT total, total FROM orders o WHERE o.id = u.id)"), "update users! (email,id,name); select orders (id,total)");
  EXPECT_EQ(use("SELECT (u).email FROM users u"), "select users*! (email,id,name)");
}

}  // namespace
}  // namespace contraflow::sql
