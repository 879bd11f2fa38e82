#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the tree-sitter grammars that `contraflow queries` reads source code with: tools/get_grammars.sh [DIR] (default: build/grammars).
# They come from npm as generated C (parser.c, scanner.c); nothing of npm is left in the built program. Quiet and without a network where
# they are there already. A grammar that cannot be fetched is named; the program is then built without its language and says so.
set -u

# libtree-sitter 0.20 of Debian 12 reads grammars up to ABI 14: these are the last versions that have it.
grammars='tree-sitter-typescript@0.23.2 tree-sitter-javascript@0.23.1 tree-sitter-python@0.23.6 tree-sitter-go@0.23.4
  tree-sitter-java@0.23.5 tree-sitter-ruby@0.23.1'

tools=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$tools/../build/grammars}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)

missing=''
for grammar in $grammars; do
  name=${grammar%@*}
  [ "$(cat "$folder/$name/VERSION" 2>/dev/null)" = "${grammar#*@}" ] || missing="$missing $grammar"
done
[ -n "$missing" ] || exit 0

if ! command -v npm >/dev/null; then
  echo "get_grammars: npm is needed (apt-get install npm) for:$missing; contraflow is built without these languages" >&2
  exit 0
fi
for grammar in $missing; do
  name=${grammar%@*}
  staging=$(mktemp -d "$folder/.new-XXXXXX")
  if (cd "$staging" && npm pack --silent "$grammar" >/dev/null 2>&1 && tar xzf ./*.tgz --no-same-owner --wildcards \
        'package/LICENSE' 'package/src/*.c' 'package/src/*.h' 'package/*/src/*.c' 'package/*/src/*.h' 'package/common/*.h' 2>/dev/null
      [ -d package ] && find package -name parser.c | grep -q .)
  then
    echo "${grammar#*@}" >"$staging/package/VERSION"
    chmod -R u=rwX,go=rX "$staging/package"
    rm -rf "${folder:?}/$name"
    mv "$staging/package" "$folder/$name"
  else
    echo "get_grammars: $grammar could not be fetched from npm; contraflow is built without that language" >&2
  fi
  rm -rf "$staging"
done
