// SPDX-License-Identifier: Apache-2.0
#include "sql/live_rows.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace contraflow::sql {
namespace {

bool users(const QualifiedName& name) { return name.name == "users" && (name.schema.empty() || name.schema == "public"); }

std::string live(const std::string& statement) {
  const StatementEdits found = live_rows_only(statement, users, "deleted_at");
  if (!found.refusals.empty()) return "refused: " + join(found.refusals, "; ");
  return apply_edits(statement, found.edits);
}

TEST(LiveRows, WhereIsAddedOrExtended) {
  EXPECT_EQ(live("SELECT id FROM users"), "SELECT id FROM users WHERE deleted_at IS NULL");
  EXPECT_EQ(live("select id from users u where u.id = $1 order by id"), "select id from users u where u.id = $1 AND u.deleted_at IS NULL order by id");
  EXPECT_EQ(live("SELECT id FROM users WHERE a = 1 OR b = 2 LIMIT 1"), "SELECT id FROM users WHERE (a = 1 OR b = 2) AND deleted_at IS NULL LIMIT 1");
  EXPECT_EQ(live("SELECT id\n  FROM users -- all of them\n  ORDER BY id"), "SELECT id\n  FROM users\n  WHERE deleted_at IS NULL -- all of them\n  ORDER BY id");
  EXPECT_EQ(live("SELECT id FROM users WHERE id IS DISTINCT FROM $1 GROUP BY id"), "SELECT id FROM users WHERE id IS DISTINCT FROM $1 AND deleted_at IS NULL GROUP BY id");
  EXPECT_EQ(live("SELECT id FROM orders"), "SELECT id FROM orders");
}

TEST(LiveRows, TableBecomesSelect) {
  EXPECT_EQ(live("TABLE users"), "SELECT * FROM users WHERE deleted_at IS NULL");
  EXPECT_EQ(live("table only public.users order by id"), "select * from only public.users where deleted_at IS NULL order by id");
  EXPECT_EQ(live("WITH t AS (TABLE users LIMIT 3) TABLE t"), "WITH t AS (SELECT * FROM users WHERE deleted_at IS NULL LIMIT 3) TABLE t");
  EXPECT_EQ(live("TABLE users UNION TABLE orders"), "SELECT * FROM users WHERE deleted_at IS NULL UNION TABLE orders");
  EXPECT_EQ(live("INSERT INTO copies TABLE users"), "INSERT INTO copies SELECT * FROM users WHERE deleted_at IS NULL");
  const StatementEdits stars = expand_stars("TABLE users LIMIT 1", users, [](const QualifiedName&) { return std::optional(std::vector<std::string>{"id", "email"}); });
  EXPECT_EQ(apply_edits("TABLE users LIMIT 1", stars.edits), "SELECT id, email FROM users LIMIT 1");
}

TEST(LiveRows, WhatHasNoPlaceForAConditionIsNamed) {
  EXPECT_EQ(live("TRUNCATE orders, users"), "refused: TRUNCATE removes the rows for good");
  EXPECT_TRUE(live("MERGE INTO orders o USING users u ON u.id = o.user_id WHEN MATCHED THEN DO NOTHING").starts_with("refused: MERGE"));
  EXPECT_TRUE(live("COPY users TO STDOUT").starts_with("refused: COPY"));
  EXPECT_EQ(live("COPY users FROM STDIN"), "COPY users FROM STDIN");
  EXPECT_EQ(live("TRUNCATE orders"), "TRUNCATE orders");
}

TEST(LiveRows, OuterJoinsTakeItInOn) {
  EXPECT_EQ(live("SELECT 1 FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE o.id = 1"),
            "SELECT 1 FROM orders o LEFT JOIN users u ON u.id = o.user_id AND u.deleted_at IS NULL WHERE o.id = 1");
  EXPECT_EQ(live("SELECT 1 FROM orders o LEFT JOIN users u ON u.id = o.a OR u.id = o.b LEFT JOIN x ON left(x.a, 1) = 'b'"),
            "SELECT 1 FROM orders o LEFT JOIN users u ON (u.id = o.a OR u.id = o.b) AND u.deleted_at IS NULL LEFT JOIN x ON left(x.a, 1) = 'b'");
  EXPECT_EQ(live("SELECT 1 FROM users RIGHT JOIN orders o ON users.id = o.user_id"),
            "SELECT 1 FROM users RIGHT JOIN orders o ON users.id = o.user_id AND users.deleted_at IS NULL");
  EXPECT_EQ(live("SELECT 1 FROM users u JOIN orders o ON u.id = o.user_id"), "SELECT 1 FROM users u JOIN orders o ON u.id = o.user_id WHERE u.deleted_at IS NULL");
  EXPECT_TRUE(live("SELECT 1 FROM orders o FULL JOIN users u ON u.id = o.user_id").starts_with("refused"));
  EXPECT_TRUE(live("SELECT 1 FROM orders o LEFT JOIN users u USING (id)").starts_with("refused"));
}

TEST(LiveRows, EveryLevel) {
  EXPECT_EQ(live("WITH u AS (SELECT id FROM users) SELECT * FROM u UNION SELECT id FROM users WHERE x"),
            "WITH u AS (SELECT id FROM users WHERE deleted_at IS NULL) SELECT * FROM u UNION SELECT id FROM users WHERE x AND deleted_at IS NULL");
  EXPECT_EQ(live("SELECT 1 FROM o WHERE EXISTS (SELECT 1 FROM users WHERE id = o.id) AND a IN (SELECT id FROM users u)"),
            "SELECT 1 FROM o WHERE EXISTS (SELECT 1 FROM users WHERE id = o.id AND deleted_at IS NULL) AND a IN (SELECT id FROM users u WHERE u.deleted_at IS NULL)");
  EXPECT_EQ(live("WITH users AS (SELECT 1 AS id) SELECT id FROM users"), "WITH users AS (SELECT 1 AS id) SELECT id FROM users");
  EXPECT_EQ(live("INSERT INTO log SELECT id FROM users ON CONFLICT DO NOTHING"), "INSERT INTO log SELECT id FROM users WHERE deleted_at IS NULL ON CONFLICT DO NOTHING");
}

TEST(LiveRows, Writes) {
  EXPECT_EQ(live("UPDATE users SET name = $1 WHERE id = $2 RETURNING id"), "UPDATE users SET name = $1 WHERE id = $2 AND deleted_at IS NULL RETURNING id");
  EXPECT_EQ(live("UPDATE users SET deleted_at = NULL WHERE id = $1"), "UPDATE users SET deleted_at = NULL WHERE id = $1");
  EXPECT_EQ(live("DELETE FROM users WHERE id = $1"), "UPDATE users SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL");
  EXPECT_EQ(live("delete from users u using orders o where o.user_id = u.id returning u.id"),
            "update users u set deleted_at = now() from orders o where o.user_id = u.id AND u.deleted_at IS NULL returning u.id");
  EXPECT_EQ(live("INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET email = excluded.email"),
            "INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) WHERE deleted_at IS NULL DO UPDATE SET email = excluded.email");
}

TEST(LiveRows, WhatFiltersAlreadyStays) {
  EXPECT_EQ(live("SELECT id FROM users WHERE deleted_at IS NULL"), "SELECT id FROM users WHERE deleted_at IS NULL");
  EXPECT_EQ(live("SELECT id FROM users WHERE deleted_at IS NOT NULL"), "SELECT id FROM users WHERE deleted_at IS NOT NULL");
}

TEST(LiveRows, StarsAreListed) {
  const auto columns = [](const QualifiedName& name) -> std::optional<std::vector<std::string>> {
    if (name.name == "users") return std::vector<std::string>{"id", "Name"};
    if (name.name == "orders") return std::vector<std::string>{"id"};
    return std::nullopt;
  };
  const auto expand = [&](const std::string& sql) {
    const auto found = expand_stars(sql, users, columns);
    return found.refusals.empty() ? apply_edits(sql, found.edits) : "refused";
  };
  EXPECT_EQ(expand("SELECT * FROM users"), "SELECT id, \"Name\" FROM users");
  EXPECT_EQ(expand("SELECT u.*, o.total FROM users u JOIN orders o ON true"), "SELECT u.id, u.\"Name\", o.total FROM users u JOIN orders o ON true");
  EXPECT_EQ(expand("SELECT * FROM users u, orders o"), "SELECT u.id, u.\"Name\", o.id FROM users u, orders o");
  EXPECT_EQ(expand("SELECT count(*) FROM users"), "SELECT count(*) FROM users");
  EXPECT_EQ(expand("SELECT * FROM users, elsewhere"), "refused");
  EXPECT_EQ(expand("UPDATE users SET a = 1 WHERE id = 1 RETURNING *"), "UPDATE users SET a = 1 WHERE id = 1 RETURNING id, \"Name\"");
  EXPECT_EQ(expand("WITH gone AS (DELETE FROM users u USING orders o WHERE o.id = u.id RETURNING u.*) SELECT * FROM gone"),
            "WITH gone AS (DELETE FROM users u USING orders o WHERE o.id = u.id RETURNING u.id, u.\"Name\") SELECT * FROM gone");
  EXPECT_EQ(expand("INSERT INTO users (id) VALUES (1) RETURNING *"), "INSERT INTO users (id) VALUES (1) RETURNING id, \"Name\"");
}

}  // namespace
}  // namespace contraflow::sql
