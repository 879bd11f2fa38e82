#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hook that .pre-commit-hooks.yaml offers, run by the real pre-commit (build/pre-commit) in a scratch project that names a scratch clone of it, as a user's
.pre-commit-config.yaml does:

  tests/check/pre_commit_test.py --bin build/ci/contraflow

Exit 0: all hold; 77: pre-commit is missing.
"""
import argparse, os, shutil, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRE_COMMIT = ROOT + '/build/pre-commit/bin/pre-commit'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    program = os.path.abspath(p.parse_args().bin)
    if not os.access(PRE_COMMIT, os.X_OK):
        print('SKIPPED: pre-commit is missing (tools/setup.d/pre_commit.sh)')
        return 77
    failed = []
    with tempfile.TemporaryDirectory(prefix='contraflow-pre-commit-') as folder:
        env = {k: v for k, v in os.environ.items() if not k.startswith(('CONTRAFLOW_', 'GIT_', 'PRE_COMMIT'))}
        env.update(HOME=folder, PRE_COMMIT_HOME=folder + '/cache', PATH=os.path.dirname(program) + ':' + env['PATH'], GIT_CONFIG_COUNT='2', GIT_CONFIG_KEY_0='user.name', GIT_CONFIG_VALUE_0='n',
                   GIT_CONFIG_KEY_1='user.email', GIT_CONFIG_VALUE_1='n@localhost')
        run = lambda where, *words, check=True: subprocess.run(words, cwd=f'{folder}/{where}', env=env, capture_output=True, text=True, check=check)

        def put(name, text):
            os.makedirs(os.path.dirname(f'{folder}/{name}'), exist_ok=True)
            with open(f'{folder}/{name}', 'w') as f:
                f.write(text)

        def expect(what, good, r):
            if not good:
                failed.append(what)
            print(('ok    ' if good else 'FAIL  ') + what + ('' if good else f': {r.returncode}\n{r.stdout}{r.stderr}'))

        os.mkdir(folder + '/hooks')
        shutil.copy(ROOT + '/.pre-commit-hooks.yaml', folder + '/hooks')
        run('hooks', 'git', 'init', '-q', '.')
        run('hooks', 'git', 'add', '-A')
        run('hooks', 'git', 'commit', '-q', '-m', 'hooks')
        revision = run('hooks', 'git', 'rev-parse', 'HEAD').stdout.strip()
        put('project/.pre-commit-config.yaml', f'repos:\n- repo: {folder}/hooks\n  rev: {revision}\n  hooks:\n  - id: contraflow-check\n    args: [--server, "15"]\n')
        run('project', 'git', 'init', '-q', '.')
        run('project', 'git', 'add', '-A')
        r = run('project', PRE_COMMIT, 'validate-manifest', folder + '/hooks/.pre-commit-hooks.yaml', check=False)
        expect('the manifest is valid', r.returncode == 0, r)
        run('project', PRE_COMMIT, 'install')
        put('project/readme.md', 'ALTER TABLE users ALTER email SET NOT NULL;\n')
        run('project', 'git', 'add', '-A')
        r = run('project', 'git', 'commit', '-m', 'no SQL', check=False)
        expect('a commit without SQL passes', r.returncode == 0 and 'Skipped' in r.stdout + r.stderr, r)
        put('project/db/migrations/001_table.sql', 'SET lock_timeout = \'1s\';\nCREATE TABLE users (id bigint PRIMARY KEY, email text);\n')
        put('project/db/migrations/002_column.sql', 'SET lock_timeout = \'1s\';\nALTER TABLE users ADD COLUMN name text;\n')
        run('project', 'git', 'add', '-A')
        r = run('project', 'git', 'commit', '-m', 'fine', check=False)
        expect('a harmless migration passes', r.returncode == 0 and 'Passed' in r.stdout + r.stderr, r)
        put('project/db/migrations/003_index.sql', 'CREATE INDEX ON users (email);\n')
        run('project', 'git', 'add', '-A')
        r = run('project', 'git', 'commit', '-m', 'unsafe', check=False)
        said = r.stdout + r.stderr
        expect('an unsafe one is refused, with its line', r.returncode == 1 and 'error[create-index-blocks-writes]' in said and 'db/migrations/003_index.sql:1:1' in said, r)
        put('project/db/migrations/003_index.sql', '-- contraflow: allow create-index-blocks-writes the table is empty until the release\nCREATE INDEX ON users (email);\n')
        run('project', 'git', 'add', '-A')
        r = run('project', 'git', 'commit', '-m', 'allowed', check=False)
        expect('with a reason it passes', r.returncode == 0, r)
        for i in range(300):
            put(f'project/db/many/{i:03}.sql', f"SET lock_timeout = '1s';\nALTER TABLE users ADD COLUMN c{i} text;\n")
        put('project/db/many/000.sql', "CREATE TABLE many (id integer PRIMARY KEY, n varchar(5));\n")
        put('project/db/many/299.sql', "SET lock_timeout = '1s';\nALTER TABLE many ALTER COLUMN n TYPE varchar(9);\n")
        run('project', 'git', 'add', '-A')
        r = run('project', PRE_COMMIT, 'run', '--files', *[f'db/many/{i:03}.sql' for i in range(300)], check=False)
        expect('300 files are one run: the types of the first are known to the last', r.returncode == 0, r)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
