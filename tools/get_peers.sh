#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the tools that the benchmarks compare with, below DIR (default: build/peers), each from its registry, and prints those that are there:
#   tools/get_peers.sh [DIR]
# pg-delta and squawk come from npm, pg-schema-diff and pgroll through Go, migra from PyPI. One whose toolchain is missing here is named on standard error.
set -eu
dir=${1:-build/peers}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

missing() { echo "get_peers.sh: no $1: $2" >&2; }

if [ ! -x "$dir/node_modules/.bin/pgdelta" ]; then
  command -v npm >/dev/null || missing pg-delta "npm is not installed"
  npm install --silent --no-fund --no-audit --prefix "$dir" @supabase/pg-delta@1.0.0-alpha.34 >/dev/null 2>&1 || missing pg-delta "npm install failed"
fi
# $1: the program; $2 its module, $3 the version, $4 the folder of its main package in the module.
# Built from the module's own folder: `go install` would ask the proxy for a list of versions, which it does not give.
from_go() {
  [ ! -x "$dir/bin/$1" ] || return 0
  command -v go >/dev/null || { missing "$1" "go is not installed"; return 0; }
  work=$(mktemp -d)
  (cd "$work" && go mod init peers && go get "$2@$3" && cp -r "$(go list -m -f '{{.Dir}}' "$2")" source && chmod -R u+w source &&
    cd "source/$4" && go build -o "$dir/bin/$1" .) >/dev/null 2>&1 || missing "$1" "its build failed"
  rm -rf "$work"
}
from_go pg-schema-diff github.com/stripe/pg-schema-diff v1.0.5 cmd/pg-schema-diff
from_go pgroll github.com/xataio/pgroll v0.12.0 .
if [ ! -x "$dir/migra/bin/migra" ]; then
  { python3 -m venv "$dir/migra" && "$dir/migra/bin/pip" install -q 'setuptools<80' migra psycopg2-binary 'psycopg[binary]'; } >/dev/null 2>&1 || missing migra "pip install failed"
fi
if [ ! -x "$dir/node_modules/@squawk-cli/linux-x64/bin/squawk" ]; then
  npm install --silent --no-fund --no-audit --prefix "$dir" squawk-cli@2.66.0 >/dev/null 2>&1 || missing squawk "npm install failed"
fi
for tool in node_modules/.bin/pgdelta bin/pg-schema-diff migra/bin/migra; do
  [ ! -x "$dir/$tool" ] || echo "$dir/$tool"
done
