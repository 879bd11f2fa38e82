#!/bin/sh
# Formatting, include layers and clang-tidy over the files that differ from the given commit (default: all).
set -eu
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
  files=$(git diff --name-only --diff-filter=d "$1" -- 'src/*.cpp' 'src/*.h')
else
  files=$(git ls-files 'src/*.cpp' 'src/*.h')
fi
python3 tools/check_includes.py src
[ -n "$files" ] || exit 0
# shellcheck disable=SC2086
clang-format --dry-run --Werror $files
if command -v clang-tidy >/dev/null; then
  cmake --preset clang >/dev/null
  # shellcheck disable=SC2086
  clang-tidy -p build/clang --quiet $(echo "$files" | tr ' ' '\n' | grep '\.cpp$')
fi
