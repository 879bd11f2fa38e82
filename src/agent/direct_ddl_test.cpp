// SPDX-License-Identifier: Apache-2.0
#include "agent/direct_ddl.h"

#include <gtest/gtest.h>

namespace contraflow::agent {
namespace {

std::optional<std::string> judged(const std::string& command, const std::string& sql = {}) {
  HookInput input;
  input.command = command;
  input.sql = sql;
  input.databases = {{"postgresql://app@db.prod.example/shop", "DATABASE_URL", "db.prod.example", "shop"}};
  input.environment = [](const char* name) { return std::string(name) == "PGHOST" ? "elsewhere" : ""; };
  input.read_file = [](const std::string& path) -> std::optional<std::string> {
    if (path == "ddl.sql") return "-- x\nALTER TABLE users ADD a int;";
    if (path == "read.sql") return "SELECT 1;";
    return std::nullopt;
  };
  return direct_ddl(input);
}

TEST(DirectDdl, IsNotLetThroughToTheProtectedDatabase) {
  for (const char* command : {
           "psql $DATABASE_URL -c 'DROP TABLE users'", "psql \"${DATABASE_URL}\" -c \"alter table users add a int\"", "psql -h db.prod.example shop -c 'TRUNCATE users'", "psql postgresql://app@db.prod.example/shop -f ddl.sql",
           "cd /x && PGPASSWORD=a /usr/bin/psql -d $DATABASE_URL -Atc 'create index on users(a)'", "psql $DATABASE_URL < ddl.sql", "cat ddl.sql | psql $DATABASE_URL", "echo 'drop table x' | psql \"$DATABASE_URL\"",
           "psql $DATABASE_URL", "psql $DATABASE_URL -f nowhere.sql", "psql $DATABASE_URL -c \"$(cat ddl.sql)\"", "psql $DATABASE_URL -c 'SELECT 1; DROP TABLE users'", "psql $DATABASE_URL --command='DO $$ begin end $$'",
           "psql $DATABASE_URL -c '\\i ddl.sql'", "psql $DATABASE_URL -c 'select 1 \\gexec'", "psql $DATABASE_URL <<EOF\nDROP TABLE users;\nEOF", "PGHOST=db.prod.example psql shop -c 'drop table x'", "pg_restore -d $DATABASE_URL dump",
           "npx prisma migrate deploy", "npx prisma db push --accept-data-loss", "bundle exec rails db:migrate", "DATABASE_URL=postgresql://app@db.prod.example/shop npx prisma migrate deploy", "true; dbmate up",
           "psql --dbname=$DATABASE_URL --file=ddl.sql", "psql $DATABASE_URL -cDROP\\ TABLE\\ users"}) {
    EXPECT_TRUE(judged(command)) << command;
  }
  EXPECT_TRUE(judged("", "ALTER TABLE users DROP a"));
  EXPECT_NE(judged("psql $DATABASE_URL -c 'DROP TABLE users'")->find("contraflow plan"), std::string::npos);
}

TEST(DirectDdl, LetsThroughWhatChangesNoSchemaOrGoesElsewhere) {
  for (const char* command : {"ls -l", "psql $DATABASE_URL -c 'SELECT count(*) FROM users'", "psql $DATABASE_URL -f read.sql", "psql $DATABASE_URL -Atc '\\d users'", "psql $DATABASE_URL_TEST -c 'DROP TABLE users'",
                              "psql postgresql://localhost/test -c 'DROP TABLE users'", "psql -h localhost -d test -f ddl.sql", "DATABASE_URL=postgresql://localhost/test npx prisma migrate dev", "contraflow plan --from $DATABASE_URL --do 'soft-delete users'",
                              "contraflow apply plan --target $DATABASE_URL", "grep 'DROP TABLE' $DATABASE_URL", "git commit -m 'prisma-migrate notes'", "psql $DATABASE_URL -l"}) {
    EXPECT_FALSE(judged(command)) << command << ": " << judged(command).value_or("");
  }
  EXPECT_FALSE(judged("", "SELECT 1"));
}

}  // namespace
}  // namespace contraflow::agent
