#!/bin/sh
# Servers of the other majors for the version matrix: build/servers. A machine without npm or a network still runs the other
# tests; those of a missing major are reported as skipped.
set -u
tools=$(cd "$(dirname "$0")/.." && pwd)
servers=$tools/../build/servers
for major in 14 16 17 18; do
  set -- "$servers/$major".*/native/bin/postgres /var/cache/contraflow/servers/"$major".*/native/bin/postgres
  [ -x "$1" ] || [ -x "$2" ] || missing="${missing:-} $major"
done
[ -n "${missing:-}" ] || exit 0
if ! command -v npm >/dev/null; then
  if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
  echo "setup: installing npm, for PostgreSQL$missing" >&2
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null 2>&1
fi
# shellcheck disable=SC2086
"$tools/get_servers.sh" "$servers" $missing >/dev/null ||
  echo "setup: PostgreSQL$missing could not be fetched; the version matrix is not tested on them" >&2
