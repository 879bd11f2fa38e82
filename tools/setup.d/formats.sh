#!/bin/sh
# The official JSON Schema of SARIF 2.1.0 (it comes with @microsoft/jest-sarif, with a validator) and the tokenizer by which the door for assistants is measured
# (gpt-tokenizer): build/formats. A machine without npm or a network still runs the other tests; these two are then reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/formats
[ -d "$folder/node_modules/gpt-tokenizer" ] && [ -d "$folder/node_modules/@microsoft/jest-sarif" ] && exit 0
command -v npm >/dev/null || { echo "setup: npm is missing: SARIF and token counts are not tested" >&2; exit 0; }
mkdir -p "$folder"
echo '{"private": true, "type": "module"}' >"$folder/package.json"
(cd "$folder" && npm install --silent --no-audit --no-fund --ignore-scripts @microsoft/jest-sarif@1.0.0-beta.0 gpt-tokenizer@3 >/dev/null 2>&1) ||
  echo "setup: the schema of SARIF and the tokenizer could not be fetched from npm; they are not tested" >&2
chmod -R a+rX "$folder"
