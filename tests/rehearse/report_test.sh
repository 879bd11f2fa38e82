#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes a report by `contraflow review --format html` and opens it in Chromium. Usage: report_test.sh CONTRAFLOW [SHOTS_FOLDER]
# Exit 77: a server, node, playwright-core or Chromium is missing, which is said.
set -eu
bin=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$bin" doctor >/dev/null || { echo "SKIPPED: no PostgreSQL server here"; exit 77; }
command -v node >/dev/null || { echo "SKIPPED: node is missing"; exit 77; }
cat > "$folder/before.sql" <<'SQL'
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, name varchar(40));
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL, amount numeric(10,2) NOT NULL, note text DEFAULT '<script>alert(1)</script>');
SQL
cat > "$folder/m.sql" <<'SQL'
ALTER TABLE users ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);
CREATE INDEX orders_note ON orders (note) WHERE note <> '<b>"quoted" & more</b>';
ALTER TABLE users DROP COLUMN name;
SQL
cat > "$folder/m.rollback.sql" <<'SQL'
ALTER TABLE users ADD COLUMN name varchar(40);
DROP INDEX orders_note;
ALTER TABLE orders DROP CONSTRAINT orders_user;
ALTER TABLE users DROP COLUMN token;
SQL
cd "$folder"
"$bin" review m.sql --schema before.sql --traffic --format html -o report.html || [ $? -eq 1 ]
[ -z "${2-}" ] || cp report.html "$2"
node "$here/report_test.mjs" "$folder/report.html" ${2+"$2"}
