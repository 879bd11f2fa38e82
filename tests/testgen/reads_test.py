#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests that `contraflow tests` writes of what a code base reads of deleted rows: reads_test.py --bin CONTRAFLOW; exit 77 where pgTAP or a server is missing.

reads_app/ logs in by nine ways in six languages, one the outer side of a join, two through a to-one relation of Prisma's client. Its reads are green as `contraflow orm` would patch them, red as they stand, green once they are patched; and each one whose condition
is taken away afterwards must be told by its place. A test that is not written is said with its reason."""
import argparse, json, os, re, subprocess, sys
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'code'))
from application import application

KEYED = {'app/login.ts:26': 'teamOf', 'app/login.ts:4': 'login', 'app/login.ts:8': 'taken', 'app/login.ts:17': 'profile', 'app/session.go:6': 'userOfSession', 'app/login.py:2': 'by_mail', 'app/login.py:7': 'failures',
         'app/Login.java:2': 'Login', 'app/login.rb:2': 'find', 'app/by_token.sql:2': '',
         'app/sessions.ts:6': 'sessionOf', 'app/sessions.ts:10': 'sessionNamed'}
SEEN = ['admin/users.ts:3', 'app/audit.ts:4']
LEFT_OUT = {'app/login.ts:12': 'returns the rows that it writes', 'app/login.ts:30': 'not keyed'}


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    a = p.parse_args()
    failures = []

    def check(ok, what, more=''):
        print(('PASS  ' if ok else 'FAIL  ') + what, flush=True)
        if not ok:
            failures.append(what)
            print(more[-3000:])

    with application(os.path.join(HERE, 'reads_app'), a.bin) as app:
        work, root, run = app.work, app.root, app.run
        if code := app.soft_delete('users'):
            return code

        def tests(*more):
            return run('tests', '../plan', '--schema', 'schema.sql', '--stack', 'pgtap', '--run', *more)

        def red(r):
            """the places whose tests failed"""
            return set(re.findall(r'\(([\w./]+:\d+)\)', '\n'.join(line for line in r.stdout.splitlines() if line.startswith('        '))))

        r = tests('--out', '../suite')
        if r.returncode == 3:
            print(r.stderr)
            return 77
        check(r.returncode == 0, 'the reads as orm patches them are green', r.stdout + r.stderr)
        text = open(os.path.join(work, 'suite', '1_expand_reads.pg')).read()
        check(set(re.findall(r'\(([\w./]+:\d+)\) finds nothing', text)) == set(KEYED), 'each login-like read has tests', r.stderr + text)
        check(set(re.findall(r'\(([\w./]+:\d+)\) still finds', text)) == set(SEEN), 'what is to see deleted rows has tests', text)
        for place, why in LEFT_OUT.items():
            check(any(place in line and why in line for line in r.stderr.splitlines()), f'{place} is left out, and said: {why}', r.stderr)
        r = tests('--reads', 'written')
        check(r.returncode == 1 and red(r) == set(KEYED), 'as they stand, before orm, each of them is red', r.stdout)

        # What a call of Prisma's client reaches through a relation is part of its proof.
        with open(os.path.join(root, 'schema.sql')) as f, open(os.path.join(work, 'renamed.sql'), 'w') as renamed:
            renamed.write(f.read().replace('  username text', '  login_name text'))
        run('plan', '--from', 'schema.sql', '--to', '../renamed.sql', '--rename', 'users.username=login_name', '--out', '../renaming')
        r = run('queries', 'users', '--schema', 'schema.sql', '--plan', '../renaming', '--no-cache', '--format', 'json')
        proofs = {f'{site["file"]}:{site["line"]}': site['proof']['verdict'] for site in json.loads(r.stdout)['sites']} if r.stdout else {}
        check(proofs.get('app/sessions.ts:10') == 'broken' and proofs.get('app/sessions.ts:6') == 'proven', 'a renamed column behind a relation breaks the call', r.stdout + r.stderr)

        r = run('orm', '../plan', '--schema', 'schema.sql', '--apply')
        check(r.returncode == 0 and 'contraflow' not in r.stdout, 'orm --apply', r.stderr)
        r = tests()
        check(r.returncode == 0 and 'its reads are tested as contraflow' not in r.stderr and 'tested as they stand' in r.stderr, 'the patched code is tested as it stands, and is green', r.stdout + r.stderr)
        # One run for all: each place that lost its condition must be told, and no other.
        for place in KEYED:
            file, line = place.split(':')
            path = os.path.join(root, file)
            lines = open(path).read().split('\n')
            for i in range(int(line) - 1, len(lines)):
                without = re.sub(r'( AND| WHERE)?\s*(u\.)?deleted_at IS NULL( AND)?|deletedAt: null, ', '', lines[i], count=1)
                if without != lines[i]:
                    lines[i] = without
                    break
            else:
                check(False, f'{place} has a condition to lose')
            open(path, 'w').write('\n'.join(lines))
        r = tests()
        check(r.returncode == 1 and red(r) == set(KEYED), 'each read that lost its condition is told', r.stdout + r.stderr)
        # An admin's read that filters.
        subprocess.run(['sed', '-i', 's/FROM users ORDER/FROM users WHERE deleted_at IS NULL ORDER/', 'admin/users.ts'], cwd=root, check=True)
        r = tests()
        check('admin/users.ts:3' in red(r), 'an admin read that hides deleted rows is told', r.stdout)
    return 1 if failures else 0


sys.exit(main())
