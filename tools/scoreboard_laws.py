# SPDX-License-Identifier: Apache-2.0
"""The laws of the plan folder over one pair of schemas; scoreboard.py says which they are and runs them over many pairs."""
import contextlib, difflib, glob, json, os, re, subprocess, tempfile, time

LAWS = ('forward', 'replan', 'twice', 'rollback', 'back twice', 'resumed', 'undone', 'rows')
STEP = re.compile(r'^-- contraflow: step\b', re.M)
judge = None  # the module that decides what is equal; the caller sets it


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


def identifiers(name):
    """what a qualified name of plan.json is made of"""
    return tuple(quoted.replace('""', '"') if quoted else bare for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^".]+)', name))


def tables_that_differ(a, b):
    """(schema, name) of what is not the same in two dumps"""
    out = set()
    for _, title, _ in set(judge.entries(a)) ^ set(judge.entries(b)):
        m = re.match(r'Name: (.*); Type: .*?; Schema: (.*?)(?:; Owner: .*)?$', title)
        out.add((m[2], m[1]))
    return out


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
        if got['it'] == 'columns' and tables_that_differ(want, judge.raw_dump(db)) <= {identifiers(table) for table in said}:
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
        said = self.plan.get('column_order_differs') or ()
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
