#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How good are contraflow's plans? Runs the laws of the plan folder over many pairs of schemas on a live server.

  tools/scoreboard.py --judge roundtrip.py --bin build/release/contraflow PAIRS
  tools/scoreboard.py --judge roundtrip.py --bin build/release/contraflow --migrations db/migrate

PAIRS is a folder ID/{old,new}.sql[,setup.sql][,seed.sql], with the judge's manifest.json or without one. --migrations takes a folder of
sequential migrations (numbered files, *.up.sql, V*__*.sql, goose files, */up.sql, */migration.sql): each state and its
successor is one pair. setup.sql is loaded before old.sql and before new.sql; seed.sql holds rows for old.sql.

The judge decides what is equal (pg_dump, see its own text); nothing here is kinder than it: an invalid index or a schema `contraflow` that is
left behind is a miss too. For each pair, each law on copies of its own:

  planned    `contraflow plan` writes a plan; otherwise it is `refused` (exit 1, says why) or `failed` (anything else)
  forward    all forward files, under plain psql, end in new.sql (`said`: but for column order, and plan.json names the table)
  replan     planning again from there finds nothing to do
  twice      all forward files once more, then: each file twice in a row, change nothing
  rollback   the rollback files, in reverse, end in old.sql; so do those of the first k phases, for every k
  back twice each rollback file twice in a row changes nothing; afterwards the forward files end in new.sql again
  resumed    a forward file cut after every step, then all forward files: the end is new.sql; a rollback file cut, then all: old.sql
  undone     a forward file cut after every step, then all rollback files: the end is old.sql
  rows       with seed.sql: forward and back leave every row and sequence as they were; so does a forward run that stops by itself

