# SPDX-License-Identifier: Apache-2.0
"""Migration statements as people write them, the same for the same number: python3 bench/generate_migrations.py STATEMENTS [FIRST]"""
import itertools, sys

TEMPLATES = (
    'CREATE TABLE app.t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, owner_id bigint, created_at timestamptz NOT NULL DEFAULT now());',
    'ALTER TABLE app.t{k} ADD COLUMN c{n} text;',
    "ALTER TABLE app.t{k} ADD COLUMN c{n} jsonb NOT NULL DEFAULT '{{}}';",
    'ALTER TABLE app.accounts{k} ADD COLUMN c{n} uuid DEFAULT gen_random_uuid();',
    'CREATE INDEX t{n}_name ON app.accounts{k} (name);',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS t{n}_owner ON app.accounts{k} (owner_id) WHERE name IS NOT NULL;',
    'ALTER TABLE app.accounts{k} ADD CONSTRAINT fk{n} FOREIGN KEY (owner_id) REFERENCES app.t{k} (id) NOT VALID;',
    'ALTER TABLE app.accounts{k} VALIDATE CONSTRAINT fk{n};',
    'ALTER TABLE app.accounts{k} ALTER COLUMN name SET NOT NULL;',
    "UPDATE app.accounts{k} SET name = coalesce(name, 'none {n}') WHERE id BETWEEN {n} AND {n} + 1000;",
    'ALTER TABLE app.accounts{k} ALTER COLUMN amount TYPE numeric(14, 2), ALTER COLUMN owner_id DROP NOT NULL;',
    "-- why {n}\nCOMMENT ON TABLE app.accounts{k} IS 'accounts, {n}';",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'x{n}') THEN CREATE TYPE app.x{n} AS ENUM ('a', 'b'); END IF; END $$;",
    'CREATE OR REPLACE FUNCTION app.f{n}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;',
    'ALTER TABLE app.t{k} DROP COLUMN IF EXISTS c{n};',
    'INSERT INTO app.settings (key, value) VALUES (\'k{n}\', \'v\'), (\'l{n}\', \'w\');',
)


def statements(count, first=0):
    for n, template in zip(range(first, first + count), itertools.cycle(TEMPLATES)):
        yield template.format(n=n, k=n % 97)


if __name__ == '__main__':
    sys.stdout.write('\n'.join(statements(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)) + '\n')
