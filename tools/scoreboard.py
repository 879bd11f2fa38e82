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
import argparse, collections, concurrent.futures, contextlib, difflib, functools, glob, hashlib, importlib.util, json, os, re, subprocess, sys, tempfile, time

LAWS = ('forward', 'replan', 'twice', 'rollback', 'back twice', 'resumed', 'undone', 'rows')
STEP = re.compile(r'^-- contraflow: step\b', re.M)
judge = None  # the module given by --judge


# ---- databases and files

class Databases:
    """the databases of one pair, dropped at the end"""

    def __init__(self):
        self.names = []

    def new(self):
        self.names.append(judge.newdb())
        return self.names[-1]

    def copy(self, template):
        name = f'{template}_c{len(self.names)}'
        r = judge.psql('postgres', '-c', f'create database {name} template {template} strategy file_copy')
        if r.returncode:
            raise RuntimeError('copy database: ' + r.stderr[:300])
        self.names.append(name)
        return name

    def drop(self, name):
        judge.dropdb(name)
        self.names.remove(name)

    @contextlib.contextmanager
    def lent(self, template):
        name = self.copy(template)
        try:
            yield name
        finally:
            self.drop(name)

    def close(self):
        for name in list(self.names):
            self.drop(name)


def run(db, files):
    """the files in order; what went wrong, or None"""
    for f in files:
        r = judge.psql(db, '-f', f)
        if r.returncode:
            return f'{os.path.basename(f)}: {judge.error_line(r.stderr)}'


LEFT = """
select 'invalid index ' || indexrelid::regclass from pg_index join pg_class on oid = indexrelid where not (indisvalid and indisready) and relkind = 'i'
union all select 'schema ' || nspname from pg_namespace where nspname = 'contraflow'
order by 1
"""


def left_behind(db):
    """what the dump does not show: pg_dump passes over invalid indexes, the judge over the schema `contraflow`"""
    r = judge.psql(db, '-c', LEFT)
    if r.returncode:
        raise RuntimeError('left behind: ' + r.stderr[:300])
    return r.stdout.splitlines()


def statement_ends(text):
    """offsets behind each statement at the top level: `;` or a psql command that sends the buffer"""
    ends, i, token = [], 0, re.compile(r"--[^\n]*|/\*|'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$|;|\\g\w*[^\n]*|\\[a-z]+[^\n]*", re.S)
    while m := token.search(text, i):
        i = m.end()
        if m[0] == '/*':
            i = max(text.find('*/', i), i) + 2
        elif m[0].startswith('$'):
            i = max(text.find(m[0], i), i) + len(m[0])
        elif m[0] == ';' or m[0].startswith('\\g'):
            ends.append(i)
    return ends


def cuts(text, by, limit):
    """prefixes of a file, as a run that was interrupted there would have executed them"""
    if by == 'step':
        starts = [m.start() for m in STEP.finditer(text)]
        ends = starts[1:] + ([len(text)] if starts else [])
    else:
        ends = statement_ends(text)
    if limit and len(ends) > limit:  # evenly, the first and the last included
        ends = [ends[round(k * (len(ends) - 1) / max(limit - 1, 1))] for k in range(limit)]
    return [text[:e] for e in ends]


CONTENTS = """
select format('select %L || count(*) || '' '' || coalesce(md5(string_agg(j, '','' order by j)), '''') from (select to_jsonb(t)::text as j from %s t) x',
              c.oid::regclass::text || ' ', c.oid::regclass)
  from pg_class c where relkind in ('r', 'm') and relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information_schema$|^contraflow$')
   and relispopulated order by c.oid::regclass::text
\\gexec
select 'sequence ' || quote_ident(schemaname) || '.' || quote_ident(sequencename) || ' ' || coalesce(last_value::text, 'fresh')
  from pg_sequences where schemaname <> 'contraflow' order by 1
"""