A server must listen at PGHOST, PGPORT, PGUSER (superuser), for this alone: roles that appear during a run are dropped. Its bin directory comes first in PATH.
Exit 0: all laws hold on every pair that was planned and nothing failed; 1: otherwise.
"""
import argparse, collections, concurrent.futures, glob, hashlib, importlib.util, json, os, re, sys, tempfile

sys.dont_write_bytecode = True  # nothing is left beside the sources
import scoreboard_laws as laws
from scoreboard_laws import LAWS

judge = None  # the module given by --judge


# ---- which pairs

def cases_of(opt):
    if opt.migrations:
        return migration_pairs(opt)
    path = opt.manifest or os.path.join(opt.pairs, 'manifest.json')
    if os.path.exists(path):
        with open(path) as f:
            cases = json.load(f)
    else:
        cases = [dict(id=d, source=os.path.basename(os.path.abspath(opt.pairs)), loads_on_15=True)
                 for d in sorted(os.listdir(opt.pairs)) if os.path.exists(os.path.join(opt.pairs, d, 'new.sql'))]
    cases = [c for c in cases if c['loads_on_15'] and c.get('real_change', True) and (opt.with_empty or not (c.get('old_empty') or c.get('new_empty')))]
    if opt.source:
        cases = [c for c in cases if c['source'] in opt.source.split(',')]
    if opt.only:
        cases = [c for c in cases if opt.only in c['id']]
    # the judge's own choice: the same pairs whatever else is added to the folder
    return sorted(cases, key=lambda c: hashlib.sha1(c['id'].encode()).digest())[:opt.sample]


def natural(s):
    return [int(x) if x.isdigit() else x for x in re.split(r'(\d+)', s)]


def migration_files(folder):
    found = sorted((os.path.relpath(p, folder) for p in glob.glob(folder + '/**/*.sql', recursive=True)), key=natural)
    forward = [p for p in found if not re.search(r'(^|[./_])(down|rollback|undo)\.sql$|(^|/)U[\d._]+__', p)]
    return [os.path.join(folder, p) for p in forward]


def migration_pairs(opt):
    """replays the folder and writes each state that a migration changed, and its successor, as a pair"""
    opt.pairs, name, cases = opt.scratch, os.path.basename(os.path.abspath(opt.migrations)), []
    dump = lambda db: re.sub(r'^\\(un)?restrict .*\n', '', judge.sh(['pg_dump', '-s', '-O', '-x', '-d', db]).stdout, flags=re.M)
    db = judge.newdb()
    try:
        state = dump(db)
        for k, path in enumerate(migration_files(opt.migrations)):
            with open(path) as f:
                text = re.split(r'(?im)^\s*--\s*(?:\+goose\s+down|migrate:down)\b', f.read())[0]
            with tempfile.NamedTemporaryFile('w', suffix='.sql') as f:
                f.write(text)
                f.flush()
                r = judge.psql(db, '-f', f.name)
            if r.returncode:
                raise SystemExit(f'{path}: {judge.error_line(r.stderr)}')
            after = dump(db)
            if after != state and judge.entries(state):
                case = dict(id=f'{name}_{k:04}', source=name, loads_on_15=True, migration=os.path.relpath(path, opt.migrations))
                os.makedirs(os.path.join(opt.pairs, case['id']))
                for which, text in (('old.sql', state), ('new.sql', after)):
                    with open(os.path.join(opt.pairs, case['id'], which), 'w') as f:
                        f.write(text)
                cases.append(case)
            state = after
    finally:
        judge.dropdb(db)
    return sorted(cases, key=lambda c: hashlib.sha1(c['id'].encode()).digest())[:opt.sample]


# ---- the report

def general(cause):
    """a cause without the names of its pair, so that equal ones can be counted"""
    text = re.sub(r'(?<=[ :])(\S+\.sql:)', ' ', cause)
    text = re.sub(r'psql:|\S*/|\bcut after (step|statement) \d+ of \d+|:\d+: |(?<=\bstep )\S+', ' ', text)
    text = re.sub(r'"[^"]*"|\'[^\']*\'|\b\d+\b|\b(column|table|relation|type|view|function|schema|index|constraint|trigger) (?!")\S*[._]\S*', '…', text)
    return re.sub(r'\s+', ' ', text).strip()[:140]


def figures(rs):
    judged = [r for r in rs if r['stage'] in ('done', 'refused', 'failed')]
    planned = [r for r in judged if r['stage'] == 'done']
    row = dict(pairs=len(judged), planned=len(planned), refused=sum(r['stage'] == 'refused' for r in judged), failed=sum(r['stage'] == 'failed' for r in judged))
    for law in LAWS:
        row[law] = [sum(r['laws'].get(law) is True for r in planned), sum(law in r['laws'] for r in planned)]
    seconds = sorted(r['seconds'] for r in judged if r.get('seconds'))
    row.update(all_laws=sum(all(r['laws'].values()) for r in planned), said=sum(bool(r.get('said')) for r in planned),
               silent=sum(not all(r['laws'].values()) for r in planned), cuts=sum(r.get('cuts', 0) for r in planned),
               median_plan_seconds=seconds[len(seconds) // 2] if seconds else None)
    row.update({s: n for s in ('load', 'same', 'harness') if (n := sum(r['stage'] == s for r in rs))})
    return row


def markdown(rows, failures, command):
    def cell(row, law):
        ok, of = row[law]
        return '–' if not of else f'{ok}' if ok == of else f'**{ok}** of {of}'
    out = ['| source | pairs | refused | failed | ' + ' | '.join(LAWS) + ' | all laws |', '|---' * (len(LAWS) + 5) + '|']
    for name, row in rows.items():
        share = f"{row['all_laws']} ({100 * row['all_laws'] / max(row['pairs'], 1):.1f} %)"
        out.append(f"| {name} | {row['pairs']} | {row['refused']} | {row['failed']} | " + ' | '.join(cell(row, law) for law in LAWS) + f' | {share} |')
    total = rows['total']
    out += ['', f"{total['said']} forward results differ in column order, as their plans say; {total['cuts']} interrupted runs; median plan {total['median_plan_seconds'] or 0:.2f} s"
            + ''.join(f'; {total[s]} not judged ({why})' for s, why in (('load', 'do not load'), ('same', 'no change'), ('harness', "the runner's own trouble")) if s in total) + '.']
    if failures:
        out += ['', '| law | cause | pairs | example |', '|---|---|---|---|']
        out += [f"| {law} | {cause.replace('|', chr(92) + '|')} | {len(ids)} | `{sorted(ids)[0]}` |" for (law, cause), ids in failures]
    return '\n'.join([*out, '', f'`{command}`', ''])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('pairs', nargs='?', help='folder of pairs')
    ap.add_argument('--migrations', help='folder of sequential migrations instead')
    ap.add_argument('--judge', required=True, help='path of roundtrip.py')
    ap.add_argument('--bin', required=True, help='the contraflow command')
    ap.add_argument('--manifest', help="default: the folder's manifest.json")
    ap.add_argument('--source', help='only these sources, comma-separated')
    ap.add_argument('--only', help='only ids that contain this')
    ap.add_argument('--sample', type=int, help='this many pairs, the same ones every time')
    ap.add_argument('--with-empty', action='store_true', help='also pairs with an empty side, which the judge leaves out')
    ap.add_argument('--cut', choices=('step', 'statement', 'none'), default='step', help='where files are interrupted')
    ap.add_argument('--cuts', type=int, help='at most this many interruptions a file, evenly spread')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--json', help='every result, and the figures')
    ap.add_argument('--markdown', help='the tables for docs/quality.md; default: standard output')
    opt = ap.parse_args()
    if bool(opt.pairs) == bool(opt.migrations):
        ap.error('one folder: of pairs, or --migrations')
    global judge
    spec = importlib.util.spec_from_file_location('judge', opt.judge)
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    laws.judge = judge

    with tempfile.TemporaryDirectory() as opt.scratch:
        keep, cases = judge.roles(), cases_of(opt)
        results = []
        if not cases:
            ap.error('no pair to judge there')

        def take(r):
            results.append(r)
            state = r['stage'] if r['stage'] != 'done' else 'ok' if all(r['laws'].values()) else 'BROKEN ' + ', '.join(k for k, v in r['laws'].items() if not v)
            print(f"{len(results)}/{len(cases)} {r['id']}: {state}", file=sys.stderr, flush=True)

        with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:  # roles belong to the whole server: pairs that make some run alone, below
            jobs = [pool.submit(laws.Pair(opt, c).go) for c in cases if not c.get('exclusive')]
            for done in concurrent.futures.as_completed(jobs):
                take(done.result())
        for c in (c for c in cases if c.get('exclusive')):
            take(laws.Pair(opt, c).go())
            judge.drop_roles(keep)

    results.sort(key=lambda r: r['id'])
    rows = {s: figures([r for r in results if r['source'] == s]) for s in sorted({r['source'] for r in results})}
    rows['total'] = figures(results)
    by_cause = collections.defaultdict(set)
    for r in results:
        for f in r['failures']:
            by_cause[f['law'], general(f['cause'])].add(r['id'])
    failures = sorted(by_cause.items(), key=lambda x: (-len(x[1]), x[0]))
    command = ' '.join(['tools/scoreboard.py', *(os.path.basename(w.rstrip('/')) if '/' in w else w for w in sys.argv[1:])])  # no paths of one machine
    text = markdown(rows, failures, command)
    if opt.json:
        with open(opt.json, 'w') as f:
            json.dump(dict(figures=rows, failures=[dict(law=l, cause=c, pairs=sorted(i)) for (l, c), i in failures], results=results), f, indent=1)
    if opt.markdown:
        with open(opt.markdown, 'w') as f:
            f.write(text)
    else:
        print(text)
    return 0 if all(r['stage'] in ('done', 'refused', 'load', 'same') and all(r['laws'].values()) for r in results) else 1


if __name__ == '__main__':
    sys.exit(main())
