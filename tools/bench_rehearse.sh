#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long `contraflow rehearse` takes: a plan on a schema of 200 tables without data, and a hand-written migration on a million rows.
#   tools/bench_rehearse.sh BUILD        seconds, the median of three, with the most memory that any one of its processes had (the servers’ shared buffers count); sandbox start and loading included
set -eu
binary=$(realpath "$1")/contraflow
here=$(cd "$(dirname "$0")/.." && pwd)
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd "$home"
python3 "$here/bench/generate_schema.py" 200 > old.sql
{ cat old.sql; echo "ALTER TABLE $(sed -n 's/^CREATE TABLE \([a-z0-9_."]*\).*/\1/p' old.sql | sed -n 7p) ADD COLUMN bench_note text;"
  for i in 1 2 3 4 5 6 7 8 9; do echo "CREATE TABLE bench_new_$i (id bigint PRIMARY KEY);"; done; } > new.sql
"$binary" plan --from old.sql --to new.sql --out plan >/dev/null 2>&1
cat > before.sql <<'SQL'
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name varchar(40), created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, amount numeric(10,2) NOT NULL, note text);
SQL
echo "ALTER TABLE users ADD COLUMN tier text NOT NULL DEFAULT 'free'; CREATE INDEX orders_user ON orders (user_id);" > m.sql
echo "DROP INDEX orders_user; ALTER TABLE users DROP COLUMN tier;" > m.rollback.sql
measure() { # what, command…
  what=$1; shift
  for _ in 1 2 3; do /usr/bin/time -f '%e s, %M kB' "$@" 2>&1 >/dev/null | tail -n 1; done | sort -n | sed -n 2p | sed "s/^/$what: /"
}
measure "plan of $(grep -c '"id":' plan/plan.json) steps, 200 tables, no rows" "$binary" rehearse plan --schema old.sql --no-rows
measure "1,000,000 rows" "$binary" rehearse m.sql --schema before.sql --rows users=5e5 --rows orders=5e5
