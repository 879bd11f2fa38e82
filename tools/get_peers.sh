#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the tools that the benchmarks compare with, below DIR (default: build/peers), each from its registry, and prints those that are there:
#   tools/get_peers.sh [DIR]
# pg-delta and squawk come from npm, pg-schema-diff through Go, migra from PyPI. One whose toolchain is missing here is named on standard error.
set -eu
dir=${1:-build/peers}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

missing() { echo "get_peers.sh: no $1: $2" >&2; }

if [ ! -x "$dir/node_modules/.bin/pgdelta" ]; then
  command -v npm >/dev/null || missing pg-delta "npm is not installed"
  npm install --silent --no-fund --no-audit --prefix "$dir" @supabase/pg-delta@1.0.0-alpha.34 >/dev/null 2>&1 || missing pg-delta "npm install failed"
fi
if [ ! -x "$dir/bin/pg-schema-diff" ]; then
  # Built from the module's own folder: `go install` would ask the proxy for a list of versions, which it does not give.
  if command -v go >/dev/null; then
    work=$(mktemp -d)
    (cd "$work" && go mod init peers && go get github.com/stripe/pg-schema-diff@v1.0.5 &&
      cp -r "$(go list -m -f '{{.Dir}}' github.com/stripe/pg-schema-diff)" source && chmod -R u+w source &&
      cd source/cmd/pg-schema-diff && go build -o "$dir/bin/pg-schema-diff" .) >/dev/null 2>&1 || missing pg-schema-diff "its build failed"
    rm -rf "$work"
  else
    missing pg-schema-diff "go is not installed"
  fi
fi
if [ ! -x "$dir/migra/bin/migra" ]; then
  { python3 -m venv "$dir/migra" && "$dir/migra/bin/pip" install -q 'setuptools<80' migra psycopg2-binary 'psycopg[binary]'; } >/dev/null 2>&1 || missing migra "pip install failed"
fi
if [ ! -x "$dir/node_modules/@squawk-cli/linux-x64/bin/squawk" ]; then
  npm install --silent --no-fund --no-audit --prefix "$dir" squawk-cli@2.66.0 >/dev/null 2>&1 || missing squawk "npm install failed"
fi
for tool in node_modules/.bin/pgdelta bin/pg-schema-diff migra/bin/migra; do
  [ ! -x "$dir/$tool" ] || echo "$dir/$tool"
done
