#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `context`, `next`, `status` and `queries` print as JSON, at several points of a plan's life, against the schemas that are installed:  schemas.py --bin PROGRAM"""
import json, pathlib, subprocess

import held, life
from held import check

ROOT = held.HERE.parent.parent
CHECKER = ROOT / 'build/pre-commit/bin/check-jsonschema'


def tests(program, server, top):
    p = life.Project(program, server, top, 'schemas')
    documents = {}

    def keep(command, *words):
        file = top / f'{command}_{len(documents)}.json'
        done = subprocess.run([program, command, '--format', 'json', *words], cwd=top, env=p.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        check(f'{command} {words}: prints', done.stdout != '', done.stderr)
        file.write_text(done.stdout)
        documents[file] = command

    (top / 'app.ts').write_text("const a = await db.query(`SELECT * FROM users WHERE id = $1`);\nconst b = await db.query(`UPDATE users SET nope = 1`);\nconst c = await prisma.user.findMany();\n")
    for words in (['init', '-q'], ['add', '-A'], ['-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'x']): subprocess.run(['git', '-C', str(top), *words], check=True)
    server.psql('schemas', "CREATE TYPE kind AS ENUM ('a'); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, k kind) PARTITION BY RANGE (id); CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (1) TO (9);"
                           "CREATE INDEX ON orders (user_id); CREATE VIEW names AS SELECT user_name FROM users; CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM users; COMMENT ON TABLE users IS 'people'; ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
                           "CREATE POLICY p ON users USING (true); CREATE RULE r AS ON DELETE TO users DO ALSO NOTHING; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM 1 FROM users; RETURN NEW; END$$;"
                           "CREATE TRIGGER t BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f(); CREATE TABLE child () INHERITS (users)")
    for command in ('next', 'status'): keep(command)
    for budget in (300, 700, 8000): keep('context', 'users', 'orders', 'names', '--budget', str(budget))
    keep('queries')
    keep('queries', '--schema', p.url)
    p.run(['plan', '--from', p.url, '--do', "add orders.note text; add-enum-value kind b", '--out', 'db/1_note', '--name', 'note'])
    p.plan = 'db/1_note'
    for command in ('next', 'status'): keep(command)
    keep('context', p.plan, '--budget', '4000')
    p.run(['rehearse', p.plan], code=None)
    p.run(['review', p.plan], code=None)
    for command in ('next', 'status'): keep(command)
    p.run(['apply', p.plan, '--phase', 'expand', '--yes'])
    for command in ('next', 'status'): keep(command)
    sql = top / p.plan / '1_expand.sql'
    sql.write_text(sql.read_text() + '\n-- edited\n')
    for command in ('next', 'status'): keep(command)
    keep('status', '--target', p.url)
    keep('next', '--offline')
    for command in ('context', 'next', 'status', 'queries'):
        of_it = [file for file, one in documents.items() if one == command]
        done = subprocess.run([CHECKER, '--schemafile', ROOT / f'docs/schemas/{command}.schema.json', *of_it], capture_output=True, text=True)
        check(f'{command}: {len(of_it)} documents fit docs/schemas/{command}.schema.json', done.returncode == 0, done.stdout[-1500:] + done.stderr[-500:])
        # The schema can refuse.
        broken = json.loads(of_it[-1].read_text())
        broken['surprise'] = 1
        (top / 'broken.json').write_text(json.dumps(broken))
        check(f'{command}: a member too many is refused', subprocess.run([CHECKER, '--schemafile', ROOT / f'docs/schemas/{command}.schema.json', top / 'broken.json'], capture_output=True).returncode == 1)
    for schema in pathlib.Path(ROOT / 'docs/schemas').glob('*.json'):
        done = subprocess.run([CHECKER, '--check-metaschema', schema], capture_output=True, text=True)
        check(f'{schema.name} is a schema', done.returncode == 0, done.stdout)
    return f'{len(documents)} documents'


held.run('schemas of JSON output', tests, [(CHECKER.exists(), 'check-jsonschema is missing (tools/setup.d/pre_commit.sh)')])
