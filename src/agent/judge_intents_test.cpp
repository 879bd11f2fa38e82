// SPDX-License-Identifier: Apache-2.0
#include "agent/judge_intents.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace contraflow::agent {
namespace {

catalog::Database shop() {
  catalog::Database out;
  out.server_version = 150018;
  const auto add = [&](const catalog::ObjectId& id, catalog::Body body) {
    catalog::Object object;
    object.id = id;
    object.body = std::move(body);
    out.objects.emplace(id, object);
  };
  add({catalog::Kind::schema, "", "", "public", ""}, catalog::Schema{});
  add(catalog::relation_id(catalog::Kind::table, "public", "users"), catalog::Table{});
  int position = 0;
  for (const char* name : {"id", "email", "tier"}) {
    catalog::Column column;
    column.position = ++position;
    column.type = column.type_base = name == std::string("id") ? "bigint" : "text";
    add(catalog::column_id("public", "users", name), column);
  }
  return out;
}

TEST(JudgeIntents, TakesWhatTheGrammarAndTheSchemaAllow) {
  for (const char* text : {"soft-delete users", "add users.nick text default lower('X')", "index users(lower(email) desc nulls last)", "add-enum-column users.level level(free, pro) default free",
                           "not-null users.email fill 'none'", "rename users.email to mail"}) {
    const JudgedIntents judged = judge_intents(text, shop());
    EXPECT_TRUE(judged.refused.empty()) << text << ": " << join(judged.refused, "; ");
    EXPECT_EQ(judged.intents.size(), 1U);
  }
}

TEST(JudgeIntents, RefusesSqlInWhateverForm) {
  for (const char* text : {"", "DROP TABLE users", "soft-delete users; DROP TABLE users", "SELECT pg_read_file('/etc/passwd')", "add users.nick text default pg_read_file('/etc/passwd')",
                           "add users.nick text default (SELECT email FROM users LIMIT 1)", "add users.nick text default (select 1)", "add users.nick text default (table users)",
                           "add users.nick text default query_to_xml('drop table users', true, true, '')::text", "not-null users.email fill set_config('a', 'b', false)",
                           "add users.nick text default evil.run('x')", "add users.nick text default my_function()", "add users.nick text default 1, drop column email", "add users.nick text default 1) ; drop table users; --",
                           "retype users.email to varchar(20); COPY users TO PROGRAM 'id'", "retype users.email to text using (select 'x')", "index users(pg_sleep(1000))", "index users((lo_export(1, '/tmp/x')))",
                           "soft-delete nothing_here", "rename users.email to \"a\"; \\! id", "@/etc/passwd", "here is your migration: soft-delete users"}) {
    const JudgedIntents judged = judge_intents(text, shop());
    EXPECT_FALSE(judged.refused.empty()) << text;
    EXPECT_TRUE(judged.intents.empty()) << text;
  }
}

}  // namespace
}  // namespace contraflow::agent
