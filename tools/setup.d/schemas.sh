#!/bin/sh
# Real schemas that come as Debian packages, downloaded and unpacked, never installed: build/schemas/<package>.
# A machine without a network still runs the other tests; those that need a schema say that it is missing.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/schemas
# shellcheck disable=SC2043  # more may follow
for package in zabbix-server-pgsql; do
  [ -d "$folder/$package" ] && continue
  mkdir -p "$folder/.download"
  # apt fetches as the unprivileged user _apt and warns where that user cannot write.
  if (cd "$folder/.download" && apt-get download -qq "$package" >/dev/null 2>&1) &&
     dpkg-deb -x "$folder/.download/$package"_*.deb "$folder/.unpacked"
  then
    mv "$folder/.unpacked" "$folder/$package"
  else
    echo "setup: $package could not be downloaded; its schema is not tested" >&2
  fi
  rm -rf "$folder/.download" "$folder/.unpacked"
done
