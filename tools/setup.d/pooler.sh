#!/bin/sh
# pgbouncer, through which `apply` is tested; without it that test says that it is missing.
set -eu
[ -x /usr/sbin/pgbouncer ] && exit 0
command -v apt-get >/dev/null || exit 0
if [ "$(id -u)" = 0 ]; then sudo=''; elif command -v sudo >/dev/null; then sudo='sudo'; else exit 0; fi
log=$(mktemp)
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 3; }
rm -f "$log"
