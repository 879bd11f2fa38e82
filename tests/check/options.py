#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What decides which findings are reported, on real files: --since in a git repository, --stats (a file, a live server), baselines, paths allowed in contraflow.toml; and the
migration of which one half runs and the other fails as written.

  tests/check/options.py --bin build/ci/contraflow
"""
import argparse, json, os, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + '/tests/laws')
from server import Server, find_servers

OLD = 'ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n'
NEW = 'CREATE INDEX i ON users (email);\n'
# Both fail on a server: CONCURRENTLY stands between BEGIN and COMMIT.
UP = """BEGIN;
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
DO $$ BEGIN
  CREATE TYPE tier AS ENUM ('free', 'pro');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER TABLE users ADD COLUMN tier tier NOT NULL DEFAULT 'free';
CREATE INDEX CONCURRENTLY users_tier_idx ON users (tier);
COMMIT;
"""
DOWN = """BEGIN;
DROP INDEX CONCURRENTLY users_tier_idx;
ALTER TABLE users DROP COLUMN tier;
DROP TYPE tier;
ALTER TABLE users DROP COLUMN deleted_at;
COMMIT;
"""


class Options:
    def __init__(self, program):
        self.program, self.failed, self.skipped = os.path.abspath(program), [], []

    def put(self, name, text):
        os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
        with open(name, 'w') as f:
            f.write(text)

    def run(self, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith(('CONTRAFLOW_', 'GIT_'))}
        return subprocess.run([self.program, '--color', 'never', 'check', *words], capture_output=True, text=True, env=env)

    def found(self, *words):
        """[(file, line, rule, severity)] that count, and the exit code"""
        r = self.run('--format', 'json', *words)
        if r.returncode not in (0, 1):
            return r.stderr, r.returncode
        return [(f['file'], f['line'], f['rule'], f['severity']) for f in json.loads(r.stdout)['findings']], r.returncode

    def expect(self, what, good, seen):
        if not good:
            self.failed.append(what)
        print(('ok    ' if good else 'FAIL  ') + what + ('' if good else f': {seen}'))

    def since(self):
        git = lambda *words: subprocess.run(['git', '-c', 'user.name=n', '-c', 'user.email=n@localhost', *words], check=True, capture_output=True)
        self.put('db/migrations/001_old.sql', OLD)
        git('init', '-q', '.')
        git('add', '-A')
        git('commit', '-q', '-m', 'one')
        self.expect('--since: nothing is new', (seen := self.found('db/migrations', '--since', 'HEAD')) == ([], 0), seen)
        self.put('db/migrations/002_new.sql', NEW)
        seen = self.found('db/migrations', '--since', 'HEAD')
        self.expect('--since: only the new file', seen[1] == 1 and {f[0] for f in seen[0]} == {'db/migrations/002_new.sql'}, seen)
        os.chdir('db')
        seen = self.found('migrations', '--since', 'HEAD')
        self.expect('--since: from a folder below', seen[1] == 1 and {f[0] for f in seen[0]} == {'migrations/002_new.sql'}, seen)
        os.chdir('..')
        self.put('db/migrations/001_old.sql', OLD + '-- changed\n')
        seen = self.found('db/migrations', '--since', 'HEAD')
        self.expect('--since: a changed file counts', {f[0] for f in seen[0]} == {'db/migrations/001_old.sql', 'db/migrations/002_new.sql'}, seen)
        # What an old file declares is known to a new one.
        self.put('db/migrations/001_old.sql', OLD)
        self.put('db/migrations/000_table.sql', 'CREATE TABLE made (id integer PRIMARY KEY, n varchar(5));\n')
        git('add', '-A')
        git('commit', '-q', '-m', 'two')
        self.put('db/migrations/003_wider.sql', 'ALTER TABLE made ALTER COLUMN n TYPE varchar(9);\n')
        seen = self.found('db/migrations', '--since', 'HEAD')
        self.expect('--since: types come from the old files', seen[1] == 0 and 'type-change-rewrites-table' not in {f[2] for f in seen[0]}, seen)
        seen = self.found('db/migrations', '--since', 'nosuch')
        self.expect('--since: an unknown revision is wrong usage', seen[1] == 2 and 'nosuch' in seen[0], seen)
        os.remove('db/migrations/000_table.sql')
        os.remove('db/migrations/003_wider.sql')

    def stats(self):
        self.put('small.json', '{"public.users": {"rows": 40, "bytes": 8192}}')
        self.put('large.json', '{"users": {"rows": 4e7, "bytes": 9000000000}}')
        seen = self.found('db/migrations', '--stats', 'small.json')
        self.expect('--stats: a lock on 40 rows is no incident', seen[1] == 0 and ('db/migrations/002_new.sql', 1, 'create-index-blocks-writes', 'info') in seen[0], seen)
        seen = self.found('db/migrations', '--stats', 'large.json')
        self.expect('--stats: on many it is', seen[1] == 1 and ('db/migrations/002_new.sql', 1, 'create-index-blocks-writes', 'error') in seen[0], seen)
        self.put('bad.json', '[1]')
        seen = self.found('db/migrations', '--stats', 'bad.json')
        self.expect('--stats: no object is wrong usage', seen[1] == 2 and 'bad.json' in seen[0], seen)

    def live(self):
        """sizes and types of a live server; what a rule says of trigger functions is what the server does"""
        if 15 not in (found := find_servers(ROOT)):
            return 'no PostgreSQL 15 here: --stats URL and --schema URL'
        server = Server(found[15])
        try:
            db = server.create()
            server.psql(db, """CREATE TABLE small (id bigint PRIMARY KEY, email text, n varchar(5)); INSERT INTO small SELECT i, 'x', 'n' FROM generate_series(1, 40) i;
