#!/bin/sh
# The official client of the Model Context Protocol and its inspector, by which `contraflow mcp` is tested: build/mcp. A machine without npm or a network still runs
# the other tests; that one is then reported as skipped.
set -u
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/mcp
[ -x "$folder/node_modules/.bin/mcp-inspector" ] && exit 0
command -v npm >/dev/null || { echo "setup: npm is missing: contraflow mcp is not tested by the official client" >&2; exit 0; }
mkdir -p "$folder"
echo '{"private": true, "type": "module"}' >"$folder/package.json"
# Later versions of the inspector want a newer Node.js than Debian's.
(cd "$folder" && npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/inspector@0.15.0 >/dev/null 2>&1) ||
  echo "setup: the MCP client could not be fetched from npm; contraflow mcp is not tested by it" >&2
