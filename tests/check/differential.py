#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow check` against what the servers did (observed.json), statement by statement.

  tests/check/differential.py --bin build/ci/contraflow [--server 16]… [--squawk build/peers/node_modules/.bin/squawk] [--list]

A statement is bad where a server was seen to do work that grows with a table while a lock held up the table's readers or writers
(observe.py). It counts as flagged where a finding names such a lock and such work. Each statement is a migration of its own over the
schema. Statements that a server refuses are left out: they do nothing.

Where that hangs on the session (TimeZone), a finding that says so is neither right nor wrong. Also compared, for what is flagged: the
relation, the work, and the lock of the finding with what was seen, and that no more was seen than is said.

Exit 0: no miss, no false alarm, nothing named wrongly; 1 otherwise; 77: nothing to run with.
"""
import argparse, collections, json, os, subprocess, sys, tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'laws')]
import corpus, oracle
from server import find_servers

BLOCKS = ('SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE')
# Those of squawk's rules that speak of work under a lock; the others (renames, drops, style, timeouts) are not held against it.
SQUAWK = {'adding-field-with-default', 'adding-foreign-key-constraint', 'adding-not-nullable-field', 'adding-serial-primary-key-field', 'changing-column-type',
          'constraint-missing-not-valid', 'disallowed-unique-constraint', 'require-concurrent-index-creation', 'require-concurrent-reindex', 'prefer-repack',
          'ban-alter-domain-with-add-constraint'}


def files(cases, folder):
    """{file name: case}: one file a statement"""
    named = {}
    for i, case in enumerate(cases):
        name = f's{i:04d}.sql'
        with open(os.path.join(folder, name), 'w') as f:
            f.write(case.text + ';\n')
        named[name] = case
    return named


def contraflow(opt, major, folder, named):
    """{statement: [findings that name work under a blocking lock]}, and whatever else was found per statement"""
    schema = os.path.join(folder, 'schema')
    os.makedirs(schema, exist_ok=True)
    with open(os.path.join(schema, 'schema.sql'), 'w') as f:
        f.write(corpus.schema(major)['schema'])
    env = dict(os.environ, CONTRAFLOW_PG_BINDIR=find_servers(ROOT)[major])
    statements = os.path.join(folder, 'statements')
    r = subprocess.run([opt.bin, '--color', 'never', 'check', '--each', '--schema', schema + '/schema.sql', '--server', str(major), '--format', 'json', statements],
                       capture_output=True, text=True, env=env)
    if r.returncode not in (0, 1):
        raise SystemExit(f'check: exit {r.returncode}: {r.stderr[:2000]}')
    locks, others = collections.defaultdict(list), collections.defaultdict(list)
    for f in json.loads(r.stdout)['findings']:
        text = named[os.path.basename(f['file'])].text
        (locks if f['work'] != 'none' and f['lock'] in BLOCKS else others)[text].append(f)
    return locks, others


def squawk(opt, major, folder, named):
    r = subprocess.run([opt.squawk, '--reporter', 'json', '--pg-version', f'{major}.0', *(os.path.join(folder, 'statements', n) for n in named)], capture_output=True, text=True)
    locks = collections.defaultdict(list)
    for f in json.loads(r.stdout):
        if f['rule_name'] in SQUAWK:
            locks[named[os.path.basename(f['file'])].text].append(f)
    return locks


def depends(o, findings):
    """the server's answer hangs on the session, and the findings say so"""
    return 'elsewhere' in o and all(f.get('depends') for f in findings)


def confusion(seen, flagged):
    """(right, missed, false, clean) as lists of statements"""
    out = ([], [], [], [])
    for text, o in seen.items():
        if 'error' not in o and not (text in flagged and not o['bad'] and depends(o, flagged[text])):
            out[0 if o['bad'] and text in flagged else 1 if o['bad'] else 2 if text in flagged else 3].append(text)
    return out


WORK = ('none', 'scan', 'index_build', 'rewrite')  # a rewrite builds the indexes, and reads the table


def wrongly_named(seen, findings):
    """what a right finding says of relation, work and lock and the server did not do, or the other way round"""
    wrong = []
    for text, found in findings.items():
        o = seen[text]
        if 'error' in o or not o['bad']:
            continue
        states = [o] + ([o['elsewhere']] if 'elsewhere' in o and any(f['depends'] for f in found) else [])
        locks = {r: m for s in states for r, m in s['locks'].items()}
        most = max((w for s in states for w in s['work'].values()), key=WORK.index)
        for f in found:
            if f['relation'] and locks and f['relation'] not in locks and f['relation'] not in o['work']:
                wrong.append((text, f"names {f['relation']}, which the server did not lock: {locks}"))
            if WORK.index(f['work']) > WORK.index(most):
                wrong.append((text, f"says {f['work']}, the server {o['work']}"))
            if locks and f['lock'] not in locks.values():
                wrong.append((text, f"says {f['lock']}, the server {locks}"))
        if max(WORK.index(f['work']) for f in found) < WORK.index(most):
            wrong.append((text, f"says {[f['work'] for f in found]}, the server does more: {o['work']}"))
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin')
    p.add_argument('--server', type=int, action='append', choices=oracle.MAJORS)
    p.add_argument('--squawk')
    p.add_argument('--list', action='store_true', help='name every miss and false alarm, of squawk too')
    opt = p.parse_args()
    cases, recorded, wrong = corpus.load(), oracle.recorded(), 0
    print(f'{"":>4} {"":>12} {"bad":>6} {"found":>6} {"missed":>7} {"clean":>6} {"false":>6}')
    here = find_servers(ROOT)
    majors = [m for m in opt.server or oracle.MAJORS if m in here or not opt.bin]
    if not majors:
        print('no PostgreSQL here (tools/get_servers.sh)')
        return 77
    for major in majors:
        seen = {c.text: recorded[c.text][major] for c in cases}
        with tempfile.TemporaryDirectory(prefix='contraflow-check-') as folder:
            os.chmod(folder, 0o755)
            os.makedirs(folder + '/statements')
            named = files(cases, folder + '/statements')
            tools = {}
            if opt.bin:
                tools['contraflow'] = contraflow(opt, major, folder, named)[0]
            if opt.squawk:
                tools['squawk'] = squawk(opt, major, folder, named)
        for tool, findings in tools.items():
            right, missed, false, clean = confusion(seen, findings)
            print(f'{major:>4} {tool:>12} {len(right) + len(missed):>6} {len(right):>6} {len(missed):>7} {len(false) + len(clean):>6} {len(false):>6}')
            if opt.list or tool == 'contraflow':
                for text in missed:
                    print(f'     missed: {text}\n             {json.dumps(seen[text])[:200]}')
                for text in false:
                    print(f'     false alarm: {text}\n             ' + '; '.join(f'{f.get("rule") or f.get("rule_name")} {f.get("work", "")}' for f in findings[text]))
            if tool == 'contraflow':
                named_wrong = wrongly_named(seen, findings)
                for text, what in named_wrong:
                    print(f'     named wrongly: {text}\n             {what[:300]}')
                wrong += len(missed) + len(false) + len(named_wrong)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