CREATE SCHEMA "odd.one"; CREATE TABLE "odd.one"."Large" (id bigint, email text); INSERT INTO "odd.one"."Large" SELECT i, md5(i::text) FROM generate_series(1, 100000) i; ANALYZE;
CREATE FUNCTION sync() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := left(NEW.email, 5); RETURN NEW; END $$; CREATE TRIGGER sync BEFORE INSERT ON small FOR EACH ROW EXECUTE FUNCTION sync();""")
            self.put('live/a.sql', 'CREATE INDEX i ON small (email);\nCREATE INDEX j ON "odd.one"."Large" (email);\n')
            url = server.url(db)
            seen = {(f[1], f[3]) for f in self.found('live', '--stats', url)[0] if f[2] == 'create-index-blocks-writes'}
            self.expect('--stats URL: 40 rows are info, 100,000 an error', seen == {(1, 'info'), (2, 'error')}, seen)
            r = self.run('live', '--stats', url)
            self.expect('--stats URL: the size is said', 'small has 40 rows' in r.stdout, r.stdout)
            r = self.run('live', '--stats', url.replace(f'/{db}?', '/nosuch?') + '&password=hunter2')
            self.expect('--stats URL: no such database', r.returncode == 3 and 'nosuch' in r.stderr and 'hunter2' not in r.stdout + r.stderr, r.stderr)
            self.put('live/a.sql', 'ALTER TABLE small ALTER COLUMN n TYPE varchar(9);\nALTER TABLE small DROP COLUMN email;\n')
            seen = [f[1:] for f in self.found('live', '--schema', url)[0] if f[2].startswith(('type-change-rewrites', 'trigger'))]
            self.expect('--schema URL: types and triggers of the live database', seen == [(2, 'trigger-reads-dropped-column', 'error')], seen)
            server.psql(db, 'ALTER TABLE small DROP COLUMN email')
            said = server.psql(db, "INSERT INTO small (id) VALUES (100)", check=False).stderr
            self.expect('… and the server says the same when a row is written', 'record "new" has no field "email"' in said, said)
        finally:
            server.stop()

    def suppressions(self):
        self.put('allow/a.sql', '-- contraflow: allow create-index-blocks-writes the table is new\nCREATE INDEX i ON users (email);\n-- contraflow: allow drop-table was needed once\nSELECT 1;\n-- contraflow: allow drop-table\nDROP TABLE t;\n')
        seen = {f[1:] for f in self.found('allow', '--disable', 'missing-lock-timeout')[0]}
        self.expect('a reason allows, an unused allowance and one without reason are reported', seen >= {(3, 'unused-suppression', 'warning'), (5, 'suppression-without-reason', 'error')} and not [s for s in seen if s[0] == 2], seen)

    def baseline(self):
        r = self.run('db/migrations', '--write-baseline', 'baseline.json')
        self.expect('a baseline is written', r.returncode == 0 and os.path.exists('baseline.json'), r.stderr)
        self.expect('what it lists is left out', (seen := self.found('db/migrations', '--baseline', 'baseline.json')) == ([], 0), seen)
        self.put('db/migrations/002_new.sql', '\n\n' + NEW)
        self.expect('also when it moves', (seen := self.found('db/migrations', '--baseline', 'baseline.json')) == ([], 0), seen)
        self.put('db/migrations/003_more.sql', 'ALTER TABLE users ADD COLUMN t uuid DEFAULT gen_random_uuid();\n')
        seen = self.found('db/migrations', '--baseline', 'baseline.json')
        self.expect('what is new is reported', seen[1] == 1 and {f[0] for f in seen[0]} == {'db/migrations/003_more.sql'}, seen)

    def paths(self):
        self.put('contraflow.toml', '[check]\nallow = ["db/migrations/003*", "db/migrations/002_new.sql: create-index-blocks-writes"]\n')
        seen = self.found('db/migrations')
        rules = {(f[0][-11:-4], f[2]) for f in seen[0]}
        self.expect('paths of contraflow.toml', not [f for f in seen[0] if '003' in f[0]] and ('002_new', 'create-index-blocks-writes') not in rules
                    and ('002_new', 'missing-lock-timeout') in rules and ('001_old', 'set-not-null-scans-table') in rules, seen)
        os.remove('contraflow.toml')

    def in_block(self):
        self.put('pair/V1.sql', UP)
        self.put('pair/V1.rollback.sql', DOWN)
        seen = self.found('pair')
        self.expect('CONCURRENTLY between BEGIN and COMMIT: the two lines, and not a word at the harmless ones', seen
                    == ([('pair/V1.sql', 8, 'concurrently-in-transaction', 'error'), ('pair/V1.rollback.sql', 2, 'concurrently-in-transaction', 'error')], 1), seen)
        self.put('pair/V1.sql', UP + 'ALTER TABLE users ADD COLUMN n integer;\n')
        seen = self.found('pair/V1.sql')
        self.expect('after the COMMIT all is said again', ('pair/V1.sql', 10, 'missing-lock-timeout', 'warning') in seen[0], seen)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    test = Options(p.parse_args().bin)
    with tempfile.TemporaryDirectory(prefix='contraflow-options-') as folder:
        os.chdir(folder)
        for part in (test.since, test.stats, test.live, test.suppressions, test.baseline, test.paths, test.in_block):
            if said := part():
                test.skipped.append(said)
        os.chdir('/')
    for said in test.skipped:
        print('SKIPPED: ' + said)
    return 1 if test.failed else 77 if test.skipped else 0


if __name__ == '__main__':
    sys.exit(main())
