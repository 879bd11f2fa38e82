#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the migration runners that tests/runners/replay.py runs, below DIR (default: build/runners), each from its registry:
#   tools/get_runners.sh [DIR]
# golang-migrate and goose through Go, dbmate, node-pg-migrate and Prisma from npm, Diesel from crates.io, Flyway from Maven Central, Sqitch and Rails' Active Record
# from Debian. One whose toolchain is missing here is named on standard error; the replay leaves it out and says so.
set -eu
dir=${1:-build/runners}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
log=$dir/install.log
: >"$log"

missing() { echo "get_runners.sh: no $1: $2 (see $log)" >&2; }

# `go install` would ask the proxy for a list of versions, which not every proxy gives: built in a module of its own.
go_tool() {  # go_tool NAME PACKAGE MODULE@VERSION TAGS
  [ ! -x "$dir/bin/$1" ] || return 0
  command -v go >/dev/null || { missing "$1" "go is not installed"; return 0; }
  work=$(mktemp -d)
  (cd "$work" && go mod init runners && go get "$3" && go get -tags "$4" "$2" && go build -tags "$4" -o "$dir/bin/$1" "$2") >>"$log" 2>&1 || missing "$1" "its build failed"
  rm -rf "$work"
}

go_tool migrate github.com/golang-migrate/migrate/v4/cmd/migrate github.com/golang-migrate/migrate/v4@v4.18.1 postgres
go_tool goose github.com/pressly/goose/v3/cmd/goose github.com/pressly/goose/v3@v3.24.1 no_clickhouse,no_libsql,no_mssql,no_mysql,no_sqlite3,no_vertica,no_ydb,no_turso

npm_packages='dbmate@2 node-pg-migrate@7 pg@8'
if [ ! -x "$dir/node_modules/.bin/dbmate" ] || [ ! -x "$dir/node_modules/.bin/node-pg-migrate" ]; then
  if command -v npm >/dev/null; then
    # shellcheck disable=SC2086
    npm install --silent --no-fund --no-audit --prefix "$dir" $npm_packages >>"$log" 2>&1 || missing "dbmate and node-pg-migrate" "npm install failed"
  else
    missing "dbmate and node-pg-migrate" "npm is not installed"
  fi
fi

if [ ! -x "$dir/bin/diesel" ]; then
  if command -v cargo >/dev/null; then
    cargo install --quiet --locked --root "$dir" --no-default-features --features postgres diesel_cli >>"$log" 2>&1 || missing diesel "its build failed"
  else
    missing diesel "cargo is not installed"
  fi
fi

if [ ! -d "$dir/flyway" ]; then
  if command -v mvn >/dev/null; then
    mkdir -p "$dir/flyway.tmp"
    cat >"$dir/flyway.tmp/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>runners</groupId><artifactId>flyway</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.flywaydb</groupId><artifactId>flyway-core</artifactId><version>11.20.3</version></dependency>
<dependency><groupId>org.flywaydb</groupId><artifactId>flyway-database-postgresql</artifactId><version>11.20.3</version></dependency>
<dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>42.7.4</version></dependency>
</dependencies></project>
POM
    if mvn -q -B -f "$dir/flyway.tmp/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/flyway.tmp/jars" >>"$log" 2>&1; then
      mv "$dir/flyway.tmp" "$dir/flyway"
    else
      missing flyway "Maven could not fetch it"
      rm -rf "$dir/flyway.tmp"
    fi
  else
    missing flyway "mvn is not installed"
  fi
fi

packages=
command -v sqitch >/dev/null || packages="$packages sqitch libdbd-pg-perl"
ruby -e 'require "active_record"; require "pg"' 2>/dev/null || packages="$packages ruby ruby-activerecord ruby-pg"
if [ -n "$packages" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >>"$log" 2>&1 || missing "$packages" "apt-get failed"
  else
    missing "sqitch and rails" "install$packages"
  fi
fi
