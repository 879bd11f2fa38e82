#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/app from intent to patched code: tools/app_journey.sh CONTRAFLOW [NODE_MODULES]
# NODE_MODULES holds prisma, @prisma/client, @prisma/adapter-pg, vitest and typescript (tools/setup.d/prisma.sh fetches them). Exit 77 where it is missing.
set -eu

contraflow=$(realpath "$1")
tools=$(cd "$(dirname "$0")" && pwd)
modules=$(realpath -m "${2:-$tools/../build/prisma/node_modules}")
if [ ! -x "$modules/.bin/prisma" ]; then
  echo "app_journey: $modules has no Prisma (tools/setup.d/prisma.sh): skipped" >&2
  exit 77
fi

work=$(mktemp -d)
server=''
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT INT TERM
chmod 755 "$work"
cp -r "$tools/../examples/app" "$work/app"
ln -s "$modules" "$work/app/node_modules"
cd "$work/app"
printf 'node_modules\nsrc/generated\n' >.gitignore
git init -q . && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm 'deployed'

# Any file that exists stands for the schema engine, which only `migrate` needs and which cannot be downloaded everywhere.
export PRISMA_SCHEMA_ENGINE_BINARY=/bin/true PRISMA_HIDE_UPDATE_MESSAGE=1
prisma=$modules/.bin/prisma
fail() { echo "FAIL  $1" >&2; exit 1; }
pass() { echo "PASS  $1"; }

"$contraflow" plan --from prisma/schema.prisma --to prisma/schema.prisma >same 2>/dev/null && grep -q 'no changes' same && pass 'schema.prisma against itself: no changes' || fail 'schema.prisma differs from itself'
"$contraflow" queries users --no-cache --format json >queries.json 2>/dev/null
sites=$(grep -c '"origin"' queries.json)
[ "$sites" = 10 ] && pass "queries: the 10 places that touch users" || fail "queries found $sites places that touch users, not 10"
"$contraflow" plan --from prisma/schema.prisma --do 'soft-delete users; add-enum-column users.tier subscription_tier(free,basic,pro) default free' --out plan >/dev/null 2>notes ||
  { cat notes >&2; fail 'plan'; }
pass 'plan: soft delete and a tier'
"$contraflow" queries users --plan plan >proof 2>&1 || [ $? = 1 ] || fail "queries --plan: its exit"
grep -A1 '^  5:16 .*SELECT \*  login$' proof | grep -q 'broken after expand: cached plan must not change result type' && grep -q '; 1 broken, 0 unknown, 9 proven$' proof &&
  pass 'queries --plan: a prepared SELECT * breaks, and nothing else' || { cat proof >&2; fail 'queries --plan'; }

