// SPDX-License-Identifier: Apache-2.0
#include "sql/conditions.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

std::string shown(const std::string& statement) {
  const QueryConditions found = conditions_of(statement, [](const QualifiedName& name) -> std::optional<std::vector<std::string>> {
    if (name.name == "users") return std::vector<std::string>{"id", "email", "password", "active", "deleted_at"};
    if (name.name == "sessions") return std::vector<std::string>{"token", "user_id", "expires_at"};
    return std::nullopt;
  });
  static const char* const kKinds[] = {"=", "null", "filled", "holds", "lacks", ">", "<", "<>"};
  std::string out;
  for (const Condition& one : found.conditions) {
    if (!out.empty()) out += ", ";
    out += one.relation.name + "." + one.column + " " + kKinds[static_cast<int>(one.kind)];
    if (one.parameter > 0) out += " $" + std::to_string(one.parameter);
    if (one.constant) out += " '" + *one.constant + "'";
  }
  for (const ParameterPlace& place : found.places) {
    EXPECT_EQ(statement.substr(place.begin, place.end - place.begin), "$" + std::to_string(place.number));
    if (place.limit) out += " limit $" + std::to_string(place.number);
    if (place.offset) out += " offset $" + std::to_string(place.number);
  }
  for (const QualifiedName& name : found.outer) out += " outer " + name.name;
  return out + (found.writes ? " writes" : "");
}

TEST(Conditions, ComparedWithParametersAndConstants) {
  EXPECT_EQ(shown("SELECT * FROM users WHERE email = $1 AND password = $2 LIMIT $3 OFFSET $4"), "users.email = $1, users.password = $2 limit $3 offset $4");
  EXPECT_EQ(shown("SELECT id FROM users u WHERE lower(u.email) = lower($1::text) AND u.active AND NOT u.deleted_at"), "users.email = $1, users.active holds, users.deleted_at lacks");
  EXPECT_EQ(shown("SELECT id FROM users WHERE $1 = email OR id = ANY($2) OR id IN ($3, $4) OR email ILIKE $5"), "users.email = $1, users.id = $2, users.id = $3, users.email = $5");
  EXPECT_EQ(shown("SELECT id FROM users WHERE active = true AND email = 'a' AND deleted_at IS NULL AND password IS NOT NULL AND active IS TRUE"),
            "users.active = 'true', users.email = 'a', users.deleted_at null, users.password filled, users.active holds");
  EXPECT_EQ(shown("SELECT id FROM other WHERE x = $1"), "");  // whose column it is, nobody knows
}

TEST(Conditions, LevelsAndJoins) {
  EXPECT_EQ(shown("SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id AND u.active = $2 WHERE token = $1 AND s.expires_at > now()"),
            "users.active = $2, sessions.token = $1, sessions.expires_at >");
  EXPECT_EQ(shown("SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)"), "users.email = $1");
  EXPECT_EQ(shown("WITH u AS (SELECT * FROM users WHERE email = $1) SELECT * FROM u WHERE active"), "users.email = $1");
  EXPECT_EQ(shown("SELECT 1 FROM sessions s LEFT JOIN users u ON u.id = s.user_id WHERE s.token = $1"), "sessions.token = $1 outer users");
  EXPECT_EQ(shown("SELECT 1 FROM users WHERE id = (SELECT user_id FROM sessions WHERE token = $1 AND email = $2)"), "users.id =, sessions.token = $1, users.email = $2");  // an expression: neither parameter nor constant
}

TEST(Conditions, Writes) {
  EXPECT_EQ(shown("UPDATE users SET active = true WHERE email = $1 RETURNING id"), " writes");
  EXPECT_EQ(shown("WITH x AS (DELETE FROM sessions RETURNING user_id) SELECT id FROM users WHERE email = $1"), "users.email = $1 writes");
}

}  // namespace
}  // namespace contraflow::sql