def contents(db):
    """a line per table (rows, checksum that does not see the order of rows or columns) and per sequence"""
    r = subprocess.run(['psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', db, '-f', '-'], input=CONTENTS, capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError('contents: ' + r.stderr[:300])
    return r.stdout.splitlines()


# ---- one pair

class Pair:
    def __init__(self, opt, case):
        self.opt, self.case, self.folder = opt, case, os.path.join(case.get('folder') or opt.pairs, case['id'])
        self.res = dict(id=case['id'], source=case['source'], stage='done', laws={}, failures=[])
        self.dbs = Databases()

    def fail(self, law, cause, detail=''):
        self.res['laws'][law] = False
        self.res['failures'].append(dict(law=law, cause=cause, detail=detail[:1500]))

    def passes(self, law):
        self.res['laws'].setdefault(law, True)

    def same(self, law, db, want, where, said=()):
        """the judge's verdict on db; column order passes where the plan says so"""
        if left := [x for x in left_behind(db) if x not in self.left]:
            self.fail(law, f"{where}: left behind: {', '.join(left)}")
            return False
        got = {}
        judge.compare(got, 'it', want, db)
        if got['it'] == 'exact':
            return True
        if got['it'] == 'columns' and said:
            self.res['said'] = True
            return True
        self.fail(law, f"{where}: {got['it_cause']}", got['it_diff'])
        return False

    def steady(self, law, db, files, where):
        """running the files (again) changes nothing"""
        before = judge.dump(db)
        err = run(db, files)
        if err:
            self.fail(law, f'{where}: {err}')
        elif (after := judge.dump(db)) != before:
            lines = lambda dump: [line for _, title, body in dump for line in ('# ' + title, *body.split('\n'))]
            self.fail(law, f'{where}: changes something', '\n'.join(list(difflib.unified_diff(lines(before), lines(after), lineterm='', n=0))[2:]))

    def go(self):
        try:
            self.prepare()
        except Exception as e:  # the runner's own trouble, reported as such and never counted as a pass
            self.res.update(stage='harness', error=repr(e)[:300])
        finally:
            self.dbs.close()
        return self.res

    def prepare(self):
        self.a, self.z = self.dbs.new(), self.dbs.new()
        err = judge.load(self.a, self.folder, 'old.sql') or judge.load(self.z, self.folder, 'new.sql')
        if err:
            self.res.update(stage='load', error=err)
            return
        self.left = left_behind(self.a) + left_behind(self.z)
        self.before, self.want = judge.raw_dump(self.a), judge.raw_dump(self.z)
        if judge.entries(self.before) == judge.entries(self.want):
            self.res['stage'] = 'same'
            return
        with tempfile.TemporaryDirectory() as out:
            t = time.time()
            up, back, err = judge.run_contraflow(self.opt.bin, self.a, self.z, out)
            self.res['seconds'] = round(time.time() - t, 3)
            if err:
                self.res.update(stage='refused' if err.startswith('refused') else 'failed', error=err)
                self.res['failures'].append(dict(law='planned', cause=err, detail=''))
                return
            self.up, self.back = [f for f, _ in up], [f for f, _ in back]
            self.plan = {}
            for p in glob.glob(out + '/**/plan.json', recursive=True):
                with open(p) as f:
                    self.plan = json.load(f)
            self.res.update(phases=[os.path.basename(f)[:-4] for f in self.up], grade=self.plan.get('grade'),
                            steps=sum(len(STEP.findall(open(f).read())) for f in self.up))
            self.laws(out)

    def laws(self, out):
        said = self.plan.get('column_order') or ()
        if len(self.back) != len(self.up):
            self.fail('rollback', 'a forward file without a rollback file')
        db = self.dbs.copy(self.a)
        err = run(db, self.up)
        if err:
            self.fail('forward', err)
            self.undo('rollback', db, 'after the failed run')
            return  # every other law starts with a whole forward run
        if self.same('forward', db, self.want, 'forward', said):
            self.passes('forward')
        self.reached = judge.raw_dump(db)  # the laws below ask for this very state again: they do not repeat a miss of forward
        self.replan(db)
        with self.dbs.lent(db) as again:
            self.steady('twice', again, self.up, 'whole')
        self.each_twice('twice', self.a, self.up)
        self.phases()
        self.undo('rollback', db, 'rollback')
        self.passes('rollback')
        self.way_back()
        if self.opt.cut != 'none':
            self.prefixes(out)
        self.rows()
        for law in LAWS:
            if law != 'rows' and (self.opt.cut != 'none' or law not in ('resumed', 'undone')):
                self.passes(law)

    def undo(self, law, db, where, files=None):
        err = run(db, self.back if files is None else files)
        if err:
            self.fail(law, f'{where}: {err}')
        else:
            self.same(law, db, self.before, where)

    def replan(self, db):
        with tempfile.TemporaryDirectory() as out:
            up, _, err = judge.run_contraflow(self.opt.bin, db, self.z, out)
            if err:
                self.fail('replan', err)
            elif up:
                first = next((l for f, _ in up for l in open(f) if STEP.match(l)), os.path.basename(up[0][0]))
                self.fail('replan', 'plans again: ' + first.strip())

    def each_twice(self, law, start, files):
        with self.dbs.lent(start) as db:
            for f in files:
                if err := run(db, [f]):
                    return self.fail(law, f'each file: {err}')
                self.steady(law, db, [f], f'{os.path.basename(f)} twice')

    def phases(self):
        for k in range(1, len(self.up)):
            with self.dbs.lent(self.a) as db:
                if err := run(db, self.up[:k]):
                    return self.fail('rollback', f'up to {os.path.basename(self.up[k - 1])}: {err}')
                self.undo('rollback', db, f'back from {os.path.basename(self.up[k - 1])}', self.back[-k:])

    def way_back(self):
        with self.dbs.lent(self.a) as db:
            run(db, self.up)
            for f in self.back:
                if err := run(db, [f]):
                    return self.fail('back twice', f'each file: {err}')
                self.steady('back twice', db, [f], f'{os.path.basename(f)} twice')
            if err := run(db, self.up):
                self.fail('back twice', f'forward again: {err}')
            else:
                self.same('back twice', db, self.reached, 'forward again')

    def prefixes(self, out):
        here = self.dbs.copy(self.a)  # the state before file i
        self.cut_each(out, here, self.up, [('resumed', self.up, self.reached), ('undone', self.back, self.before)])
        self.cut_each(out, here, self.back, [('resumed', self.back, self.before)])
        self.dbs.drop(here)

    def cut_each(self, out, here, files, ends):
        for f in files:
            name = os.path.basename(f)
            with open(f) as opened:
                pieces = cuts(opened.read(), self.opt.cut, self.opt.cuts)
            for k, text in enumerate(pieces, 1):
                part = os.path.join(out, 'cut.sql')
                with open(part, 'w') as w:
                    w.write(text)
                with self.dbs.lent(here) as stopped:
                    run(stopped, [part])  # an \if left open makes psql complain: so would a killed one
                    for law, then, want in ends:
                        with self.dbs.lent(stopped) as db:
                            self.res['cuts'] = self.res.get('cuts', 0) + 1
                            if err := run(db, then):
                                self.fail(law, f'{name} cut after {self.opt.cut} {k} of {len(pieces)}: {err}')
                            else:
                                self.same(law, db, want, f'{name} cut after {self.opt.cut} {k} of {len(pieces)}')
            if err := run(here, [f]):
                return self.fail(ends[0][0], f'{name} alone: {err}')

    def rows(self):
        seed = os.path.join(self.folder, 'seed.sql')
        if not os.path.exists(seed):
            return
        with self.dbs.lent(self.a) as db:
            if judge.psql(db, '-f', seed).returncode:
                return  # rows that old.sql itself refuses
            before = contents(db)
            stopped = run(db, self.up)  # a precondition may rightly stop it: the rows are for old.sql, not for the change
            if err := run(db, self.back):
                return self.fail('rows', f'rollback over rows: {err}')
            self.same('rows', db, self.before, 'over rows')
            if contents(db) != before:
                lost = '\n'.join(difflib.unified_diff(before, contents(db), lineterm='', n=0))
                if self.plan.get('grade') == 'data' and not stopped:
                    self.res['rows_said'] = True
                else:
                    self.fail('rows', 'rows differ after the rollback' + (' of a run that stopped' if stopped else ''), lost)
            self.passes('rows')


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
            jobs = [pool.submit(Pair(opt, c).go) for c in cases if not c.get('exclusive')]
            for done in concurrent.futures.as_completed(jobs):
                take(done.result())
        for c in (c for c in cases if c.get('exclusive')):
            take(Pair(opt, c).go())
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
