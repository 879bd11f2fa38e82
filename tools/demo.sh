#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plans examples/shop, runs the plan on a server of its own and proves both directions; leaves nothing behind.
# Usage: tools/demo.sh PROGRAM        (make demo)
# The judges are pg_dump, psql and cmp: nothing of contraflow's own.
set -euo pipefail

program=$(realpath "$1")
shop=$(cd "$(dirname "$0")/../examples/shop" && pwd)
work=$(mktemp -d /tmp/contraflow-demo-XXXXXX)
bold='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; fi
failed=0

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
verdict() {  # verdict STATUS TEXT
  if [ "$1" = 0 ]; then printf '  %sPASS%s  %s\n' "$green" "$plain" "$2"; else printf '  %sFAIL%s  %s\n' "$red" "$plain" "$2"; failed=1; fi
}

# ---- a server of its own: initdb and postgres refuse root, so they run as an ordinary user on a private Unix socket

bin=
for folder in /usr/lib/postgresql/*/bin; do [ -x "$folder/initdb" ] && bin=$folder; done
[ -n "$bin" ] || bin=$(pg_config --bindir)
as=()
if [ "$(id -u)" = 0 ]; then
  user=postgres; id -u $user >/dev/null 2>&1 || user=nobody
  chown $user "$work"; as=(setpriv --reuid="$(id -u $user)" --regid="$(id -g $user)" --clear-groups)
fi
server=
finish() {
  if [ -n "$server" ]; then kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  cd /; rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
chmod 711 "$work"; cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U postgres -A trust -N -E UTF8 --locale=C >"$work/initdb.log"
"${as[@]}" "$bin/postgres" -D "$work/data" -k "$work" -c listen_addresses= -c fsync=off >"$work/log" 2>&1 &
server=$!
for variable in $(compgen -v PG); do unset "$variable"; done
export PGHOST=$work PGUSER=postgres PGDATABASE=postgres
for _ in $(seq 100); do psql -Xqc '' 2>/dev/null && break; sleep 0.1; done

run() { psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$2" >"$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }; }
dump() { pg_dump --schema-only -d "$1" | sed '/^\\\(un\)\?restrict /d'; }
rows() {  # a checksum per table
  psql -XqAt -d "$1" -c "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1" |
    while read -r t; do psql -XqAt -d "$1" -c "select '$t', count(*), md5(string_agg(t::text, ',' order by t::text)) from public.\"$t\" t"; done
}
forward() { for f in "$work"/plan/[0-9]_*.sql; do case $f in *.rollback.sql) ;; *) run shop "$f" || return 1 ;; esac; done; }
# The plan names the tables whose columns end in another order; in those, and only there, a line's place does not count.
ordered() {
  python3 -c '
import json, re, sys
tables = json.load(open(sys.argv[1]))["column_order_differs"]
def body(m):
    return m[1] + "\n".join(sorted(l.rstrip(",") for l in m[3].split("\n"))) if m[2] in tables else m[0]
print(re.sub(r"(CREATE TABLE (\S+) \(\n)(.*?)(?=\n\))", body, sys.stdin.read(), flags=re.S), end="")' "$work/plan/plan.json"
}

say "1  contraflow plan --from examples/shop/before.sql --to examples/shop/after.sql"
seconds=$(date +%s%N)
"$program" plan --from "$shop/before.sql" --to "$shop/after.sql" --name next_release --out "$work/plan" >"$work/overview" 2>"$work/errors" ||
  { cat "$work/overview" "$work/errors"; exit 1; }
seconds=$(( ($(date +%s%N) - seconds) / 10000000 ))
grep -vE '^      |^note|^$' "$work/overview" | cut -c1-140
printf '  in %d.%02d s; the folder: %s\n' $((seconds / 100)) $((seconds % 100)) "$(cd "$work/plan" && echo *)" | fold -s -w 140

say "2  A server with the deployed schema and $(grep -c INSERT "$shop/rows.sql") filled tables; every file under plain psql"
psql -Xqc 'create database shop' -c 'create database wanted'
run shop "$shop/before.sql"; run shop "$shop/rows.sql"; run wanted "$shop/after.sql"
dump shop >prior.sql; rows shop >prior.rows; dump wanted >wanted.sql

status=0; forward || status=1
verdict $status "every forward file runs"
dump shop >reached.sql
if cmp -s reached.sql wanted.sql; then verdict 0 "pg_dump --schema-only equals that of after.sql, to the byte"
else
  status=0; diff <(ordered <wanted.sql) <(ordered <reached.sql) || status=1
  order=$(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["column_order_differs"])' plan/plan.json)
  verdict $status "pg_dump --schema-only equals that of after.sql but for the column order of ${order:-nothing}, as the plan says"
fi
rows shop >reached.rows
status=0; forward || status=1
dump shop >again.sql; rows shop >again.rows
cmp -s reached.sql again.sql && cmp -s reached.rows again.rows || status=1
verdict $status "every file a second time: nothing changes"
status=0; "$program" plan --from "host=$work dbname=shop user=postgres" --to "host=$work dbname=wanted user=postgres" --out "$work/none" 2>&1 | grep -q 'no changes' || status=1
verdict $status "planning again finds no changes"

say "3  The way back"
# All phases run: what purge removed comes back empty. So the rows are judged on a second run that stops before purge.
back() { for f in $(printf '%s\n' "$work"/plan/*.rollback.sql | sort -r); do run shop "$f" || return 1; done; }
status=0; back || status=1
dump shop >back.sql; cmp prior.sql back.sql || status=1
verdict $status "all rollback files: pg_dump --schema-only equals that of before.sql, to the byte"
psql -Xqc 'drop database shop' -c 'create database shop'
run shop "$shop/before.sql"; run shop "$shop/rows.sql"; rows shop >prior.rows
mkdir purge; mv plan/*purge*.sql purge/ 2>/dev/null || true
status=0; forward && back || status=1
dump shop >back.sql; cmp prior.sql back.sql || status=1
verdict $status "back from every phase before purge: the schema, to the byte"
rows shop >back.rows
status=0; diff prior.rows back.rows || status=1
verdict $status "                                   and every row: $(awk -F'|' '{n += $2} END {print n}' prior.rows) in $(wc -l <prior.rows) tables, by checksum"

echo
if [ $failed = 0 ]; then echo "All proofs hold. Nothing is left behind: the server and $work are gone."; else echo "A proof failed."; fi
exit $failed
