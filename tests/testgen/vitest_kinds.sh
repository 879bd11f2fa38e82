#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vitest stack over Prisma's client, for one plan of seven kinds (a new enum value, a default, a unique rule, a foreign key, a view, a function, a policy): vitest_kinds.sh CONTRAFLOW [NODE_MODULES].
# Its tests are green on the plan, and each part of it that is broken fails them. Exit 77 where Prisma or Vitest is missing.
set -eu
contraflow=$(realpath "$1")
modules=$(realpath -m "${2:-$(dirname "$0")/../../build/prisma/node_modules}")
for program in prisma vitest; do
  [ -x "$modules/.bin/$program" ] || { echo "vitest_kinds: $modules has no $program (tools/setup.d/prisma.sh): skipped" >&2; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
chmod 755 "$work"
cd "$work"
ln -s "$modules" node_modules
mkdir prisma
echo '{"private": true, "type": "module", "devDependencies": {"vitest": "3"}, "dependencies": {"@prisma/client": "7", "@prisma/adapter-pg": "7"}}' >package.json
printf 'node_modules\nsrc/generated\n' >.gitignore
cat >prisma/schema.prisma <<'PRISMA'
generator client {
  provider = "prisma-client"
  output   = "../src/generated/prisma"
}

datasource db {
  provider = "postgresql"
}

model User {
  id     Int     @id
  email  String  @unique
  tier   Tier    @default(free)
  orders Order[]

  @@map("users")
}

model Order {
  id     Int    @id
  number String
  amount Int
  userId Int    @map("user_id")
  user   User   @relation(fields: [userId], references: [id])
  giver  Int?

  @@map("orders")
}

enum Tier {
  free
  pro

  @@map("tier")
}
PRISMA
git init -q . && git add -A  # the desired schema is no part of the code base
cat >before.sql <<'SQL'
CREATE TYPE tier AS ENUM ('free', 'pro');
CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL, tier tier NOT NULL DEFAULT 'free');
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE TABLE orders (id integer PRIMARY KEY, number text NOT NULL, amount integer NOT NULL, user_id integer NOT NULL REFERENCES users ON UPDATE CASCADE ON DELETE RESTRICT, giver integer);
CREATE VIEW payers AS SELECT id, email FROM users WHERE tier = 'pro';
CREATE FUNCTION fee(amount integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT amount / 10';
SQL
sed -e "s/'free', 'pro'/'free', 'pro', 'team'/" -e "s/DEFAULT 'free'/DEFAULT 'pro'/" -e 's/giver integer/giver integer REFERENCES users ON UPDATE CASCADE ON DELETE SET NULL/' \
  -e "s/tier = 'pro'/tier <> 'free'/" -e 's,amount / 10,amount / 5,' before.sql >after.sql
cat >>after.sql <<'SQL'
CREATE UNIQUE INDEX orders_number_key ON orders (number);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY large ON orders USING (amount > 0);
SQL
PRISMA_SCHEMA_ENGINE_BINARY=/bin/true PRISMA_HIDE_UPDATE_MESSAGE=1 "$modules/.bin/prisma" generate --schema prisma/schema.prisma >/dev/null 2>log || { cat log >&2; exit 1; }
"$contraflow" plan --from before.sql --to after.sql --out plan >/dev/null 2>log || { cat log >&2; exit 1; }
fail() { cat tests >&2; echo "FAIL  $1" >&2; exit 1; }
"$contraflow" tests plan --schema before.sql --stack vitest --out suite --run >tests 2>&1 || fail 'its own tests fail on the plan'
for said in 'orders_number_key' 'orders_giver_fkey' 'public.tier takes' "has 'pro' in tier" 'view public.payers' 'public.fee(' 'row security of table public.orders'; do
  cat suite/*.phase.ts | grep -q "$said" || fail "no test speaks of $said"
done
grep -q ' 0 failed' tests && echo "PASS  $(tail -1 tests)"
# One broken plan with a fault of each kind: every one must be told.
cp -r plan mutant
sed -i -e "s/SET DEFAULT 'pro'/SET DEFAULT 'free'/" -e '/ADD VALUE/d' -e '/ADD CONSTRAINT orders_giver_fkey/d' -e 's/CREATE UNIQUE INDEX/CREATE INDEX/' -e "s/tier <> 'free'/tier = 'free'/" -e 's,amount / 5,amount / 6,' -e '/^CREATE POLICY large/d' mutant/1_expand.sql mutant/3_contract.sql
"$contraflow" tests mutant --schema before.sql --suite suite --run >tests 2>&1 && fail 'a broken plan passes'
for said in "takes 'team'" "it has 'pro' in tier" 'orders_number_key forbids' 'orders_giver_fkey forbids' 'view public.payers: its rows' 'routine public.fee(integer): public.fee(' 'table public.orders'; do
  grep -q "$said" tests && echo "PASS  told: $said" || fail "not told: $said"
done
