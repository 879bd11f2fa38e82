// SPDX-License-Identifier: Apache-2.0
#include "agent/migration_runners.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace contraflow::agent {
namespace {

// Words that follow each other; the first is the program, or what an interpreter or a package manager runs.
constexpr auto kRunners = std::to_array<std::string_view>({
    "prisma migrate deploy",
    "prisma migrate dev",
    "prisma migrate reset",
    "prisma db push",
    "prisma db execute",
    "prisma migrate resolve",
    "flyway migrate",
    "flyway clean",
    "flyway undo",
    "flyway repair",
    "gradle flywaymigrate",
    "gradlew flywaymigrate",
    "mvn flyway:migrate",
    "mvnw flyway:migrate",
    "dbmate up",
    "dbmate migrate",
    "dbmate drop",
    "dbmate rollback",
    "dbmate down",
    "dbmate load",
    "goose up",
    "goose up-to",
    "goose up-by-one",
    "goose down",
    "goose down-to",
    "goose redo",
    "goose reset",
    "sqitch deploy",
    "sqitch revert",
    "sqitch rebase",
    "diesel migration",
    "diesel setup",
    "diesel database",
    "rails db:migrate",
    "rails db:rollback",
    "rails db:reset",
    "rails db:drop",
    "rails db:schema:load",
    "rails db:setup",
    "rake db:migrate",
    "rake db:rollback",
    "rake db:reset",
    "rake db:drop",
    "rake db:schema:load",
    "knex migrate:latest",
    "knex migrate:up",
    "knex migrate:down",
    "knex migrate:rollback",
    "typeorm migration:run",
    "typeorm migration:revert",
    "typeorm-ts-node-esm migration:run",
    "typeorm-ts-node-commonjs migration:run",
    "typeorm schema:sync",
    "typeorm schema:drop",
    "drizzle-kit push",
    "drizzle-kit migrate",
    "sequelize db:migrate",
    "sequelize-cli db:migrate",
    "sequelize-cli db:drop",
    "mikro-orm migration:up",
    "mikro-orm schema:update",
    "node-pg-migrate up",
    "node-pg-migrate down",
    "db-migrate up",
    "db-migrate down",
    "graphile-migrate migrate",
    "graphile-migrate reset",
    "alembic upgrade",
    "alembic downgrade",
    "manage.py migrate",
    "django-admin migrate",
    "flask db upgrade",
    "flask db downgrade",
    "yoyo apply",
    "sqlx migrate run",
    "sqlx migrate revert",
    "sqlx database",
    "migrate up",
    "migrate down",
    "migrate drop",
    "migrate goto",
    "liquibase update",
    "liquibase rollback",
    "liquibase drop-all",
    "liquibase dropall",
    "mix ecto.migrate",
    "mix ecto.rollback",
    "mix ecto.drop",
    "artisan migrate",
    "pgroll start",
    "pgroll migrate",
});
constexpr auto kMore = std::to_array<std::string_view>({"atlas schema apply", "atlas migrate apply", "psqldef", "pg-schema-diff apply", "supabase db push", "supabase db reset", "supabase migration up", "hasura migrate apply", "ef database update", "doctrine:migrations:migrate", "pgroll complete", "pgroll rollback"});

// Without its folder, and without the version that npx takes: prisma@6.
std::string program_of(const std::string& word) {
  const std::string name = to_lower(word.substr(word.rfind('/') == std::string::npos ? 0 : word.rfind('/') + 1));
  const std::size_t at = name.find('@', 1);
  return name.substr(0, at);
}

bool follows(const std::vector<std::string>& words, std::string_view runner) {
  const std::vector<std::string> wanted = split(runner, ' ');
  for (std::size_t start = 0; start < words.size(); ++start) {
    if (program_of(words[start]) != wanted[0]) continue;
    std::size_t found = 1;
    for (std::size_t i = start + 1; i < words.size() && found < wanted.size(); ++i) {
      if (to_lower(words[i]) == wanted[found]) ++found;
    }
    if (found == wanted.size()) return true;
  }
  return false;
}

}  // namespace

bool runs_migrations(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help") return false;
  }
  const auto runs = [&](std::string_view runner) { return follows(words, runner); };
  return std::any_of(kRunners.begin(), kRunners.end(), runs) || std::any_of(kMore.begin(), kMore.end(), runs);
}

}  // namespace contraflow::agent
