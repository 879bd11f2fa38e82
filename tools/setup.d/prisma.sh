#!/bin/sh
# The real Prisma, Vitest, TypeScript's compiler and a bundler, for the journey of examples/app: build/prisma. A machine without npm or a network still runs the
# other tests; that one is then reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/prisma
[ -x "$folder/node_modules/.bin/esbuild" ] && [ -x "$folder/node_modules/.bin/vitest" ] && exit 0
command -v npm >/dev/null || { echo "setup: npm is missing: examples/app is not tested" >&2; exit 0; }
mkdir -p "$folder"
echo '{"private": true, "type": "module"}' >"$folder/package.json"
(cd "$folder" && npm install --silent --no-audit --no-fund prisma@7.10.1 @prisma/client@7.10.0 @prisma/adapter-pg@7.10.1 typescript@5 esbuild@0.25 @types/node@22 vitest@3 >/dev/null 2>&1) ||
  echo "setup: Prisma could not be fetched from npm; examples/app is not tested" >&2
chmod -R a+rX "$folder"
