#!/bin/sh
# pgTAP and pg_prove, by which the tests that `contraflow tests` writes are run; without them testgen.mutants is reported as skipped.
set -eu
command -v pg_prove >/dev/null && [ -e /usr/share/postgresql/15/extension/pgtap.control ] && exit 0
command -v apt-get >/dev/null || exit 0
if [ "$(id -u)" = 0 ]; then sudo=''; elif command -v sudo >/dev/null; then sudo='sudo'; else exit 0; fi
log=$(mktemp)
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 3; }
rm -f "$log"
