#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Observes the corpus on live servers that this starts and ends, and keeps what it saw in observed.json.

  tests/check/oracle.py [--server 15]… [--only TEXT] [--show]     compares with observed.json: exit 1 where a server says otherwise
  tests/check/oracle.py --update                                  observes everything on every major and writes observed.json anew
  tests/check/oracle.py --every 7                                 each seventh statement only (what the test run does on other majors)

Exit 77: no server of that major here (ctest: skipped).
"""
import argparse, hashlib, json, os, sys, time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'laws'))
import corpus
from observe import Observer
from server import Server, find_servers

MAJORS = (14, 15, 16, 17, 18)
FILE = os.path.join(HERE, 'observed.json')
SETTINGS = ('max_parallel_maintenance_workers=0', 'max_parallel_workers_per_gather=0', 'max_prepared_transactions=2', 'wal_level=logical', 'synchronous_standby_names=nobody')


def prepared(server, major):
    """the name of the database that holds the schema and its rows"""
    name = server.create()
    parts = corpus.schema(major)
    server.psql(name, parts['schema'])
    server.psql(name, parts['rows'])
    server.psql(name, 'vacuum analyze')
    os.makedirs(server.folder + '/other_space', exist_ok=True)
    os.chmod(server.folder + '/other_space', 0o700)
    if not os.geteuid():
        stat = os.stat(server.folder)
        os.chown(server.folder + '/other_space', stat.st_uid, stat.st_gid)
    server.psql('postgres', f"create tablespace other_space location '{server.folder}/other_space'")
    return name


def observe(bindir, major, cases, report=lambda case, seen: None):
    server = Server(bindir, SETTINGS)
    try:
        template = prepared(server, major)
        observer, seen = Observer(server, template), {}
        for case in [c for c in cases if not c.outside]:
            seen[case.text] = observer.observe(case.text)
            report(case, seen[case.text])
        observer.c.close()
        for case in [c for c in cases if c.outside]:
            seen[case.text] = observer.observe_outside(case.text, server.create(template))
            report(case, seen[case.text])
        return seen
    finally:
        server.stop()


def fingerprint(cases):
    """of all that the observations depend on but the servers"""
    h = hashlib.sha256()
    for major in MAJORS:
        for text in corpus.schema(major).values():
            h.update(text.encode())
    for case in cases:
        h.update(repr((case.text, case.outside)).encode())
    h.update(open(os.path.join(HERE, 'observe.py'), 'rb').read())
    return h.hexdigest()[:16]


def packed(by_major):
    """[[majors, observation]]: one entry where all agree, which they mostly do"""
    out = []
    for major, seen in by_major.items():
        for entry in out:
            if entry[1] == seen:
                entry[0].append(major)
                break
        else:
            out.append([[major], seen])
    return out


def recorded():
    """{statement: {major: observation}} as kept, or exit where the corpus has moved on"""
    with open(FILE) as f:
        kept = json.load(f)
    if kept['fingerprint'] != fingerprint(corpus.load()):
        raise SystemExit('observed.json is older than the corpus, the schema or observe.py: run tests/check/oracle.py --update')
    return {s: {m: seen for majors, seen in entries for m in majors} for s, entries in kept['statements'].items()}


def write(cases, results):
    statements = {c.text: packed({m: results[m][c.text] for m in MAJORS}) for c in cases}
    with open(FILE, 'w') as f:
        # One line a statement: a difference reads as one.
        rows = ',\n'.join(f'  {json.dumps(s)}: {json.dumps(e)}' for s, e in statements.items())
        f.write(f'{{"fingerprint": "{fingerprint(cases)}", "statements": {{\n{rows}\n}}}}\n')


def stable(seen):
    """what two servers of one major must agree on: messages are worded anew in minor releases"""
    return {k: v for k, v in seen.items() if k != 'message'}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--server', type=int, action='append', choices=MAJORS)
    p.add_argument('--only', help='statements that contain this text')
    p.add_argument('--every', type=int, default=1)
    p.add_argument('--show', action='store_true', help='print each observation')
    p.add_argument('--update', action='store_true')
    opt = p.parse_args()
    found = find_servers(ROOT)
    majors = MAJORS if opt.update else opt.server or MAJORS
    missing = [m for m in majors if m not in found]
    if missing:
        print('no PostgreSQL ' + ', '.join(map(str, missing)) + ' here (tools/get_servers.sh)')
        if opt.update or len(missing) == len(majors):
            return 1 if opt.update else 77
    everything = corpus.load()
    cases = [c for c in everything if not opt.only or opt.only in c.text][::opt.every]
    want = None if opt.update or opt.show else recorded()
    results, wrong = {}, 0

    for major in [m for m in majors if m in found]:
        def report(case, seen):
            nonlocal wrong
            if opt.show:
                print(f'{major} {"BAD " if seen.get("bad") else ""}{case.text}\n     {json.dumps(seen)}')
            elif want and stable(want[case.text][major]) != stable(seen):
                wrong += 1
                print(f'{major} {case.text}\n     recorded {json.dumps(want[case.text][major])}\n     observed {json.dumps(seen)}')
        began = time.monotonic()
        results[major] = observe(found[major], major, cases, report)
        bad = sum(bool(s.get('bad')) for s in results[major].values())
        failed = sum('error' in s for s in results[major].values())
        print(f'PostgreSQL {major}: {len(cases)} statements, {bad} bad, {failed} fail, {time.monotonic() - began:.1f} s')
    if opt.update:
        write(everything, results)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
