#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow check` over a project's whole migration history, every lock finding judged by running the history on a server of its own.

  tests/check/histories.py --bin build/ci/contraflow FOLDER…          folders of migrations: */up.sql, */migration.sql, or *.sql with goose's marks

Each migration runs with client_min_messages = debug1. PostgreSQL says "rewriting table", "verifying table", "building index" and "validating foreign key"
also where a table has no rows yet, so nothing has to be filled in. A finding is right where the server says that work of that table; work on a table
that was there before the migration, and that no finding names, is a miss. Statements of files that a server refuses are named and left out.
"""
import argparse, collections, glob, json, os, re, subprocess, sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'laws')]
from libpq import Connection, Failed
from server import Server, find_servers

TABLES = "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_|information_schema'"
KEYS = "select conname, conrelid::regclass::oid::regclass::text, (select relname from pg_class where oid = conrelid) from pg_constraint where contype = 'f'"
RANK = {'scan': 1, 'index_build': 2, 'rewrite': 3}


def migrations(folder):
    # Diesel's versions are compared without their dashes.
    found = sorted(glob.glob(folder + '/*/up.sql'), key=lambda p: os.path.basename(os.path.dirname(p)).split('_')[0].replace('-', '')) or sorted(glob.glob(folder + '/*/migration.sql')) or sorted(glob.glob(folder + '/*.sql'))
    for path in found:
        text = open(path).read()
        if '-- +goose Up' in text:
            text = text.split('-- +goose Up', 1)[1].split('-- +goose Down', 1)[0]
        yield path, text


def parts(text):
    """a file that builds concurrently goes statement by statement, any other as one"""
    if not re.search(r'\bindex\s+concurrently\b', re.sub(r'--.*', '', text), re.I):
        return [text]
    return [s for s in re.split(r';\s*\n', text) if s.strip()]


def work_done(c, notices):
    done = collections.defaultdict(set)
    for m in notices:
        if r := re.match(r'rewriting table "(.*)"', m):
            done[r[1]].add('rewrite')
        elif r := re.match(r'verifying table "(.*)"', m):
            done[r[1]].add('scan')
        elif r := re.match(r'building index "(.*)" on table "(.*)" ', m):
            if not r[2].startswith('pg_toast'):
                done[r[2]].add('index_build')
        elif r := re.match(r'validating foreign key constraint "(.*)"', m):
            for name, _, table in c.run(KEYS):
                if name == r[1]:
                    done[table].add('scan')
    return done


def with_parents(c, done):
    """what is done to a partition or child is done to its parents"""
    above = collections.defaultdict(set)
    for child, parent in c.run('select c.relname, p.relname from pg_inherits i join pg_class c on c.oid = inhrelid join pg_class p on p.oid = inhparent'):
        above[child].add(parent)
    for _ in range(3):
        for table, work in list(done.items()):
            for parent in above[table]:
                done[parent] |= work
    return above


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    p.add_argument('--server', type=int, default=15)
    p.add_argument('folders', nargs='+')
    opt = p.parse_args()
    for folder in opt.folders:
        r = subprocess.run([opt.bin, '--color', 'never', 'check', '--server', str(opt.server), '--format', 'json', folder], capture_output=True, text=True)
        findings, others = collections.defaultdict(list), collections.defaultdict(list)
        for f in json.loads(r.stdout)['findings']:
            if f['category'] != 'lock':
                others[os.path.abspath(f['file'])].append(f)
            else:
                findings[os.path.abspath(f['file'])].append(f)
        server = Server(find_servers(ROOT)[opt.server])
        try:
            c = Connection(server.url(server.create()))
            c.run("set client_min_messages = warning; set check_function_bodies = off; set max_parallel_maintenance_workers = 0; set timezone = UTC")
            right, wrong, missed, unread, depends, files = 0, [], [], [], 0, 0
            for path, text in migrations(folder):
                before = {t for t, in c.run(TABLES)}
                c.notices.clear()
                try:
                    for part in parts(text):
                        c.run('set client_min_messages = debug1')
                        c.run(part)
                except Failed as e:
                    unread.append(f'{os.path.relpath(path, folder)}: {e.message[:90]}')
                    try:
                        c.run('rollback')
                    except Failed:
                        pass
                    c.run('set client_min_messages = warning')
                    continue
                notices = list(c.notices)
                c.run('set client_min_messages = warning')
                files += 1
                done, named = work_done(c, notices), set()
                above = with_parents(c, done)
                way_back = open(path).read().find('-- +goose Down')
                last_line = open(path).read()[:way_back].count('\n') + 1 if way_back >= 0 else 10 ** 9
                for f in findings.get(os.path.abspath(path), []):
                    if f['line'] > last_line:  # this judge runs the way forward alone
                        continue
                    table = re.sub(r'^.*?\.(?=[^.]*$)', '', f['relation']).strip('"')
                    named.add(table)
                    if f['work'] in done.get(table, ()) or any(RANK[w] > RANK[f['work']] for w in done.get(table, ())):
                        right += 1
                    elif f['depends']:
                        depends += 1
                    else:
                        wrong.append(f"{os.path.relpath(path, folder)}:{f['line']} {f['rule']} {f['relation']} {f['work']}; the server: {sorted(done.get(table, []))}")
                # A new NOT NULL column without default fails where there are rows: another category says so.
                fails_on_rows = any(f['rule'] == 'add-column-not-null' for f in others[os.path.abspath(path)])
                quiet = re.search(r'\b(concurrently|validate)\b', text, re.I)
                for table, work in done.items():
                    if table in before and not re.search(rf'(drop\s+table|drop\s+materialized\s+view|truncate)[^;]*\b{re.escape(table)}\b', text, re.I) and table not in named and not above[table] & named and not quiet and not fails_on_rows:
                        missed.append(f'{os.path.relpath(path, folder)}: {table} {sorted(work)}')
            c.close()
        finally:
            server.stop()
        judged = right + len(wrong)
        print(f'{folder}: {files} migrations ran, {len(unread)} did not; {judged} findings judged, {right} right ({100 * right / max(judged, 1):.1f} %), {depends} depend; {len(missed)} missed')
        for title, lines in (('wrong', wrong), ('missed', missed), ('did not run', unread)):
            for line in lines[:40]:
                print(f'     {title}: {line}')


if __name__ == '__main__':
    main()
