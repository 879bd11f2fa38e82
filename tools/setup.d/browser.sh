#!/bin/sh
# Chromium (Debian's package) and playwright-core (npm), in which the test rehearse.report opens the HTML report: build/browser. Where either cannot be had,
# the other tests still run and that one is reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/browser
if ! command -v chromium >/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi; }
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 ||
    { echo "setup: Debian's chromium could not be installed; the HTML report is not tested" >&2; exit 0; }
fi
[ -d "$folder/node_modules/playwright-core" ] && exit 0
command -v npm >/dev/null || { echo "setup: npm is missing: the HTML report is not tested" >&2; exit 0; }
mkdir -p "$folder"
echo '{"private": true}' >"$folder/package.json"
(cd "$folder" && npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.56 >/dev/null 2>&1) ||
  echo "setup: playwright-core could not be fetched from npm; the HTML report is not tested" >&2
chmod -R a+rX "$folder"
