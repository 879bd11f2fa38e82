#!/bin/sh
# Usage: tools/install.sh PROGRAM PREFIX. Man page and completions are printed by the program itself.
set -eu
program=$1
prefix=$2
install -D -m 755 "$program" "$prefix/bin/contraflow"
page=$(mktemp)
trap 'rm -f "$page"' EXIT
place() {
  install -D -m 644 "$page" "$prefix/$1"
}
mkdir -p "$prefix/share/man/man1" && "$program" man --pages "$prefix/share/man/man1"
"$program" completions bash > "$page" && place share/bash-completion/completions/contraflow
"$program" completions zsh > "$page" && place share/zsh/site-functions/_contraflow
"$program" completions fish > "$page" && place share/fish/vendor_completions.d/contraflow.fish
# JSON Schemas, prompts, configurations for assistants.
here=$(cd "$(dirname "$0")/.." && pwd)
(cd "$here/share/contraflow" && find . -type f) | while read -r file; do install -D -m 644 "$here/share/contraflow/$file" "$prefix/share/contraflow/$file"; done
for schema in "$here"/docs/schemas/*.json; do install -D -m 644 "$schema" "$prefix/share/contraflow/schemas/$(basename "$schema")"; done
echo "installed to $prefix"
