#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The edits of Prisma's calls for a soft delete in orm_prisma/, with the client extension and without it: what is expected is there, what is not edited is listed, and all of it compiles
# under tsc --strict against the client that the real Prisma generates. orm_prisma.sh CONTRAFLOW [NODE_MODULES]; exit 77 where Prisma is missing.
set -eu
contraflow=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
modules=$(realpath -m "${2:-$here/../../build/prisma/node_modules}")
[ -x "$modules/.bin/prisma" ] || { echo "orm_prisma: $modules has no Prisma (tools/setup.d/prisma.sh): skipped" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
chmod 755 "$work"
export PRISMA_SCHEMA_ENGINE_BINARY=/bin/true PRISMA_HIDE_UPDATE_MESSAGE=1
fail() { echo "FAIL  $1" >&2; exit 1; }
for way in '' --no-extension; do
  rm -rf "$work/app"
  cp -r "$here/orm_prisma" "$work/app"
  cd "$work/app"
  ln -s "$modules" node_modules
  printf 'node_modules\nsrc/generated\n' >.gitignore
  git init -q . && git add -A
  "$contraflow" plan --from prisma/schema.prisma --do 'soft-delete users' --out ../plan >/dev/null 2>&1 || [ -d ../plan ] || fail 'plan'
  # shellcheck disable=SC2086  # no option, or one
  "$contraflow" orm ../plan $way >'patch' 2>left || { cat left >&2; fail "orm $way"; }
  git apply patch || fail 'git apply'
  file=src/user-repository.ts
  for wanted in 'users: { some: { deletedAt: null, email } }' 'users: { none: { deletedAt: null } }' 'user: { deletedAt: null, email }' 'is: { deletedAt: null, email }' 'some: { deletedAt: null, name:' \
    'include: { users: { where: { deletedAt: null } } }' '_count: { select: { users: { where: { deletedAt: null } } } }' 'AND deleted_at IS NULL`' 'softDelete(where: Prisma.UserWhereUniqueInput)'; do
    grep -qF "$wanted" $file || { cat $file >&2; fail "orm $way: nothing like $wanted"; }
  done
  for listed in 'every }' 'counts deleted rows' 'to-one relation' 'upsert' 'nested write'; do
    grep -q "$listed" left || { cat left >&2; fail "orm $way does not list: $listed"; }
  done
  if [ -n "$way" ]; then
    for wanted in 'findUnique({ where: { deletedAt: null, id } })' 'where: { deletedAt: null, OR:' 'count({ where: { deletedAt: null } })' 'updateMany({ where: { deletedAt: null }' 'groupBy({ where: { deletedAt: null }'; do
      grep -qF "$wanted" $file || { cat $file >&2; fail "orm $way: nothing like $wanted"; }
    done
    [ "$(grep -c 'deletes rows: make it an update' left)" = 2 ] && [ "$(grep -c 'put together elsewhere' left)" = 2 ] || { cat left >&2; fail 'what cannot be edited is not listed'; }
  fi
  git diff --quiet -- src/admin || fail 'the admin page was edited'
  "$contraflow" orm ../plan $way >again 2>/dev/null
  [ ! -s again ] || { cat again >&2; fail "orm $way is not done after one patch"; }
  "$modules/.bin/prisma" generate --schema prisma/schema.prisma >/dev/null 2>log || { cat log >&2; fail 'prisma generate'; }
  "$modules/.bin/tsc" --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node src/*.ts src/admin/*.ts || fail 'tsc --strict'
  echo "PASS  orm $way"
done