if [ -x "$modules/.bin/vitest" ]; then
  "$prisma" generate --schema prisma/schema.prisma >/dev/null 2>log || { cat log >&2; fail 'prisma generate for the tests'; }
  "$contraflow" tests plan --schema prisma/schema.prisma --out suite --run >tests 2>&1 && grep -q '0 failed' tests && [ -f suite/1_expand.phase.ts ] &&
    pass "tests: Vitest over the project's own client, in every phase and after every rollback" || { cat tests >&2; fail 'tests --stack vitest'; }
  "$modules/.bin/tsc" --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node suite/*.ts && pass 'the tests compile under tsc --strict' || fail 'tsc of the tests'
  cp -r plan mutant
  sed -i "s/DEFAULT 'free'/DEFAULT 'basic'/" mutant/1_expand.sql
  "$contraflow" tests mutant --schema prisma/schema.prisma --suite suite --run >tests 2>&1 && fail 'a plan with a wrong default passed its tests'
  grep -q "a row of the deployed version has 'free' in tier" tests && pass 'a wrong default fails them' || { cat tests >&2; fail 'the wrong default is not what failed'; }
  rm -rf suite mutant
else
  echo "app_journey: $modules has no Vitest: its tests are skipped" >&2
fi

# A second repository, which spells out the types of its rows.
cat >src/user-store.ts <<'TS'
import { type PrismaClient } from './generated/prisma/client';

export class UserStore {
  constructor(private readonly prisma: PrismaClient) {}

  async add(
    data: {
      email: string;
      passwordHash: string;
    },
  ): Promise<{ id: number, email: string }> {
    return this.prisma.user.create({ data });
  }

  async rename(id: number, change: { name: string }) {
    return this.prisma.user.update({ where: { id }, data: change });
  }

  async ids(): Promise<{ id: number }[]> {
    return this.prisma.user.findMany({ select: { id: true } });
  }
}
TS
git add src/user-store.ts
"$contraflow" orm plan >'patch' 2>left || { cat left >&2; fail 'orm'; }
git apply --check patch && git apply patch && pass 'orm: the patch applies'
grep -q 'to-one relation' left && pass 'orm names the read that no filter reaches' || { cat left >&2; fail 'orders with buyers are not named'; }
grep -q '^      tier?: SubscriptionTier | null;$' src/user-store.ts && grep -q 'id: number, email: string, tier: SubscriptionTier | null }>' src/user-store.ts && grep -q 'name: string; tier?: SubscriptionTier | null })' src/user-store.ts &&
  grep -q 'Promise<{ id: number }\[\]>' src/user-store.ts && grep -q '^import type { Prisma, SubscriptionTier }' src/user-repository.ts && pass 'orm: the new enum type in the inputs and outputs of repositories' || { cat src/user-store.ts >&2; fail 'the enum type in repositories'; }
git diff --quiet -- src/admin && pass 'the admin page is left alone' || fail 'the admin page was changed'
"$contraflow" orm plan >again 2>/dev/null
[ ! -s again ] && pass 'orm a second time: nothing to change' || { cat again; fail 'orm is not done after one patch'; }

cp prisma/schema.prisma formatted.prisma
"$prisma" format --schema formatted.prisma >/dev/null 2>&1 && cmp -s prisma/schema.prisma formatted.prisma && pass 'prisma format changes nothing' || fail 'prisma format differs'
"$prisma" validate --schema prisma/schema.prisma >/dev/null 2>log && pass 'prisma validate' || { cat log >&2; fail 'prisma validate'; }
"$prisma" generate --schema prisma/schema.prisma >/dev/null 2>log && pass 'prisma generate' || { cat log >&2; fail 'prisma generate'; }
"$modules/.bin/tsc" -p . && pass 'tsc --strict' || fail 'tsc'
if [ -x "$modules/.bin/vitest" ]; then
  # The patched code: its raw statements as they stand, its calls through the real client with the extension.
  git show HEAD:prisma/schema.prisma >before.prisma
  "$contraflow" tests plan --schema before.prisma --out suite --run >tests 2>&1 && grep -q 'await finds((client) => client.user.findUnique' suite/1_expand_reads.phase.ts &&
    pass 'tests: the reads of the code find nothing of a deleted user, the admin page still does' || { cat tests >&2; fail 'tests of the reads'; }
  "$modules/.bin/tsc" --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node suite/*.ts && pass 'they compile under tsc --strict' || fail 'tsc of the reads'
  rm -rf suite
  cp src/login.ts login.kept && cp src/soft-delete.ts extension.kept
  sed -i 's/ AND deleted_at IS NULL//' src/login.ts
  sed -i '/findUnique(/,/^ *},/ s/deletedAt: null, //' src/soft-delete.ts
  "$contraflow" tests plan --schema before.prisma --run >tests 2>&1 && fail 'a login without its condition passed the tests'
  grep -q 'login (src/login.ts:5) finds nothing of a deleted row' tests && grep -q 'findByEmail (src/user-repository.ts:8) finds nothing' tests &&
    pass 'a login and a client extension without their condition fail them' || { cat tests >&2; fail 'the missing conditions are not what failed'; }
  mv login.kept src/login.ts && mv extension.kept src/soft-delete.ts
fi

# A server of its own, with the deployed schema and the plan's files under psql.
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
run() { "$@"; }
mkdir "$work/pg"
if [ "$(id -u)" = 0 ]; then
  chown postgres "$work/pg"
  run() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
fi
run "$bin/initdb" -D "$work/pg/data" -U postgres -A trust -N >/dev/null 2>&1
run "$bin/postgres" -D "$work/pg/data" -c listen_addresses= -c "unix_socket_directories=$work/pg" -c fsync=off >"$work/log" 2>&1 &
server=$!
export PGHOST="$work/pg" PGUSER=postgres PGDATABASE=postgres
for _ in $(seq 100); do psql -qXc 'select 1' >/dev/null 2>&1 && break; sleep 0.1; done
git show HEAD:prisma/schema.prisma >deployed.prisma
psql -qX -v ON_ERROR_STOP=1 -f "$tools/../examples/app/deployed.sql" >/dev/null
"$contraflow" plan --from "host=$work/pg user=postgres dbname=postgres" --to deployed.prisma 2>/dev/null | grep -q 'no changes' && pass 'the deployed database is what schema.prisma says' || fail 'deployed.sql is not schema.prisma'
for file in plan/[1-4]_*.sql; do
  case $file in *.rollback.sql) continue ;; esac
  psql -qX -v ON_ERROR_STOP=1 -f "$file" >/dev/null 2>log || { cat log >&2; fail "$file"; }
done
cp "$tools/../examples/app/journey.ts.txt" src/journey.ts
"$modules/.bin/tsc" -p . || fail 'tsc of the journey'
"$modules/.bin/esbuild" src/journey.ts --bundle --platform=node --format=esm --packages=external --outfile=journey.mjs --log-level=error
node journey.mjs
