#!/bin/sh
# Speed of `contraflow plan` as ratios to `pg_dump -s` in the same run, on generated schemas (bench/generate_schema.py).
#   tools/bench.sh BUILD [TABLES…]      default: 100 1000 5000; BUILD has contraflow and introspection_bench
# `read` is one connection and one introspection inside the program; `plan` is the whole command, for a change of ten tables.
# At the end `contraflow check` beside squawk: many statements in one file, many small files (bench/check_speed.py).
# Then `contraflow queries TABLE` over a code base, beside ripgrep (bench/queries_speed.py).
# `peers` times the same change with other tools (tools/get_peers.sh): how many times as long each takes. PEERS=DIR has them already; PEERS=none leaves them out.
set -eu
build=$(realpath "$1")
binary=$build/contraflow
shift
[ $# -gt 0 ] || set -- 100 1000 5000
here=$(cd "$(dirname "$0")/.." && pwd)
bindir=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bindir/initdb" ] || bindir=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
home=$(mktemp -d)
user=postgres
id "$user" >/dev/null 2>&1 || user=nobody
[ "$(id -u)" -eq 0 ] && as="runuser -u $user --" || as=""
[ -z "$as" ] || chown "$user" "$home"
cleanup() { $as "$bindir/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$home"; }
trap cleanup EXIT INT TERM
$as "$bindir/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null
$as "$bindir/pg_ctl" -D "$home/data" -w -l "$home/log" -o "-c listen_addresses='' -k $home -c fsync=off -c max_locks_per_transaction=4096 -c jit=off" start >/dev/null
export PGHOST="$home" PGUSER=postgres PGDATABASE=postgres

seconds() { # the median of five runs, in seconds
  for _ in 1 2 3 4 5; do
    begin=$(date +%s%N)
    "$@" >/dev/null 2>&1
    end=$(date +%s%N)
    echo $(( (end - begin) / 1000000 ))
  done | sort -n | sed -n 3p
}

peers=
[ "${PEERS:-}" = none ] || peers=$("$here/tools/get_peers.sh" "${PEERS:-$here/build/peers}")
temp="postgresql:///postgres?host=$home&user=postgres"

printf '%8s %12s %10s %10s %12s %12s\n' tables 'pg_dump ms' 'read ms' 'plan ms' 'read/pg_dump' 'plan/pg_dump'
for tables in "$@"; do
  for which in old new; do
    "$bindir/psql" -X -q -c "CREATE DATABASE ${which}_$tables"
    if [ "$which" = new ]; then changed=--changed; else changed=; fi
    python3 "$here/bench/generate_schema.py" "$tables" $changed | "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -d "${which}_$tables"
    "$bindir/psql" -X -q -d "${which}_$tables" -c ANALYZE
  done
  old="postgresql:///old_$tables?host=$home&user=postgres"
  new="postgresql:///new_$tables?host=$home&user=postgres"
  dump=$(seconds "$bindir/pg_dump" -s -d "old_$tables")
  read=$(CONTRAFLOW_BENCH_URL=$old "$build/introspection_bench" --benchmark_repetitions=5 --benchmark_report_aggregates_only=true \
    --benchmark_format=csv 2>/dev/null | sed -n 's/^"introspection.*_median",[^,]*,\([0-9.]*\).*/\1/p')
  plan=$(seconds sh -c 'rm -rf "$4/plan" && "$1" plan --from "$2" --to "$3" --out "$4/plan"' sh "$binary" "$old" "$new" "$home")
  printf '%8s %12s %10s %10s %12s %12s\n' "$tables" "$dump" "$read" "$plan" \
    "$(echo "scale=2; $read / $dump" | bc)" "$(echo "scale=2; $plan / $dump" | bc)"
  for peer in $peers; do
    # The median of three runs, one where it takes over five seconds, two minutes at most. pg-schema-diff would also run its plan on a copy (199 s at 1,000 tables): left out here, as contraflow's proof is.
    case $peer in
      */pgdelta) set_peer() { timeout 120 "$peer" plan --source "$old" --desired "$new" --out "$home/peer.json"; } ;;
      */pg-schema-diff) set_peer() { timeout 120 "$peer" plan --disable-plan-validation --from-dsn "$old" --to-dsn "$new" --temp-db-dsn "$temp"; } ;;
      */migra) set_peer() { timeout 120 "$peer" --unsafe "$old" "$new"; } ;;
    esac
    status=0
    runs=
    for _ in 1 2 3; do
      begin=$(date +%s%N)
      set_peer >"$home/peer.out" 2>"$home/peer.err" || status=$?
      peer_ms=$(( ($(date +%s%N) - begin) / 1000000 ))
      runs="$runs $peer_ms"
      [ "$peer_ms" -lt 5000 ] || break
    done
    # shellcheck disable=SC2086
    [ "$peer_ms" -ge 5000 ] || peer_ms=$(printf '%s\n' $runs | sort -n | sed -n 2p)
    # migra exits 2 where there are differences, as diff does with 1.
    if [ "$status" -eq 0 ] || { [ "$status" -eq 2 ] && [ "${peer##*/}" = migra ]; }; then
      printf '%8s %s: %s ms, %s times as long\n' '' "${peer##*/}" "$peer_ms" "$(echo "scale=1; $peer_ms / $plan" | bc)"
    else
      [ "$status" -ne 124 ] || { printf '%8s %s: not done after %s ms, more than %s times as long\n' '' "${peer##*/}" "$peer_ms" "$(echo "scale=1; $peer_ms / $plan" | bc)"; continue; }
      printf '%8s %s: failed after %s ms: %s\n' '' "${peer##*/}" "$peer_ms" "$(tail -n 1 "$home/peer.err")"
    fi
  done
done

squawk=${PEERS:-$here/build/peers}/node_modules/@squawk-cli/linux-x64/bin/squawk
[ -x "$squawk" ] && set -- --squawk "$squawk" || set --
python3 "$here/bench/check_speed.py" --bin "$binary" "$@"
# `contraflow queries TABLE` over a million generated lines, cold and warm, beside ripgrep.
python3 "$here/bench/queries_speed.py" --bin "$binary"
