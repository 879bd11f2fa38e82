#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What decides which findings are reported, on real files: --since in a git repository, --stats, baselines, paths allowed in contraflow.toml; and the
migration of which one half runs and the other fails as written.

  tests/check/options.py --bin build/ci/contraflow
"""
import argparse, json, os, subprocess, sys, tempfile

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
        self.program, self.failed = os.path.abspath(program), []

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
        errors = {f[:3] for f in seen[0] if f[3] == 'error'}
        self.expect('CONCURRENTLY between BEGIN and COMMIT: the two lines and no other', seen[1] == 1
                    and errors == {('pair/V1.sql', 8, 'concurrently-in-transaction'), ('pair/V1.rollback.sql', 2, 'concurrently-in-transaction')}, seen)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    test = Options(p.parse_args().bin)
    with tempfile.TemporaryDirectory(prefix='contraflow-options-') as folder:
        os.chdir(folder)
        for part in (test.since, test.stats, test.baseline, test.paths, test.in_block):
            part()
        os.chdir('/')
    return 1 if test.failed else 0


if __name__ == '__main__':
    sys.exit(main())
