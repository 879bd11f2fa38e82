// SPDX-License-Identifier: Apache-2.0
#include "sql/dynamic.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

// The text of a program with `¤` where it interpolates.
std::optional<DynamicStatement> read(std::string text, bool at_names = false) {
  std::vector<Hole> holes;
  for (std::size_t at; (at = text.find("\xC2\xA4")) != std::string::npos;) {
    text.erase(at, 2);
    holes.push_back({at, at});
  }
  return read_dynamic(text, holes, {.at_names = at_names});
}

std::string sql_of(const std::string& text) {
  const auto statement = read(text);
  return statement ? statement->text : "(none)";
}

TEST(Dynamic, InterpolatedValuesBecomeParameters) {
  EXPECT_EQ(sql_of("SELECT id FROM users WHERE id = ¤ AND name = ¤"), "SELECT id FROM users WHERE id = $1 AND name = $2");
  EXPECT_TRUE(read("SELECT id FROM users WHERE id = ¤ AND name = ¤")->certain);
  EXPECT_EQ(sql_of("SELECT id FROM users WHERE id = $1 LIMIT ¤"), "SELECT id FROM users WHERE id = $1 LIMIT $2");
}

TEST(Dynamic, AnInterpolatedLiteralIsAValueAsAWhole) {
  EXPECT_EQ(sql_of("SELECT 1 FROM u WHERE name LIKE '%¤%'"), "SELECT 1 FROM u WHERE name LIKE $1");
  EXPECT_EQ(sql_of("SELECT now() - interval '¤ days'"), "SELECT now() - $1::interval");
}

TEST(Dynamic, PlaceholdersOfDrivers) {
  EXPECT_EQ(sql_of("SELECT 1 FROM u WHERE a = ? AND b IN (?, ?)"), "SELECT 1 FROM u WHERE a = $1 AND b IN ($2, $3)");
  EXPECT_EQ(sql_of("SELECT 1 FROM u WHERE a = :id OR b = :id OR c = :x::int"), "SELECT 1 FROM u WHERE a = $1 OR b = $1 OR c = $2::int");
  EXPECT_EQ(sql_of("INSERT INTO u (a, b) VALUES (%s, %(name)s)"), "INSERT INTO u (a, b) VALUES ($1, $2)");
  EXPECT_EQ(read("SELECT 1 FROM u WHERE a = @user_id", true)->text, "SELECT 1 FROM u WHERE a = $1");
  EXPECT_EQ(sql_of("SELECT '{\"a\":1}'::jsonb ? 'a'"), "SELECT '{\"a\":1}'::jsonb ? 'a'");
}

// PostgreSQL 16 and newer take it; the way back to the program's text goes around what is put in.
TEST(Dynamic, SubQueriesWithoutAnAlias) {
  const std::string text = "SELECT a FROM (SELECT a FROM u WHERE b = ¤ AND c <> ')') WHERE a = ¤";
  EXPECT_EQ(sql_of(text), "SELECT a FROM (SELECT a FROM u WHERE b = $1 AND c <> ')') AS contraflow_2 WHERE a = $2");
  const auto statement = read(text);
  EXPECT_TRUE(statement->certain);
  EXPECT_EQ(original_offset(statement->edits, statement->text.find("WHERE a")), std::string("SELECT a FROM (SELECT a FROM u WHERE b =  AND c <> ')') ").size());
  EXPECT_EQ(sql_of("SELECT a FROM (SELECT a FROM (VALUES (1)) UNION SELECT 2)"), "SELECT a FROM (SELECT a FROM (VALUES (1)) AS contraflow_0 UNION SELECT 2) AS contraflow_1");
  EXPECT_EQ(sql_of("SELECT a FROM (SELECT a FROM u"), "(none)");
}

TEST(Dynamic, FragmentsAreGuessedAndSaidSo) {
  const auto where = read("SELECT * FROM users ¤ ORDER BY id");
  EXPECT_EQ(where->text, "SELECT * FROM users   ORDER BY id");
  EXPECT_FALSE(where->certain);
  EXPECT_EQ(sql_of("SELECT id FROM ¤ WHERE id = ¤"), "SELECT id FROM  contraflow_name  WHERE id = $1");
  EXPECT_EQ(sql_of("UPDATE users SET ¤ WHERE id = 1"), "UPDATE users SET contraflow_name = NULL WHERE id = 1");
  EXPECT_FALSE(read("SELECT ¤ FROM users")->certain);
}

TEST(Dynamic, ReportsWhatIsNoSql) {
  EXPECT_EQ(sql_of("Select a nice user from the list, please"), "(none)");
  EXPECT_EQ(sql_of("SELECT ' unfinished ¤"), "(none)");
  EXPECT_EQ(sql_of(""), "");
}

TEST(Dynamic, OffsetsLeadBack) {
  const auto statement = read("SELECT id FROM users WHERE id = ¤ AND deleted");
  const std::size_t at = statement->text.find("deleted");
  EXPECT_EQ(original_offset(statement->edits, at), std::string("SELECT id FROM users WHERE id =  AND ").size());
}

}  // namespace
}  // namespace contraflow::sql
