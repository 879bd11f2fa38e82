#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the whole of `contraflow check` under AddressSanitizer and UndefinedBehaviorSanitizer:
#   tools/fuzz.sh [SECONDS] [DIR]      default: 600 build/fuzz/corpus
# Seeds are the statements of tests/check/corpus and awkward texts made here. An input that breaks it is left in DIR/../crash-….
set -eu
seconds=${1:-600}
here=$(cd "$(dirname "$0")/.." && pwd)
corpus=${2:-$here/build/fuzz/corpus}
if ! command -v clang++ >/dev/null || ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a >/dev/null 2>&1; then
  echo "fuzz.sh: clang with its runtime is needed (apt-get install clang libclang-rt-14-dev)" >&2
  exit 3
fi
cd "$here"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "${JOBS:-$(nproc)}" --target check_fuzz
mkdir -p "$corpus"
python3 tests/fuzz/seeds.py "$corpus"
export LSAN_OPTIONS="suppressions=$here/tools/lsan.supp:print_suppressions=0"
# Leaks are looked for at the end; the input limit lets a literal be long, the memory limit is above what the sanitizers need.
exec build/fuzz/check_fuzz -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -dict=tests/fuzz/sql.dict -print_final_stats=1 \
  -artifact_prefix="$corpus/../" "$corpus"
