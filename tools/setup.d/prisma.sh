#!/bin/sh
# The real Prisma, Vitest, TypeScript's compiler and a bundler, for the journey of examples/app: build/prisma; the last Prisma 6, for its schemas: build/prisma6. A machine without npm or a network still runs the
# other tests; that one is then reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/prisma
if [ ! -x "${folder}6/node_modules/.bin/prisma" ] && command -v npm >/dev/null; then
  mkdir -p "${folder}6"
  echo '{"private": true}' >"${folder}6/package.json"
  (cd "${folder}6" && npm install --silent --no-audit --no-fund --ignore-scripts prisma@6.19.3 >/dev/null 2>&1) || echo "setup: Prisma 6 could not be fetched from npm; its schemas are not tested" >&2
  chmod -R a+rX "${folder}6"
fi
[ -x "$folder/node_modules/.bin/esbuild" ] && [ -x "$folder/node_modules/.bin/vitest" ] && exit 0
command -v npm >/dev/null || { echo "setup: npm is missing: examples/app is not tested" >&2; exit 0; }
mkdir -p "$folder"
echo '{"private": true, "type": "module"}' >"$folder/package.json"
(cd "$folder" && npm install --silent --no-audit --no-fund prisma@7.10.1 @prisma/client@7.10.0 @prisma/adapter-pg@7.10.1 typescript@5 esbuild@0.25 @types/node@22 vitest@3 >/dev/null 2>&1) ||
  echo "setup: Prisma could not be fetched from npm; examples/app is not tested" >&2
chmod -R a+rX "$folder"
