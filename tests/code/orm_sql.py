#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The raw SQL that `contraflow orm` edits for a soft delete, run on a server.

orm_sql/ is an application of awkward statements. Each statement that the patch changes runs before it, where it must show, change or remove the deleted row (or the edit is for nothing), and after it, where it
must not. Rows that are alive stay in what it shows. What was not edited must be listed. orm_sql.py --bin CONTRAFLOW; exit 77 where there is no server."""
import argparse, json, os, re, subprocess, sys
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'laws'))
from application import application
from server import Server, find_servers

ROWS = """
INSERT INTO users (id, email, name, boss, team_id) VALUES (1, 'ann', 'ann', NULL, 1), (2, 'DELETED', 'DELETED', 1, 1), (3, 'cas', NULL, 2, 1), (4, 'dee', 'dee', 1, NULL);
INSERT INTO teams VALUES (1, 'one', 1), (2, 'two', 2);
INSERT INTO orders VALUES (1, 1, 2, 10), (2, 2, 1, 20), (3, 3, NULL, 30), (4, 4, 2, 40);
"""
DELETED = "UPDATE users SET deleted_at = '2020-01-01' WHERE id = 2;"
# Statements that show nothing of the deleted row on these rows, and what the edit is for.
QUIET = {'s11': 'NATURAL JOIN over id and name has no pair', 's13': 'rows of orders', 's14': 'rows of orders', 's18': 'a count', 's29': 'rows of orders', 's30': 'rows of orders', 's35': 'a condition that it does not meet', 's31': 'max() is another row\'s',
         'u3': 'orders', 'u4': 'orders', 'd3': 'orders', 'i4': 'orders', 'i2': 'another row'}
LISTED = {'s7': 'outer join', 's8': 'outer join', 's34': 'outer join', 'd6': 'TRUNCATE', 'm1': 'MERGE', 'c1': 'COPY', 'p1': 'run time', 'p3': 'run time', 'p4': 'run time', 'e1': 'comment'}


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    a = p.parse_args()
    servers = find_servers(os.path.realpath(os.path.join(HERE, '../..')))
    if 15 not in servers:
        print('orm_sql: no PostgreSQL 15: skipped')
        return 77
    failures = []

    def check(ok, what):
        if not ok:
            failures.append(what)
            print('FAIL  ' + what, flush=True)

    with application(os.path.join(HERE, 'orm_sql'), a.bin) as app:
        work, root, run = app.work, app.root, app.run
        if code := app.soft_delete('users'):
            return code

        def sites():
            out = {}
            text = {}
            for site in json.loads(run('queries', '--schema', 'schema.sql', '--format', 'json', '--no-cache').stdout)['sites']:
                lines = text.setdefault(site['file'], open(os.path.join(root, site['file'])).read().split('\n'))
                name = next((m[1] for line in lines[site['line'] - 1::-1] if (m := re.search(r'export const (\w+) =', line))), None) if site['file'].endswith('q.ts') else None
                if name is None:
                    name = f'{site["file"]}#{sum(1 for other in out if other.startswith(site["file"] + "#"))}'
                out[name] = site
            return out

        before = sites()
        r = run('orm', '../plan', '--schema', 'schema.sql')
        left = r.stderr
        applied = subprocess.run(['git', 'apply'], input=r.stdout, capture_output=True, text=True, cwd=root)
        check(applied.returncode == 0, 'git apply: ' + applied.stderr)
        after = sites()
        check(set(before) == set(after), f'other sites than before: {set(before) ^ set(after)}')
        check(run('orm', '../plan', '--schema', 'schema.sql').stdout == '', 'a second patch is not empty')
        for name, word in LISTED.items():
            line = next((line for line in left.splitlines() if f'q.ts:{before[name]["line"]}:' in line), '') if name in before else '(no site)'
            check(word in line, f'{name} is not listed with "{word}": {line}')
            check(before.get(name, {}).get('statement') == after.get(name, {}).get('statement'), f'{name} was edited')

        server = Server(servers[15])
        try:
            base = server.create()
            server.psql(base, open(os.path.join(root, 'schema.sql')).read() + ROWS)
            for phase in sorted(f for f in os.listdir(os.path.join(work, 'plan')) if re.fullmatch(r'\d_\w+\.sql', f)):
                if phase[0] == '4':
                    break
                why = server.run_file(base, os.path.join(work, 'plan', phase))
                check(not why, f'{phase}: {why}')
            server.psql(base, DELETED)

            def outcome(statement):
                """(what it shows, what became of the deleted row and the copies of it, error)"""
                statement = re.sub(r'ANY\(\$\d\)', "ANY('{1,2,3}')", statement)
                statement = re.sub(r'\$\d|\?', '2', statement).rstrip('; \n')
                state = "SELECT 'state', id, email, name, deleted_at = '2020-01-01' FROM users WHERE id = 2; SELECT 'copy', * FROM archive; SELECT 'users', count(*) FROM users WHERE id < 10; SELECT 'order', * FROM orders ORDER BY id;"
                r = server.psql(base, f'BEGIN;\n{statement}\n;\n{state}\nROLLBACK;', check=False)
                shown, states = [], []
                for line in r.stdout.splitlines():
                    (states if re.match(r'(state|copy|users|order)\|', line) else shown).append(line)
                return shown, states, r.stderr.strip()

            _, untouched, _ = outcome('SELECT 1')
            edited = 0
            for name, site in after.items():
                statement, old = site.get('statement', ''), before.get(name, {}).get('statement', '')
                if not statement or statement == old or not site.get('statement_certain'):
                    continue
                edited += 1
                was_shown, was_state, was_error = outcome(old)
                shown, state, error = outcome(statement)
                check(not error, f'{name}: {statement}: {error}')
                leaked = any('DELETED' in line for line in was_shown) or was_state[:1] != untouched[:1] or any('copy|' in line and 'DELETED' in line for line in was_state) or len([1 for l in was_state if l.startswith('users|4')]) == 0
                check(leaked or name in QUIET or was_error or not re.match(r'[sudi]\d', name), f'{name}: nothing of the deleted row is seen before the edit: {old}')
                check(not any('DELETED' in line for line in shown), f'{name}: shows the deleted row: {statement}')
                check(state[:1] == untouched[:1], f'{name}: changes the deleted row: {statement}')
                check(not any(line.startswith('copy|') and 'DELETED' in line for line in state), f'{name}: copies the deleted row: {statement}')
                check(any(line.startswith('users|4') for line in state), f'{name}: rows are gone: {statement}')
                # What is alive stays: rows that spoke of nobody deleted are still there.
                if re.match(r's\d', name) and name not in ('s12', 's18', 's29', 's30', 's36', 's5', 's6', 's15', 's25', 's31', 's16', 's13', 's14', 's17', 's33', 's21', 's22', 's23', 's26'):
                    alive = [line for line in was_shown if 'DELETED' not in line]
                    check(sorted(alive) == sorted(shown), f'{name}: {sorted(shown)} instead of {sorted(alive)}')
            print(f'{edited} statements edited and run, {len(LISTED)} listed')
            check(edited >= 60, 'fewer statements were edited than there are')
        finally:
            server.stop()
    print(f'{len(failures)} failed')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
