#!/bin/sh
# dpkg-dev, with which CPack finds what the .deb depends on; without it package.clean_root is reported as skipped.
set -eu
command -v dpkg-shlibdeps >/dev/null && exit 0
command -v apt-get >/dev/null || exit 0
if [ "$(id -u)" = 0 ]; then sudo=''; elif command -v sudo >/dev/null; then sudo='sudo'; else exit 0; fi
log=$(mktemp)
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dpkg-dev >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 3; }
rm -f "$log"
