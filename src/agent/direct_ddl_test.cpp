// SPDX-License-Identifier: Apache-2.0
#include "agent/direct_ddl.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/text.h"

namespace contraflow::agent {
namespace {

const std::map<std::string, std::string>& files() {
  static const std::map<std::string, std::string> out{
      {"ddl.sql", "-- x\nDROP TABLE users;\n"},
      {"sel.sql", "SELECT 1;\n"},
      {"mixed.sql", "\\set ON_ERROR_STOP on\nBEGIN;\nSELECT 1;\n\\echo hi\nCREATE TABLE x();\nCOMMIT;\n"},
      {"meta.sql", "\\set ON_ERROR_STOP on\n\\timing\nSELECT count(*) FROM users;\n\\d users\n"},
      {"ddl.sh", "psql $DATABASE_URL -c \"DROP TABLE users\"\n"},
      {"db/sel.sql", "DROP TABLE users;\n"},
      {"/srv/ok.sql", "SELECT 1;\n"},
      {"./ddl.sh", "psql $DATABASE_URL -c \"DROP TABLE users\"\n"},
      {"./bin/go", "#!/usr/bin/env bash\nset -e\nexec psql \"$DATABASE_URL\" -c \"DROP TABLE users\"\n"},
      {".env", "OTHER=postgresql://app@db.prod.example/shop\nTESTDB=postgresql://localhost/test\n"},
      {"./.env", "OTHER=postgresql://app@db.prod.example/shop\n"},
      {"package.json", R"({"scripts": {"migrate": "prisma migrate deploy", "test": "vitest run", "pretest": "node setup.js", "wipe": "psql $DATABASE_URL -f ddl.sql", "prisma": "prisma", "db": "prisma"}})"},
      {"/home/me/.pg_service.conf", "[local]\nhost=localhost\ndbname=test\n[shop]\nhost=db.prod.example\ndbname=shop\n"},
  };
  return out;
}

// The parts of a connection string, well enough for these tests; the program asks libpq.
std::optional<NamedTarget> target_of(const std::string& conninfo) {
  NamedTarget out;
  if (const std::size_t scheme = conninfo.find("://"); scheme != std::string::npos) {
    if (!conninfo.starts_with("postgres")) return std::nullopt;
    std::string rest = conninfo.substr(scheme + 3);
    rest = rest.substr(0, rest.find('?'));
    if (const std::size_t slash = rest.find('/'); slash != std::string::npos) out.database = rest.substr(slash + 1), rest = rest.substr(0, slash);
    if (const std::size_t at = rest.rfind('@'); at != std::string::npos) rest = rest.substr(at + 1);
    if (const std::size_t colon = rest.find(':'); colon != std::string::npos) out.port = rest.substr(colon + 1), rest = rest.substr(0, colon);
    out.host = rest;
    return out;
  }
  for (const std::string& pair : split(conninfo, ' ')) {
    const std::size_t equal = pair.find('=');
    if (equal == std::string::npos) return std::nullopt;
    const std::string key = pair.substr(0, equal), value = pair.substr(equal + 1);
    (key == "host" ? out.host : key == "port"  ? out.port
                            : key == "dbname"  ? out.database
                            : key == "service" ? out.service
                                               : out.port) = value;
  }
  return out;
}

HookInput input_of(const std::string& command) {
  HookInput input;
  input.command = command;
  input.databases = {{"postgresql://app@db.prod.example:5432/shop", "DATABASE_URL", "db.prod.example", "5432", "shop", ""}, {"service=prod", "", "", "", "", "prod"}};
  input.environment = [](const char* name) { return std::string(name) == "PGHOST" ? "elsewhere" : std::string(name) == "HOME" ? "/home/me"
                                                                                                                              : ""; };
  input.read_file = [](const std::string& path) -> std::optional<std::string> {
    const auto found = files().find(path);
    return found == files().end() ? std::nullopt : std::optional(found->second);
  };
  input.target_of = target_of;
  return input;
}

std::optional<std::string> judged(const std::string& command) { return direct_ddl(input_of(command)); }

TEST(DirectDdl, IsNotLetThroughToTheProtectedDatabase) {
  for (const char* command : {
           "psql $DATABASE_URL -c 'DROP TABLE users'",
           "psql -f ddl.sql \"$DATABASE_URL\"",
           "psql \"$DATABASE_URL\" <<'EOF'\nDROP TABLE users;\nEOF",
           "PGHOST=db.prod.example PGDATABASE=shop psql -c 'DROP TABLE users'",
           "env PGHOST=db.prod.example psql -c 'DROP TABLE users'",
           "export PGHOST=db.prod.example; psql shop -c 'DROP TABLE users'",
           "export PGHOST=db.prod.example && psql -c 'DROP TABLE users' shop",
           "PGSERVICE=prod psql -c 'DROP TABLE users'",
           "psql service=prod -c 'DROP TABLE users'",
           "docker exec -i app psql $DATABASE_URL -c 'DROP TABLE users'",
           "docker run --rm postgres:16 psql -h db.prod.example -U app shop -c 'ALTER TABLE users ADD a int'",
           "docker compose exec db sh -c \"psql $DATABASE_URL -c 'DROP TABLE users'\"",
           "npx prisma db execute --file ddl.sql --schema prisma/schema.prisma",
           "npx prisma migrate deploy",
           "pnpm exec prisma migrate reset --force",
           "npm run prisma -- migrate deploy",
           "sh -c \"psql $DATABASE_URL -c 'DROP TABLE users'\"",
           "bash -lc 'psql $DATABASE_URL -f ddl.sql'",
           "eval \"psql $DATABASE_URL -c 'DROP TABLE users'\"",
           "DB=$DATABASE_URL; psql $DB -c 'DROP TABLE users'",
           "DB=$DATABASE_URL && psql \"$DB\" -c 'DROP TABLE users'",
           "P=psql; $P $DATABASE_URL -c 'DROP TABLE users'",
           "U=$(printenv DATABASE_URL); psql $U -c 'DROP TABLE users'",
           "psql $(printenv DATABASE_URL) -c 'DROP TABLE users'",
           "psql `echo $DATABASE_URL` -c 'DROP TABLE users'",
           "SQL='DROP TABLE users'; psql $DATABASE_URL -c \"$SQL\"",
           "echo 'DROP TABLE users' | psql $DATABASE_URL",
           "printf 'DROP TABLE users' | ssh bastion psql -h db.prod.example shop",
           "ssh bastion \"psql -h db.prod.example shop -c 'DROP TABLE users'\"",
           "sudo -u postgres psql -h db.prod.example -c 'DROP TABLE users'",
           "timeout 10 psql $DATABASE_URL -c 'DROP TABLE users'",
           "xargs -I{} psql $DATABASE_URL -c 'DROP TABLE {}'",
           "psql -d \"host=db.prod.example dbname=shop\" -c 'CREATE INDEX ON users (a)'",
           "psql -hdb.prod.example shop -c 'GRANT ALL ON users TO public'",
           "psql $DATABASE_URL -c 'SELECT 1' -c 'DROP TABLE users'",
           "psql $DATABASE_URL -c 'select * into x from users'",
           "psql $DATABASE_URL -c 'explain analyze create table x as select 1'",
           "psql $DATABASE_URL -c 'WITH x AS (SELECT 1) SELECT * INTO y FROM x'",
           "python3 -c \"import os,psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('DROP TABLE users')\"",
           "node -e \"new (require('pg').Client)(process.env.DATABASE_URL).query('DROP TABLE users')\"",
           "bash ddl.sh",
           ". ./ddl.sh",
           "psql postgresql://app@DB.PROD.EXAMPLE/shop -c 'DROP TABLE users'",
           "psql \"postgres://app@db.prod.example/shop\" -c 'DROP TABLE users'",
           "psql $DATABASE_URL -1f ddl.sql",
           "psql $DATABASE_URL -v ON_ERROR_STOP=1 -qAtXc 'DROP TABLE users'",
           "psql $DATABASE_URL -c \"DO \\$\\$ BEGIN EXECUTE 'DROP TABLE users'; END \\$\\$\"",
           "psql ${DATABASE_URL:-x} -c 'DROP TABLE users'",
           "psql ${DATABASE_URL} --command 'DROP TABLE users'",
           "PGOPTIONS= psql --host db.prod.example -d shop -c 'truncate users'",
           "pgcli $DATABASE_URL",
           "usql $DATABASE_URL -c 'DROP TABLE users'",
           "DATABASE_URL=$DATABASE_URL npx drizzle-kit push",
           "cd app && npx knex migrate:latest",
           "python manage.py migrate",
           "flask db upgrade",
           "npx sequelize-cli db:migrate",
           "sqlx migrate run",
           "migrate -path db -database $DATABASE_URL up",
           "flyway -url=jdbc:postgresql://db.prod.example/shop migrate",
           "liquibase update",
           "mix ecto.migrate",
           "atlas schema apply -u $DATABASE_URL",
           "pg_dump $DATABASE_URL | psql $DATABASE_URL",
           "(psql $DATABASE_URL -c 'DROP TABLE users')",
           "{ psql $DATABASE_URL -c 'DROP TABLE users'; }",
           "if true; then psql $DATABASE_URL -c 'DROP TABLE users'; fi",
           "true || psql $DATABASE_URL -c 'DROP TABLE users'",
           "while read t; do psql $DATABASE_URL -c \"DROP TABLE $t\"; done < t.txt",
           "$(which psql) $DATABASE_URL -c 'DROP TABLE users'",
           "command psql $DATABASE_URL -c 'DROP TABLE users'",
           "p\\sql $DATABASE_URL -c 'DROP TABLE users'",
           "\"psql\" $DATABASE_URL -c 'DROP TABLE users'",
           "psql $DATABASE_URL -c $'DROP TABLE users'",
           "psql $DATABASE_URL -c 'DROP TA''BLE users'",
           "psql $DATABASE_URL -c 'vacuum full users'",
           "psql $DATABASE_URL -c 'SELECT 1' -f ddl.sql",
           "psql \\\n $DATABASE_URL -c 'DROP TABLE users'",
           "psql \"$(grep DATABASE_URL .env | cut -d= -f2-)\" -c 'DROP TABLE users'",
           "source .env; psql \"$DATABASE_URL\" -c 'DROP TABLE users'",
           "dropdb -h db.prod.example shop",
           "kubectl exec -it pg-0 -- psql -h db.prod.example shop -c 'drop table users'",
           "psql -h db.prod.example shop --file=<(echo 'DROP TABLE users')",
           "psql $DATABASE_URL --no-psqlrc --file - < ddl.sql",
           "PGPASSWORD=x psql --username=app --host=db.prod.example --dbname=shop --command=\"alter table users add x int\"",
           "npm run migrate",
           "pnpm wipe",
           "yarn run wipe",
           "npm run db -- migrate deploy",
           "source .env && psql $OTHER -c 'DROP TABLE users'",
           "set -a; . ./.env; set +a; psql \"$OTHER\" -c 'drop table users'",
           "psql $DATABASE_URL -f mixed.sql",
           "./bin/go",
           "bash -x ddl.sh",
           "cat ddl.sql sel.sql | psql $DATABASE_URL",
           "cat <<EOF | psql $DATABASE_URL\nDROP TABLE users;\nEOF",
           "psql $DATABASE_URL <<< 'DROP TABLE users'",
           "psql $DATABASE_URL < mixed.sql",
           "cat > x.sql <<'EOF'\nDROP TABLE users;\nEOF\npsql $DATABASE_URL -f x.sql",
           "CMD=\"psql $DATABASE_URL -c\"; $CMD 'DROP TABLE users'",
           "function f { psql $DATABASE_URL -c 'DROP TABLE users'; }; f",
           "f() { psql $DATABASE_URL -c \"$1\"; }; f 'DROP TABLE users'",
           "for t in a b; do psql $DATABASE_URL -c \"DROP TABLE $t\"; done",
           "docker exec -e PGHOST=db.prod.example app psql -c 'DROP TABLE x'",
           "ssh db.prod.example psql shop -c \"'DROP TABLE users'\"",
           "ssh deploy@db.prod.example 'psql shop -c \"DROP TABLE users\"'",
           "psql 'host=a,db.prod.example dbname=shop' -c 'drop table x'",
           "psql -d postgresql://db.prod.example -c 'drop table x'",
           "psql -d shop -h 'db.prod.example' -c 'drop table x'",
           "python3 - <<EOF\nimport os,psycopg\npsycopg.connect(os.environ['DATABASE_URL']).execute('alter table users add x int')\nEOF",
           "nohup psql $DATABASE_URL -c 'DROP TABLE x' &",
           "time psql $DATABASE_URL -c 'DROP TABLE x'",
           "a=DROP; psql $DATABASE_URL -c \"$a TABLE users\"",
           "psql $DATABASE_URL -c 'SELECT 1;;DROP TABLE users'",
           "psql $DATABASE_URL -c \"/* x */ DROP TABLE users\"",
           "psql $DATABASE_URL -c '-- x\nDROP TABLE users'",
           "psql $DATABASE_URL -c 'UPDATE pg_class SET relname=1'",
           "psql $DATABASE_URL -c \"select dblink_exec('drop table x')\"",
           "psql $DATABASE_URL -c \"copy x from program 'psql'\"",
           "psql $DATABASE_URL -c '\\! psql'",
           "pg_restore -d \"$DATABASE_URL\" --clean dump.bin",
           "pg_restore --list x | psql $DATABASE_URL",
           "sudo -u postgres -- psql -h db.prod.example shop -c 'drop index x'",
           "psql \"postgresql://\"$PGX\"@db.prod.example/shop\" -c 'drop table x'",
           "psql postgresql://app@db.prod.example:5432/shop?sslmode=require -c 'drop table x'",
           "export DATABASE_URL; npx prisma migrate deploy",
           "DATABASE_URL=\"$DATABASE_URL\" npx prisma migrate deploy",
           "npx -y prisma@6 migrate deploy",
           "npx prisma@latest db push",
           "yarn prisma migrate deploy",
           "./node_modules/.bin/prisma migrate deploy",
           "node_modules/.bin/knex migrate:latest",
           "cd api; alembic -c x.ini upgrade head",
           "python -m alembic upgrade head",
           "uv run python manage.py migrate app",
           "poetry run flask db upgrade",
           "bin/rails db:migrate RAILS_ENV=production",
           "cargo sqlx migrate run",
           "npx typeorm-ts-node-esm migration:run -d x",
           "make -s && psql $DATABASE_URL -c 'drop table x'",
           "PGHOST=db.prod.example \\\n psql -c 'drop table x'",
           "psql $(cat url.txt) -c 'drop table x'",
           "env -i PGHOST=db.prod.example PGDATABASE=shop psql -c 'DROP TABLE x'",
           "echo \"DROP TABLE x\" > /tmp/a.sql && psql $DATABASE_URL -f /tmp/a.sql",
           "zsh -c \"PGHOST=db.prod.example psql -c 'drop table x'\"",
           "su postgres -c \"psql -h db.prod.example -c 'drop table x'\"",
           "watch psql $DATABASE_URL -c \"'drop table x'\"",
           "parallel psql $DATABASE_URL -c ::: 'drop table x'",
           "psql ${DATABASE_URL%/*}/shop -c 'drop table x'",
           "psql \"${!V}\" -c 'drop table x' ; V=DATABASE_URL; psql \"${!V}\" -c 'drop table x'",
           "psql $DATABASE_URL -c 'select 1' && psql $DATABASE_URL -c 'drop table y'",
           "psql -c 'drop table y' -- $DATABASE_URL",
           "coproc psql $DATABASE_URL -c 'drop table y'",
           "exec psql $DATABASE_URL -c 'drop table y'",
           "builtin eval 'psql $DATABASE_URL -c \"drop table y\"'",
           "mise exec -- psql $DATABASE_URL -c 'drop table y'",
           "direnv exec . psql $DATABASE_URL -c 'drop table y'",
           "dotenv -- psql $DATABASE_URL -c 'drop table y'",
           "op run -- psql $DATABASE_URL -c 'drop table y'",
           "yes | psql $DATABASE_URL",
           "base64 -d x | psql $DATABASE_URL",
           "psql $DATABASE_URL -c \"$(base64 -d <<< RFJPUA==)\"",
           "kubectl exec deploy/app -- sh -c 'psql \"$DATABASE_URL\" -c \"drop table y\"'",
           "psql service=shop -c 'drop table x'",
           "psql service=unheard_of -c 'drop table x'",
           "PGSERVICE=shop psql -c 'drop table x'",
           "echo 'DROP TABLE x' > sel.sql && psql $DATABASE_URL -f sel.sql",
           "sed -i s/a/b/ sel.sql; psql $DATABASE_URL -f sel.sql",
           "cat > n.sql <<'EOF'\nDROP TABLE x;\nEOF\npsql $DATABASE_URL -f n.sql",
           "echo 'DROP TABLE x' >> sel.sql && psql $DATABASE_URL -f sel.sql",
           "PGHOST=db.prod.example sh -c 'psql -c \"drop table x\"'",
           "psql postgresql://app@db.prod.example/shop -f ddl.sql",
           "cd /x && PGPASSWORD=a /usr/bin/psql -d $DATABASE_URL -Atc 'create index on users(a)'",
           "psql $DATABASE_URL -c 'select 1 \\gexec'",
           "psql $DATABASE_URL -c '\\i ddl.sql'",
           "psql $DATABASE_URL -f nowhere.sql",
           "psql $DATABASE_URL",
           "bundle exec rails db:migrate",
           "true; dbmate up",
           "psql $DATABASE_URL -cDROP\\ TABLE\\ users",
           "psql \"$DATABASE_URL\" -v ON_ERROR_STOP=1 -1 <<'SQL'\nBEGIN;\nALTER TABLE users ADD COLUMN a int;\nCOMMIT;\nSQL",
           "psql \"$DATABASE_URL\" --single-transaction --file=ddl.sql",
           "PGPASSWORD=$(cat pw) psql -U app -h db.prod.example -p 5432 -d shop -c \"CREATE INDEX CONCURRENTLY i ON users(a)\"",
           "cat ddl.sql | docker exec -i tools psql \"$DATABASE_URL\"",
           "docker run -i --rm -e PGPASSWORD=x postgres:16-alpine psql -h db.prod.example -U app -d shop < ddl.sql",
           "docker run --rm --network host -v $PWD:/w postgres psql $DATABASE_URL -f /w/ddl.sql",
           "while IFS= read -r l; do psql $DATABASE_URL -c \"$l\"; done < ddl.sql",
           "find migrations -name '*.sql' | sort | xargs -I{} psql $DATABASE_URL -f {}",
           "for f in migrations/*.sql; do psql \"$DATABASE_URL\" -f \"$f\"; done",
           "ls migrations/*.sql | while read f; do psql $DATABASE_URL < $f; done",
           "psql $DATABASE_URL -c \"$(cat <<'EOF'\nDROP TABLE users;\nEOF\n)\"",
           "set -e; export $(grep -v '^#' .env | xargs); psql $DATABASE_URL -c 'drop table x'",
           "export PGDATABASE=shop PGHOST=db.prod.example PGUSER=app\npsql -c 'drop table x'",
           "PGHOST=db.prod.example; export PGHOST; psql -c 'drop table x'",
           "psql \"host=db.prod.example port=5432 dbname=shop user=app\" <<< 'drop table x'",
           "python - <<'PY'\nimport os, sqlalchemy as sa\ne = sa.create_engine(os.environ['DATABASE_URL'])\nwith e.begin() as c:\n    c.execute(sa.text('ALTER TABLE users ADD COLUMN x int'))\nPY",
           "node --input-type=module -e \"import pg from 'pg'; const c=new pg.Client({connectionString: process.env.DATABASE_URL}); await c.connect(); await c.query('DROP TABLE users')\"",
           "node <<'EOF'\nconst {Client}=require('pg');new Client(process.env.DATABASE_URL).query(`create index i on users(a)`)\nEOF",
           "npx tsx -e \"sql(process.env.DATABASE_URL)('DROP TABLE x')\"",
           "npx prisma migrate dev --name add_x",
           "yarn prisma db push",
           "npx dotenv -e .env.production -- npx prisma migrate deploy",
           "cd packages/db && pnpm prisma migrate deploy",
           "bunx drizzle-kit push",
           "pnpm dlx prisma migrate deploy",
           "npm exec prisma migrate deploy",
           "npm exec -- prisma db push",
           "env DATABASE_URL=$DATABASE_URL bundle exec rake db:migrate",
           "docker compose run --rm web python manage.py migrate",
           "docker compose exec web bin/rails db:migrate",
           "kubectl exec deploy/web -- npx prisma migrate deploy",
           "psql $DATABASE_URL -c 'alter system set work_mem = 1'",
           "psql $DATABASE_URL -c 'create temp table x()'",
           "psql $DATABASE_URL -c 'call drop_everything()'",
           "psql $DATABASE_URL -c 'security label on table x is 1'",
           "psql $DATABASE_URL -c 'import foreign schema x from server y into z'",
           "psql $DATABASE_URL -tAc \"select 'drop table '||tablename from pg_tables\" | psql $DATABASE_URL",
           "psql $DATABASE_URL -c \"select 'drop table x' \\gexec\"",
           "psql <<EOF\n\\c $DATABASE_URL\nDROP TABLE users;\nEOF",
           "PSQL=\"psql $DATABASE_URL -v ON_ERROR_STOP=1\"\n$PSQL -f ddl.sql",
           "run() { psql \"$DATABASE_URL\" \"$@\"; }; run -c 'DROP TABLE users'",
           "alias p='psql $DATABASE_URL'; p -c 'drop table x'",
           "psql -X -w -h db.prod.example.  -c 'drop table x' shop",
           "tee x.sql <<'EOF' | psql $DATABASE_URL\nDROP TABLE x;\nEOF",
           "PGHOSTADDR=10.0.0.1 PGHOST=db.prod.example psql -c 'drop table x'",
       }) {
    EXPECT_TRUE(judged(command)) << command;
  }
  EXPECT_NE(judged("psql $DATABASE_URL -c 'DROP TABLE users'")->find("contraflow plan"), std::string::npos);
}

TEST(DirectDdl, LetsThroughWhatChangesNoSchemaOrGoesElsewhere) {
  for (const char* command : {
           "ls -l",
           "psql $DATABASE_URL -c 'SELECT count(*) FROM users'",
           "psql $DATABASE_URL -c '\\d users'",
           "psql $DATABASE_URL -f sel.sql",
           "psql $DATABASE_URL -l",
           "psql \"$DATABASE_URL\" -c \"select 'drop table x'\"",
           "psql \"$DATABASE_URL\" -c \"UPDATE users SET a = 1 WHERE id = 2\"",
           "psql postgresql://localhost/test -c 'DROP TABLE users'",
           "psql -h localhost -d test -f ddl.sql",
           "DATABASE_URL=postgresql://localhost/test npx prisma migrate dev",
           "contraflow plan --do 'soft-delete users'",
           "contraflow apply db/x --phase expand --target \"$DATABASE_URL\"",
           "git commit -m \"psql DROP TABLE users\"",
           "grep -rn 'DROP TABLE' .",
           "echo \"psql $DATABASE_URL -c 'DROP TABLE users'\" > note.txt",
           "cat ddl.sql",
           "pg_dump $DATABASE_URL -s > schema.sql",
           "npx prisma generate",
           "npx prisma format",
           "npx prisma migrate status",
           "npx prisma migrate diff --from-schema-datamodel a --to-schema-datamodel b",
           "docker exec db psql -U postgres -d test -c 'DROP TABLE x'",
           "psql --version",
           "psql --help",
           "which psql",
           "psql $DATABASE_URL_TEST -c 'DROP TABLE users'",
           "npm test",
           "sh -c \"echo hello\"",
           "bash -c 'ls'",
           "python3 -c 'print(1)'",
           "pg_isready -h db.prod.example",
           "psql \"$DATABASE_URL\" <<'EOF'\nSELECT count(*) FROM users;\nEOF",
           "echo 'SELECT 1' | psql $DATABASE_URL",
           "psql $DATABASE_URL -Atc \"SELECT id FROM users\" | head",
           "psql $DATABASE_URL -c 'SELECT 1' > out.txt 2>&1",
           "psql $DATABASE_URL -c 'EXPLAIN SELECT 1'",
           "psql $DATABASE_URL -c 'begin; select 1; commit'",
           "git log --grep=\"prisma migrate deploy\"",
           "sed -n 1,5p docs/prisma-migrate.md",
           "contraflow check db/migrations --target $DATABASE_URL",
           "PGHOST=localhost psql test -c 'DROP TABLE x'",
           "createdb -h localhost scratch",
           "rails db:migrate:status",
           "flyway info",
           "dbmate status",
           "git grep \"prisma db push\"",
           "echo 'run prisma migrate deploy later'",
           "cat <<'EOF' > notes.md\nrun psql $DATABASE_URL -c 'DROP TABLE users' by hand\nEOF",
           "npm run test",
           "npm install prisma",
           "npm run build",
           "psql $DATABASE_URL -f meta.sql",
           "source .env && psql $TESTDB -c 'DROP TABLE users'",
           "psql $DATABASE_URL < sel.sql",
           "cat sel.sql | psql $DATABASE_URL",
           "psql $DATABASE_URL <<< 'SELECT 1'",
           "psql $DATABASE_URL -c \"COPY users TO STDOUT\" > x.csv",
           "psql $DATABASE_URL -c '\\copy (select 1) to x.csv csv'",
           "psql $DATABASE_URL -c 'select 1 \\gx'",
           "psql \"$DATABASE_URL\" -c 'INSERT INTO users (a) SELECT 1'",
           "psql $DATABASE_URL -c \"WITH x AS (INSERT INTO a VALUES (1) RETURNING *) SELECT * FROM x\"",
           "docker exec app ls",
           "docker exec -i pg psql -U postgres -c 'create database t'",
           "docker compose up -d db && docker compose exec -T db psql -U postgres -d test -f /x.sql",
           "ssh build 'make test'",
           "bash -c 'for i in 1 2; do echo $i; done'",
           "bash scripts/none.sh",
           "python manage.py showmigrations",
           "python manage.py makemigrations",
           "rails g migration AddX",
           "npx prisma studio",
           "npx prisma validate && npx prisma generate",
           "sqlx prepare",
           "git log -p -S'DROP TABLE' -- db",
           "rg -n 'psql \\$DATABASE_URL'",
           "vim ddl.sql",
           "find . -name '*.sql' -exec grep -l 'DROP TABLE' {} +",
           "createdb test_1",
           "dropdb --if-exists test_1",
           "psql -U postgres -h 127.0.0.1 -p 5433 shop -c 'drop table x'",
           "PGPORT=6000 psql -h localhost x -c 'drop table x'",
           "export DATABASE_URL=postgresql://localhost/dev; npx prisma migrate dev",
           "DATABASE_URL=postgres://localhost:5433/t npm run migrate",
           "flyway -url=jdbc:postgresql://localhost/test migrate",
           "dbmate --url postgres://localhost/test up",
           "psql postgresql://localhost/shop -c 'drop table x'",
           "node -e 'console.log(1)'",
           "node -e \"console.log(process.env.DATABASE_URL)\"",
           "python3 -c \"print('CREATE TABLE x')\"",
           "contraflow mcp",
           "contraflow check - <<'EOF'\nDROP TABLE users;\nEOF",
           "cat > db/x.sql <<'EOF'\nALTER TABLE users ADD x int;\nEOF",
           "echo $DATABASE_URL",
           "echo 'ALTER TABLE x' >> notes",
           "pg_dump \"$DATABASE_URL\" | gzip > d.gz",
           "pg_dump -s $DATABASE_URL | psql postgresql://localhost/test",
           "pg_restore -l dump",
           "pg_restore -f out.sql dump",
           "apt-get install postgresql-client",
           "brew install pgcli",
           "cargo build && cargo test",
           "make migrate-docs",
           "prisma --version",
           "npx prisma migrate deploy --help",
           "x=1; y=$((x+1)); echo $y",
           "if [ -f x ]; then cat x; fi",
           "ls | xargs -n1 basename",
           "awk '{print $1}' f | sort | uniq -c",
           "",
           "   ",
           "#comment psql",
           "git commit -m 'x' -m \"$(cat <<'EOF'\nprisma migrate deploy and psql $DATABASE_URL -c 'DROP TABLE x'\nEOF\n)\"",
           "gh pr create --title x --body \"Run: psql $DATABASE_URL -c 'DROP TABLE'\"",
           "psql \"$DATABASE_URL\" -Atc \"select 'x;drop table y'\"",
           "psql \"$DATABASE_URL\" -c \"select * from audit where verb = 'create'\"",
           "psql $DATABASE_URL -c 'EXPLAIN ANALYZE SELECT * FROM users'",
           "psql $DATABASE_URL -c 'select created, dropped into_x from users'",
           "psql $DATABASE_URL -c 'fetch 1 from c'",
           "psql $DATABASE_URL -P pager=off -c 'TABLE users'",
           "timeout 5 psql $DATABASE_URL -c 'show all'",
           "psql $DATABASE_URL -c \"select now()\" -c \"select 2\"",
           "psql service=local -c 'drop table x'",
           "echo 'SELECT 2' > new.sql && psql $DATABASE_URL -f new.sql",
           "cat sel.sql; psql $DATABASE_URL -f sel.sql",
           "cat > n.sql <<'EOF'\nSELECT 1;\nEOF\npsql $DATABASE_URL -f n.sql",
           "psql $DATABASE_URL -c 'SELECT 1' 2>/dev/null >o.txt",
           "psql -d test -c 'DROP TABLE x'",
           "git commit -m 'prisma-migrate notes'",
           "psql \"$DATABASE_URL\" -c \"select count(*) from information_schema.columns where table_name='users'\"",
           "psql $DATABASE_URL -c '\\dt+' | cat",
           "psql $DATABASE_URL --csv -c 'select 1' > a.csv",
           "psql $DATABASE_URL <<'SQL'\n\\x on\nselect * from users limit 1;\n\\dt\nSQL",
           "python3 -c \"import os; print(os.environ.get('DATABASE_URL'))\"",
           "python manage.py test",
           "python manage.py runserver",
           "node server.js",
           "npx prisma db pull --print",
           "npx prisma migrate diff --from-url $DATABASE_URL --to-schema-datamodel s.prisma --script",
           "docker compose up -d postgres",
           "docker compose exec postgres psql -U postgres -c 'select 1'",
           "docker exec pg psql -U postgres -d scratch -c 'create table t()'",
           "psql -h localhost -p 5433 -d scratch <<< 'create table t()'",
           "dropdb --if-exists -h localhost scratch && createdb -h localhost scratch && psql -h localhost scratch -f ddl.sql",
           "TEST_DATABASE_URL=postgresql://localhost/t; psql $TEST_DATABASE_URL -f ddl.sql",
           "PGHOST=localhost PGDATABASE=t npx prisma migrate dev",
           "git diff | grep -i 'alter table'",
           "rg 'psql.*DROP' scripts",
           "sed -i 's/DROP TABLE/-- DROP TABLE/' ddl.sql",
           "contraflow rehearse db/x && contraflow review db/x",
           "contraflow apply db/x --target $DATABASE_URL --phase expand --yes",
           "curl -s https://example.com",
           "ls -la && pwd && git status",
           "printf 'DROP TABLE x;\\n' > down.sql",
           "cp ddl.sql db/migrations/002.sql",
           "cat .env | grep DATABASE_URL | cut -d= -f1",
           "echo \"$DATABASE_URL\" | sed 's#//.*@#//***@#'",
           "pg_dump --schema-only $DATABASE_URL -f schema.sql",
           "pg_dump $DATABASE_URL | psql -h localhost scratch",
           "pgbench -i -h localhost scratch",
           "rails test",
           "bundle exec rspec",
           "go test ./...",
           "sqlc generate",
           "flyway validate",
           "alembic history",
           "alembic revision -m 'x'",
           "goose status",
           "dbmate new add_x",
           "knex migrate:make x",
           "npx typeorm migration:generate x",
           "diesel print-schema",
           "atlas schema inspect -u $DATABASE_URL",
       }) {
    EXPECT_FALSE(judged(command)) << command << ": " << judged(command).value_or("");
  }
}

TEST(DirectDdl, WhatIsNestedTooDeeplyIsNotLetThrough) {
  EXPECT_TRUE(judged("alias psql='psql -X'; psql $DATABASE_URL -c 'DROP TABLE users'"));
  EXPECT_FALSE(judged("alias psql='psql -X'; psql $DATABASE_URL -c 'SELECT 1'"));
  std::string inner = "psql $DATABASE_URL -c drop";
  for (int i = 0; i < 20; ++i) inner = "eval eval " + inner;
  EXPECT_TRUE(judged(inner));
  EXPECT_FALSE(judged("sh -c 'sh -c \"ls\"'"));
}

TEST(DirectDdl, FilesAreThoseOfTheFolderThatTheLineIsIn) {
  EXPECT_TRUE(judged("cd db && psql $DATABASE_URL -f sel.sql"));
  EXPECT_TRUE(judged("cd $WHERE && psql $DATABASE_URL -f sel.sql"));
  EXPECT_TRUE(judged("cd db; cd ..; psql $DATABASE_URL -f nowhere.sql"));
  EXPECT_FALSE(judged("cd db && psql $DATABASE_URL -f /srv/ok.sql"));
  EXPECT_FALSE(judged("cd db && ls"));
  EXPECT_TRUE(judged("echo 'SELECT 1' > a.sql; cd db; psql $DATABASE_URL -f a.sql"));
}

TEST(DirectDdl, OfThisMachineNameAndPortTellThemApart) {
  HookInput input = input_of("psql shop -c 'drop table x'");
  input.databases = {{"postgresql://localhost:5433/shop", "", "localhost", "5433", "shop", ""}};
  input.environment = [](const char*) { return ""; };
  const auto with = [&](const char* command) {
    input.command = command;
    return direct_ddl(input).has_value();
  };
  EXPECT_FALSE(with("psql shop -c 'drop table x'"));
  EXPECT_TRUE(with("psql -p 5433 shop -c 'drop table x'"));
  EXPECT_TRUE(with("PGPORT=5433 psql shop -c 'drop table x'"));
  EXPECT_TRUE(with("psql postgresql://127.0.0.1:5433/shop -c 'drop table x'"));
  EXPECT_TRUE(with("docker exec db psql -U postgres shop -c 'drop table x'"));
  EXPECT_FALSE(with("psql -p 5433 test -c 'drop table x'"));
  EXPECT_FALSE(with("psql -h other.example -p 5433 shop -c 'drop table x'"));
}

TEST(DirectDdl, InAContainerThatIsTheHost) {
  HookInput input = input_of("");
  input.databases = {{"postgresql://app@db/shop", "SHOP_URL", "db", "", "shop", ""}};
  const auto with = [&](const char* command) {
    input.command = command;
    return direct_ddl(input).has_value();
  };
  EXPECT_TRUE(with("docker compose exec -T db psql -U postgres shop -c 'drop table x'"));
  EXPECT_TRUE(with("kubectl exec -it db -- psql -U postgres shop -c 'drop table x'"));
  EXPECT_FALSE(with("docker compose exec -T cache psql -U postgres shop -c 'drop table x'"));
  EXPECT_FALSE(with("psql -d dbname_test -h localhost -c 'drop table x'")) << "a host named db is no part of other words";
}

TEST(DirectDdl, ToolsThatRunSql) {
  HookInput input = input_of("");
  input.sql = "ALTER TABLE users DROP a";
  EXPECT_TRUE(direct_ddl(input));
  input.surely_sql = false;
  EXPECT_TRUE(direct_ddl(input));
  for (const char* text : {"create issue", "status = open", "drop", "grant access to me please", "SELECT 1"}) {
    input.sql = text;
    EXPECT_FALSE(direct_ddl(input)) << text;
  }
  input.sql = "nonsense";
  input.surely_sql = true;
  EXPECT_TRUE(direct_ddl(input)) << "what cannot be judged";
}

TEST(DirectDdl, NoLineEndsIt) {
  std::string deep, braces;
  for (int i = 0; i < 20'000; ++i) deep += "$(", braces += "${A:-";
  judged(deep);
  judged("psql " + braces);
  judged("psql $DATABASE_URL -c \"" + deep);
  std::string doubled = "a=xxxxxxxx";
  for (int i = 0; i < 200; ++i) doubled += "; a=$a$a";
  EXPECT_TRUE(judged(doubled + "; psql $DATABASE_URL -c \"$a\""));
  std::mt19937 random(20261129);
  const std::string pieces = "psql $DATABASE_URL -c 'DROP' \"x\" `a` $(b) <<EOF\n<<<x ;&|(){}#\\!$'\\x41' ${A:-b} eval sh -c ssh npm run";
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    for (int k = static_cast<int>(random() % 12); k >= 0; --k) {
      const std::size_t from = random() % pieces.size();
      line += pieces.substr(from, random() % 14);
    }
    judged(line);
  }
}

}  // namespace
}  // namespace contraflow::agent
