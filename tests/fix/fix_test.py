#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contraflow fix, as a user runs it:  fix_test.py --bin PROGRAM

Each case is a schema, a migration and what must come of it. Where a plan is written, this test itself runs its files with psql and compares dumps with those of the
statements that were meant; the program's own proof is not believed.
"""
import argparse, json, os, pathlib, re, shutil, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'laws'))
import server as servers

SCHEMA = '''CREATE TABLE users (id bigint PRIMARY KEY, email text, user_name text, age text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text, amount integer NOT NULL);
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE notes (id bigint PRIMARY KEY, mood mood);
'''
ROWS = '''INSERT INTO users VALUES (1, 'a@x', 'a', '30'), (2, NULL, 'b', '41'), (3, NULL, NULL, NULL);
INSERT INTO orders VALUES (1, 1, 'new', 5), (2, 2, NULL, 6);
INSERT INTO notes VALUES (1, 'sad'), (2, NULL);
'''

# name: migration, options, exit code, what standard output and error must say, what was meant where the file does not run as it is, whether rows are compared
CASES = {
    'enum and concurrent index inside a transaction': dict(
        up="""BEGIN;
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
DO $$ BEGIN
  CREATE TYPE tier AS ENUM ('free', 'pro');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER TABLE users ADD COLUMN tier tier NOT NULL DEFAULT 'free';
