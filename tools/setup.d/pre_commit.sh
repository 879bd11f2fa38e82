#!/bin/sh
# The real pre-commit (PyPI), which runs the hook that .pre-commit-hooks.yaml offers, and check-jsonschema, which has the schema of GitHub's actions: build/pre-commit.
# Without them check.pre_commit and package.action are reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/pre-commit
[ -x "$folder/bin/pre-commit" ] && [ -x "$folder/bin/check-jsonschema" ] && exit 0
if ! python3 -c 'import ensurepip' 2>/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi; }
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null 2>&1
fi
{ python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check pre-commit==4.7.0 check-jsonschema==0.31.0; } >/dev/null 2>&1 || {
  rm -rf "$folder"
  echo "setup: pre-commit and check-jsonschema could not be fetched from PyPI; the hook definition and the action are not tested by them" >&2
}
