#!/bin/sh
# Installs the Debian packages that are missing, and nothing else: quiet where nothing is missing.
# Usage: tools/setup.sh build|test|lint
set -eu

build='g++ cmake ninja-build ccache pkg-config libpq-dev libpg-query-dev libprotobuf-c-dev libcli11-dev libfmt-dev
  nlohmann-json3-dev libtomlplusplus-dev libgit2-dev libtree-sitter-dev libssl-dev libcurl4-openssl-dev libgtest-dev libbenchmark-dev libmimalloc-dev
  postgresql-15 postgresql-client-15 postgresql-contrib python3 git'

# What only `make lint` and the clang preset need.
[ "${1:-build}" != lint ] || build="$build clang clang-format clang-tidy shellcheck"

missing=''
for package in $build; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done

# Whoever has npm from elsewhere keeps it: Debian's package does not stand beside it.
command -v npm >/dev/null || missing="$missing npm"

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "setup: these packages are missing, and neither root nor sudo is there to install them:$missing" >&2
    exit 3
  fi
}

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "setup: no apt-get on this machine; install what these Debian packages hold:$missing" >&2
    exit 3
  fi
  echo "setup: installing$missing" >&2
  # The package list of a fresh container is empty. A cluster that the server package would start is of no use here.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1
  then
    cat "$log" >&2
    rm -f "$log"
    exit 3
  fi
  rm -f "$log"
fi

sh "$(dirname "$0")/get_grammars.sh"

# What only the tests need, one script a topic; each prints nothing where its part is there already.
if [ "${1:-build}" = test ]; then
  for part in "$(dirname "$0")"/setup.d/*.sh; do
    [ -e "$part" ] || continue
    sh "$part"
  done
fi
