#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Format, include layers, shell scripts and clang-tidy:
#   tools/lint.sh            everything
#   tools/lint.sh COMMIT     what differs from that commit
#   tools/lint.sh --staged   format of the staged lines and layers alone: the hook before each commit
#   tools/lint.sh --fix      formats everything
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" != --staged ]; then tools/setup.sh lint; fi

python3 tools/check_includes.py src
case "${1:-}" in
  --staged)
    command -v git-clang-format-14 >/dev/null || exit 0
    changes=$(git-clang-format-14 --staged --diff --extensions cpp,h -- src)
    case "$changes" in ''|'no modified files to format'|*'did not modify any files') exit 0 ;; esac
    echo "$changes"
    echo "lint: git-clang-format-14 --staged formats these lines" >&2
    exit 1 ;;
  --fix) git ls-files 'src/*.cpp' 'src/*.h' | xargs -n 20 clang-format -i; exit 0 ;;
  '') files=$(git ls-files 'src/*.cpp' 'src/*.h') ;;
  *) files=$(git diff --name-only --diff-filter=d "$1" -- 'src/*.cpp' 'src/*.h') ;;
esac
git ls-files '*.sh' .githooks .ci | xargs shellcheck -S warning
[ -n "$files" ] || exit 0
# shellcheck disable=SC2086
clang-format --dry-run --Werror $files
cmake --preset clang >/dev/null
echo "$files" | tr ' ' '\n' | grep '\.cpp$' | xargs -r clang-tidy -p build/clang --quiet