CREATE INDEX CONCURRENTLY users_tier_idx ON users (tier);
COMMIT;
""", down="""BEGIN;
DROP INDEX CONCURRENTLY users_tier_idx;
ALTER TABLE users DROP COLUMN tier, DROP COLUMN deleted_at;
DROP TYPE tier;
COMMIT;
""", says=['m.sql:8: fails as written: CREATE INDEX CONCURRENTLY cannot run inside', 'm.rollback.sql:2: the rollback fails as written', 'error[concurrently-in-transaction]', 'create index public.users_tier_idx  (concurrent)'],
        unmarked=True),
    'NOT NULL with UPDATE of the NULLs': dict(
        up="UPDATE users SET email = 'unknown' WHERE email IS NULL;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;\n",
        says=['m.sql:1: UPDATE becomes a batched backfill: public.users.email', '(batched)', 'm.sql:2: error[']),
    'new column filled, then NOT NULL': dict(
        up="ALTER TABLE users ADD COLUMN label text;\nUPDATE users AS u SET label = upper(coalesce(u.user_name, 'x, where y'));\nALTER TABLE users ALTER COLUMN label SET NOT NULL;\n",
        says=['m.sql:2: UPDATE becomes a batched backfill: public.users.label']),
    'new column whose default comes after the UPDATE': dict(
        up="ALTER TABLE users ADD COLUMN state text;\nUPDATE users SET state = 'active';\nALTER TABLE users ALTER COLUMN state SET DEFAULT 'active', ALTER COLUMN state SET NOT NULL;\n",
        says=['is the default of the new column public.users.state']),
    'type change with USING': dict(
        up="ALTER TABLE users\n  ALTER COLUMN age TYPE integer USING nullif(users.age, '')::integer, -- one, two\n  ADD COLUMN extra int;\n",
        says=["USING nullif(age, '')::integer converts public.users.age"], options=['--using-back', 'users.age=age::text']),
    'column replaced by hand': dict(
        up="ALTER TABLE orders ADD COLUMN amount_new numeric(12,2);\nUPDATE orders SET amount_new = amount / 100.0;\nALTER TABLE orders ALTER COLUMN amount_new SET NOT NULL;\nALTER TABLE orders DROP COLUMN amount;\nALTER TABLE orders RENAME COLUMN amount_new TO amount;\n",
        says=['UPDATE becomes the conversion of public.orders.amount: amount / 100.0'], options=['--using-back', 'orders.amount=(amount * 100)::integer']),
    'renames of table, column and value': dict(
        up="ALTER TABLE users RENAME COLUMN user_name TO nick;\nALTER TABLE users RENAME COLUMN nick TO username;\nALTER TABLE users RENAME TO accounts;\nALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy';\nALTER TABLE accounts ALTER COLUMN email TYPE varchar(500);\nALTER TABLE accounts ALTER email SET NOT NULL;\n",
        rows="DELETE FROM users WHERE email IS NULL;", says=['--rename public.users=accounts', '--rename public.users.user_name=username', '--rename public.mood.sad=unhappy']),
    'index': dict(up='CREATE INDEX users_email_idx ON users (email);\n', says=['m.sql:1: error[', 'create index public.users_email_idx  (concurrent)']),
    'foreign key': dict(up='ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id);\n', says=['m.sql:1: error[', 'orders_user']),
    'new value used in the transaction that adds it': dict(
        up="BEGIN;\nALTER TYPE mood ADD VALUE 'calm' AFTER 'happy';\nALTER TABLE notes ALTER COLUMN mood SET DEFAULT 'calm';\nCOMMIT;\n", says=['m.sql:3: fails as written'], unmarked=True),
    'drop in a DO block with a setting': dict(
        up="SET lock_timeout = '5s';\nDO $$ BEGIN ALTER TABLE orders DROP COLUMN state; END $$;\nCREATE INDEX ON orders (user_id);\nANALYZE orders;\n", says=['left out', 'm.sql:1: SET', 'm.sql:4: ANALYZE', 'run it by itself after the backfill phase']),
    'unsafe after an INSERT': dict(
        up="INSERT INTO orders VALUES (99, 1, 'x', 1);\nCREATE INDEX ON orders (user_id);\nUPDATE orders SET state = 'y' WHERE amount > 5;\nDO $$ BEGIN IF true THEN DELETE FROM notes; END IF; END $$;\nSELECT setval('s', 4);\n",
        pre='CREATE SEQUENCE s;', code=1,
        errors=['refused, nothing was written: 4 reasons', 'm.sql:1: INSERT cannot be carried over', 'm.sql:3: UPDATE cannot be carried over: its WHERE chooses rows', 'm.sql:4: DELETE in a DO block', 'm.sql:5: SELECT cannot be carried over: setval()']),
    'an UPDATE of two columns is one reason': dict(
        up="CREATE INDEX ON orders (user_id);\nUPDATE orders SET state = 'y', amount = 2;\n", code=1,
        errors=['refused, nothing was written: 1 reason', 'm.sql:2: UPDATE cannot be carried over: it overwrites values that are there']),
    'the same by hand': dict(
        up="INSERT INTO orders VALUES (99, 1, 'x', 1);\nCREATE INDEX ON orders (user_id);\n", options=['--data', 'by-hand'], says=['m.sql:1: INSERT', 'statements that change rows and are not part of the plan'], rows_equal=False, notes='m.sql:1 (INSERT) changes rows'),
    'fill that no step would carry out': dict(
        up="UPDATE users SET email = 'x' WHERE email IS NULL;\nCREATE INDEX ON users (email);\n", code=1, errors=['m.sql:1: UPDATE cannot be carried over: the column was there and takes NULL']),
    'default that is another value': dict(
        up="ALTER TABLE users ADD COLUMN n int;\nUPDATE users SET n = 1;\nALTER TABLE users ALTER n SET DEFAULT 0;\nCREATE INDEX ON users (n);\n", code=1, errors=["m.sql:2: UPDATE cannot be carried over: the new column's default, 0"]),
    'statement that is put together at run time': dict(
        up="DO $$ DECLARE t text; BEGIN FOR t IN SELECT 'users' LOOP EXECUTE 'DELETE FROM ' || t; END LOOP; END $$;\nCREATE INDEX ON users (email);\n", code=1, errors=['m.sql:1: DO in a DO block|m.sql:1: DO cannot be carried over', 'put together at run time']),
    'broken SQL': dict(up="ALTER TABLE users ADD COLUMN a int;\nALTER TABLE users ADD COLUMN b intt;\n", code=1, errors=['the migration does not run', 'm.sql:2:', 'type "intt" does not exist']),
    'takes back what fails': dict(up="BEGIN;\nSAVEPOINT a;\nROLLBACK TO a;\nCREATE INDEX CONCURRENTLY i ON users (email);\nCOMMIT;\n", code=1, errors=['m.sql:4:', 'it takes statements back']),
    'nothing unsafe': dict(up='ALTER TABLE users ADD COLUMN a int;\n', says=['nothing unsafe was found'], written=False),
    'forced': dict(up='ALTER TABLE users ADD COLUMN a int;\n', options=['--force'], says=['nothing unsafe was found', 'add column public.users.a']),
    'database': dict(up='CREATE DATABASE x;\n', code=1, errors=['m.sql:1: it makes or removes a whole database']),
}


def unmarked(text):
    return re.sub(r'^(BEGIN|COMMIT);\n', '', text, flags=re.M)


class Test:
    def __init__(self, program, server):
        self.program, self.server = program, server
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='contraflow-fix-'))
        os.chmod(self.folder, 0o755)
        self.failed = []

    def run(self, where, *words, stdin=''):
        env = {k: v for k, v in os.environ.items() if not k.startswith('PG') and not k.startswith('CONTRAFLOW')}
        return subprocess.run([self.program, '--color', 'never', 'fix', *words, '--sandbox-url', self.server.url('postgres')], cwd=where, env=env, input=stdin, capture_output=True, text=True, timeout=120)

    def database(self, name, *texts):
        self.server.psql('postgres', f'CREATE DATABASE {name}')
        for text in texts:
            self.server.psql(name, text)
        return name

    def state(self, name):
        dump = subprocess.run([self.server.bindir + '/pg_dump', '--schema-only', '-d', name], env=dict(self.server.env(), LD_LIBRARY_PATH=self.server.bindir + '/../lib'), capture_output=True, text=True, check=True).stdout
        tables = self.server.psql(name, "SELECT string_agg(c.oid::regclass::text, ' ' ORDER BY 1) FROM (SELECT oid, relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname) c").stdout.split()
        lines = sorted(line.strip().rstrip(',') for line in dump.splitlines() if line and not line.startswith(('--', '\\')))  # columns may stand in another order
        return lines, tables

    def contents(self, name, tables):
        return {table: self.server.psql(name, f"SELECT (SELECT jsonb_object_agg(k, v) FROM jsonb_each(to_jsonb(t)) AS e(k, v)) AS r FROM {table} t ORDER BY 1").stdout for table in tables}

    def case(self, number, name, up, down=None, options=(), code=0, says=(), errors=(), unmarked=False, rows='', pre='', rows_equal=True, written=True, notes=''):
        where = self.folder / f'c{number}'
        where.mkdir()
        (where / 'schema.sql').write_text(SCHEMA + pre)
        (where / 'm.sql').write_text(up)
        if down: (where / 'm.rollback.sql').write_text(down)
        r = self.run(where, 'm.sql', '--schema', 'schema.sql', '--out', 'plan', *options)
        problems = []
        if r.returncode != code: problems.append(f'exit {r.returncode}, not {code}')
        for text in says:
            if text not in r.stdout: problems.append(f'standard output does not say {text!r}')
        for text in errors:
            if not any(t in r.stderr for t in text.split('|')): problems.append(f'standard error does not say {text!r}')
        plan = where / 'plan'
        if plan.exists() != (written and code == 0): problems.append('a plan was written' if plan.exists() else 'no plan was written')
        if plan.exists():
            if 'refuted' in r.stdout: problems.append('a proof is refuted')
            if notes and notes not in (plan / 'NOTES.md').read_text(): problems.append(f'NOTES.md does not say {notes!r}')
            if not notes: problems += self.judge(number, plan, (globals()['unmarked'](up) if unmarked else up), rows, pre, rows_equal)
        if problems:
            self.failed.append(name)
            print(f'FAIL  {name}: ' + '; '.join(problems) + '\n' + r.stdout[:3000] + r.stderr[:2000], flush=True)

    def judge(self, number, plan, meant, rows, pre, rows_equal):
        want = self.database(f'want_{number}', SCHEMA + pre, ROWS + rows)
        self.server.psql(want, meant)
        got = self.database(f'got_{number}', SCHEMA + pre, ROWS + rows)
        for path in sorted(plan.glob('*.sql')):
            if not path.name.endswith('.rollback.sql') and (wrong := self.server.run_file(got, path)): return [wrong]
        (a, tables), (b, _) = self.state(want), self.state(got)
        problems = []
        if a != b: problems.append('the dumps differ: ' + repr(sorted(set(a) ^ set(b)))[:600])
        elif rows_equal and self.contents(want, tables) != self.contents(got, tables): problems.append('the rows differ: ' + repr((self.contents(want, tables), self.contents(got, tables)))[:900])
        checked = subprocess.run([self.program, 'check', str(plan), '--schema', str(plan.parent / 'schema.sql'), '--sandbox-url', self.server.url('postgres')], capture_output=True, text=True)
        if checked.returncode: problems.append('check finds an error in the plan: ' + checked.stdout[-400:])
        return problems

    def others(self):
        """a folder of migrations, standard input, JSON, a live database, another layout"""
        where = self.folder / 'folder'
        where.mkdir()
        (where / '001_init.sql').write_text(SCHEMA)
        (where / '002_index.sql').write_text('CREATE INDEX i ON users (email);\n')
        r = self.run(where, '.', '--out', '../from_folder', '--format', 'json')
        self.expect('folder', r, 0, lambda: (json.loads(r.stdout)['file'].endswith('002_index.sql'), json.loads(r.stdout)['unsafe'][0]['line'] == 1, json.loads(r.stdout)['unsafe'][0]['replaced_by'] != [],
                                             all(p['verdict'] == 'proven' for p in json.loads(r.stdout)['proofs']), json.loads(r.stdout)['plan']['phases'] != []))
        r = self.run(where, '-', '--schema', '001_init.sql', '--out', '../from_stdin', stdin='CREATE INDEX i ON users (email);\n')
        self.expect('standard input', r, 0, lambda: ('<stdin>:1: error[' in r.stdout, '    instead: create index public.' in r.stdout))
        r = self.run(where, '-', stdin='CREATE INDEX i ON users (email);\n')
        self.expect('standard input without schema', r, 2, lambda: ('--schema' in r.stderr,))
        live = self.database('live', SCHEMA, ROWS)
        r = self.run(where, '002_index.sql', '--schema', self.server.url(live), '--out', '../from_live', '--force')
        self.expect('live', r, 0, lambda: ('proven: the plan ends in the schema' in r.stdout,))
        r = self.run(where, '002_index.sql', '--layout', 'flyway', '--out', '../flyway')
        self.expect('layout', r, 0, lambda: (len(list((self.folder / 'flyway').rglob('V*.sql'))) > 0,))
        r = self.run(where, '../from_folder')
        self.expect('a plan', r, 2, lambda: ('is a plan already' in r.stderr,))
        left = self.server.psql('postgres', "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'contraflow%'").stdout.strip()
        if left: self.failed.append('left behind'); print('FAIL  databases are left behind:', left)

    def expect(self, name, r, code, holds):
        try:
            good = r.returncode == code and all(holds())
        except Exception as error:
            good = False
            print(repr(error))
        if not good:
            self.failed.append(name)
            print(f'FAIL  {name}: exit {r.returncode}\n{r.stdout[:2000]}{r.stderr[:1000]}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bin', required=True)
    parser.add_argument('--only', default='')
    arguments = parser.parse_args()
    found = servers.find_servers(str(HERE.parent.parent))
    if 15 not in found:
        print('SKIP: PostgreSQL 15 is not installed')
        return 77
    server = servers.Server(found[15])
    test = Test(os.path.abspath(arguments.bin), server)
    try:
        for number, (name, case) in enumerate(CASES.items()):
            if arguments.only in name: test.case(number, name, **case)
        if not arguments.only: test.others()
    finally:
        server.stop()
        shutil.rmtree(test.folder, ignore_errors=True)
    print(f'{len(CASES) + 6} cases, {len(test.failed)} failed')
    return 1 if test.failed else 0


if __name__ == '__main__':
    sys.exit(main())
