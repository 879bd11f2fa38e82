#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Laws 1 to 4 of the plan folder over goldens, on a live server that this starts and ends.

  tests/laws/laws.py --bin build/dev/contraflow [--server 16] [--only enum] tests/golden/plan
  UPDATE_GOLDEN=1 tests/laws/laws.py …      # rewrites the expected overviews

For each golden: `contraflow plan` from one database to the other, then plain psql on copies, judged by judge.py.

  plan       it is written, and its overview is the expected one
  forward    all forward files end in the desired schema (column order: but where plan.json says so); the golden's checks hold
  replan     planning again from there says "no changes"
  twice      each file, forward and back, run a second time changes neither schema nor rows
  rollback   the rollback files of the first k phases, for every k, end in the prior schema, and before purge with the prior rows
  resumed    a file cut after each step, then run again: the same end, forward and back
  undone     a forward file cut after each step, then rolled back: the prior schema, and before purge the prior rows
  indexed    what an index of both schemas leads with (a column, an expression) leads one at each of these cuts, forward: no query loses its index in between
  identified a table that has a replica identity in both schemas has one at each of these cuts, and at those of the way back: a published table without takes no UPDATE and DELETE
  traffic    rows that an old application writes between expand and backfill arrive: the golden's checks hold
  stopped    rows of a golden's obstacle stop the way forward with what it says, and once they are mended it goes on to the same end
  next       what the next version writes between contract and purge does not fail; the way back goes through, or stops with what the golden says until its mend was done

With --executor whole files are run by `contraflow apply` and `rollback`, which must come to the same; what is cut is cut by psql at one step and by
`apply --until` at the next, so that both take turns. The journal (schema contraflow) is left out of the comparison.

Exit 0: every law holds; 1: otherwise; 77: nothing to run here (ctest: skipped).
"""
import argparse, concurrent.futures, difflib, glob, json, os, re, shutil, signal, subprocess, sys, tempfile, time, traceback

sys.dont_write_bytecode = True
import judge
from golden import Golden, Missing
from server import Server, find_servers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEP = re.compile(r'^-- contraflow: step\b', re.M)


class Broken(Exception):
    def __init__(self, law, what, detail=''):
        super().__init__(f'{law}: {what}' + (f'\n{detail}' if detail else ''))


def cuts(text, limit):
    """what a run that was interrupted after each step has executed"""
    starts = [m.start() for m in STEP.finditer(text)]
    ends = starts[1:]  # after the last step is the whole file
    if limit and len(ends) > limit:
        ends = [ends[round(k * (len(ends) - 1) / max(limit - 1, 1))] for k in range(limit)]
    return [text[:e] for e in ends]


class Run:
    def __init__(self, server, golden, opt):
        self.s, self.g, self.opt, self.kept, self.dir = server, golden, opt, [], tempfile.mkdtemp(prefix='contraflow-golden-')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.drop(*self.kept)
        shutil.rmtree(self.dir, ignore_errors=True)

    def keep(self, template='template0'):
        self.kept.append(self.s.create(template))
        return self.kept[-1]

    def plan(self, a, b, out, options, expect=0):
        words = [self.opt.bin, '--color', 'never', 'plan', '--from', self.s.url(a), '--to', self.s.url(b), '--out', out, *options]
        r = subprocess.run(words, capture_output=True, text=True, cwd=self.dir, env=dict(self.s.env(), CONTRAFLOW_PG_BINDIR=self.s.bindir))
        if r.returncode != expect:
            raise Broken('plan', f'exit {r.returncode}', (r.stdout + r.stderr)[:1500])
        return r

    def same(self, law, db, want, where, dumped=False, reordered=(), unproven=()):
        got = judge.state(self.s, db, dumped)
        if d := judge.difference(*(judge.owned(judge.unproven(state, unproven), self.owned) for state in (want, got)), reordered):
            raise Broken(law, where, d)

    def same_rows(self, law, db, where):
        now = judge.contents(self.s, db)
        if now != self.rows:
            raise Broken(law, where + ': rows differ', '\n'.join(list(difflib.unified_diff(self.rows, now, lineterm='', n=0))[2:]))

    def run(self, law, db, files, where=''):
        for f in files:
            if err := self.execute(db, f) if self.opt.executor and not f.endswith('cut.sql') else self.s.run_file(db, f):
                raise Broken(law, f'{where}: {err}' if where else err)

    def execute(self, db, path, until=None):
        """the same as the file, by the executor"""
        m = re.match(r'\d_(\w+?)(\.rollback)?\.sql$', os.path.basename(path))
        words = ['rollback' if m[2] else 'apply', os.path.dirname(path), '--target', self.s.url(db), '--phase', m[1], '--yes', *(['--accept-loss'] if m[2] else ['--gate-window', '0'])]
        r = subprocess.run([self.opt.bin, '--color', 'never', *words, *(['--until', until] if until else [])], capture_output=True, text=True, cwd=self.dir, env=self.s.env())
        if r.returncode:
            return f'{" ".join(words[:1] + words[4:])}: exit {r.returncode}\n{(r.stdout + r.stderr)[-1500:]}'

    def cut(self, law, db, f, text, n, where):
        """an interruption: psql runs what stands before it; the executor stops there at every other step"""
        if not self.opt.executor or n % 2:
            return self.run(law, db, [self.part(text)], where)
        step = re.findall(r'^-- contraflow: step ("(?:[^"]|"")*"|\S+)', text, re.M)[-1]
        if err := self.execute(db, f, step[1:-1].replace('""', '"') if step.startswith('"') else step):
            raise Broken(law, f'{where}: {err}')

    def everything(self):
        g, a, b = self.g, self.keep(), self.keep()
        self.s.psql(a, g.before)
        self.s.psql(b, g.after)
        self.s.psql(a, g.data)
        self.s.psql(a, 'analyze')
        out = os.path.join(self.dir, 'plan')
        started = time.time()
        refused = g.refused or self.s.major >= g.refused_from
        r = self.plan(a, b, out, g.options, 1 if refused else 0)
        self.seconds = time.time() - started
        if missing := [line for line in g.reasons if line not in r.stderr.splitlines()] if refused and not g.refused else []:
            raise Broken('plan', 'should be refused with ' + '; '.join(missing), r.stderr)
        self.overview(re.sub(r'^wrote .*\n', '', r.stderr, flags=re.M) if refused else r.stdout)
        if refused:
            if os.path.exists(out):
                raise Broken('plan', 'refused, and written all the same')
        if refused or self.opt.overviews:
            return
        self.up = sorted(f for f in glob.glob(out + '/[0-9]_*.sql') if not f.endswith('.rollback.sql'))
        self.back = [f[:-4] + '.rollback.sql' for f in self.up]
        with open(out + '/plan.json') as f:
            doc = json.load(f)
        self.said, self.grade = doc['column_order_differs'], doc['grade']
        self.said_back = [m[1] for note in doc['notes'] if (m := re.match(r'after a rollback from purge the columns of (.*) stand in another order: ', note))]
        self.owned = [table for note in doc['notes'] if (m := re.match(r"NOT NULL becomes the partitions' own beside their parent's, .*?: (.*?)\. A key over", note)) for table in judge.top_level(m[1])]
        self.pointless = [m.groups() for note in doc['notes'] if (m := re.match(r'after a rollback from purge constraint (\S+) on \S+\.(\S+) is NOT VALID where rows point', note))]
        self.prior, self.rows, want = judge.state(self.s, a), judge.contents(self.s, a), judge.state(self.s, b)
        self.indexed = set() if g.gap else self.leading(a) & self.leading(b)
        self.known = self.identified(a) & self.identified(b)
        self.forward_and_back(a, b, want)
        self.traffic(a)
        self.obstacle(a)
        self.next(a)
        self.interruptions(a)

    def overview(self, text):
        if self.s.major != self.opt.text_major:
            return
        if os.environ.get('UPDATE_GOLDEN'):
            self.g.update(text)
        elif text != self.g.plan:
            d = difflib.unified_diff((self.g.plan or '').splitlines(), text.splitlines(), 'expected', 'overview', lineterm='', n=1)
            raise Broken('plan', 'another overview (UPDATE_GOLDEN=1 accepts it)', '\n'.join(d))

    def checks(self, law, db):
        self.holds(law, db, self.g.check)

    def holds(self, law, db, queries):
        if queries:
            with self.s.copy(db) as x:  # a check may draw numbers from a sequence
                r = self.s.psql(x, queries, check=False)
            if r.returncode or set(r.stdout.split()) != {'t'}:
                raise Broken(law, 'a check does not hold', r.stdout + r.stderr)

    def forward_and_back(self, a, b, want):
        """the whole way and back, each file twice; after each phase the way back on a copy"""
        db = self.keep(a)
        self.states = [self.prior]  # after k forward files
        for k, f in enumerate(self.up):
            self.run('forward', db, [f])
            self.states.append(judge.state(self.s, db, k + 1 == len(self.up)))
            rows = judge.contents(self.s, db)
            self.run('twice', db, [f], 'the second time')
            self.same('twice', db, self.states[-1], os.path.basename(f))
            if judge.contents(self.s, db) != rows:
                raise Broken('twice', os.path.basename(f) + ': rows differ')
            if k + 1 < len(self.up):
                with self.s.copy(db) as x:
                    self.undo('rollback', x, k, f'back from {os.path.basename(f)}', dumped=True)
        if d := judge.difference(judge.owned(want, self.owned), judge.owned(self.states[-1], self.owned), self.said):
            raise Broken('forward', 'not the desired schema', d)
        self.checks('forward', db)
        if 'no changes' not in (r := self.plan(db, b, os.path.join(self.dir, 'again'), [])).stdout + r.stderr:
            raise Broken('replan', 'there are still changes', r.stdout[:1500])
        for k in range(len(self.back) - 1, -1, -1):
            self.run('rollback', db, [self.back[k]])
            state, rows = judge.state(self.s, db, False), judge.contents(self.s, db)
            self.run('twice', db, [self.back[k]], 'the second time')
            self.same('twice', db, state, os.path.basename(self.back[k]))
            if judge.contents(self.s, db) != rows:
                raise Broken('twice', os.path.basename(self.back[k]) + ': rows differ')
        self.same('rollback', db, self.prior, 'all the way back', dumped=True, reordered=self.reordered(self.back[-1]), unproven=self.unproven(self.back[-1]))
        if self.grade != 'data':
            self.same_rows('rollback', db, 'all the way back')
        self.run('rollback', db, self.up, 'forward again')
        self.same('rollback', db, self.states[-1], 'forward again')

    def undo(self, law, db, k, where, dumped=False):
        """back from somewhere in phase k"""
        self.run(law, db, self.back[k::-1], where)
        self.same(law, db, self.prior, where, dumped, self.reordered(self.up[k]), self.unproven(self.up[k]))
        if 'purge' not in os.path.basename(self.up[k]) or self.grade != 'data':
            self.same_rows(law, db, where)

    def reordered(self, file):
        """the tables whose columns a rollback from purge cannot put back in their place, which the grade says, and a note where they only were purged"""
        if 'purge' not in os.path.basename(file) or self.grade == 'exact':
            return ()
        before = {to: a for a, _, to in (o.partition('=') for o in self.g.options if '=' in o)}  # --rename a.t=b.t
        return [before.get(table, table) for table in self.said + [other for table in self.said_back for other in self.family(table)]]

    def unproven(self, file):
        """(constraint, table) whose rows may point at nothing after a rollback from purge, which a note says"""
        return self.pointless if 'purge' in os.path.basename(file) and self.grade == 'data' else ()

    def family(self, table):
        """the table and its partitions, as the prior schema has them"""
        parents = {title[len('catalog relation '):]: text for title, text in self.prior.items() if title.startswith('catalog relation ')}
        out = [table]
        for name in out:
            out += [child for child, text in parents.items() if child not in out and (text.endswith((' ' + name, ',' + name)) or f' {name},' in text or f',{name},' in text)]
        return out

    def traffic(self, a):
        if self.g.traffic:
            with self.s.copy(a) as db:
                self.run('traffic', db, self.up[:1])
                self.s.psql(db, self.g.traffic)
                self.run('traffic', db, self.up[1:])
                self.checks('traffic', db)

    def obstacle(self, a):
        if not self.g.obstacle:
            return
        with self.s.copy(a) as db:
            self.s.psql(db, self.g.obstacle)
            for f in self.up:
                if err := (self.execute if self.opt.executor else self.s.run_file)(db, f):
                    break
            if missing := [line for line in self.g.stop if line not in (err or '')]:
                raise Broken('stopped', 'the way forward should stop with ' + '; '.join(missing), err or 'it went through')
            self.s.psql(db, self.g.clear)
            self.run('stopped', db, self.up, 'once the rows are mended')
            self.same('stopped', db, self.states[-1], 'once the rows are mended')

    def next(self, a):
        if not self.g.next:
            return
        last = len(self.up) - 1 if self.g.next_after_purge else max(k for k, f in enumerate(self.up) if 'purge' not in os.path.basename(f))
        with self.s.copy(a) as db:
            self.run('next', db, self.up[:last + 1])
            r = self.s.psql(db, self.g.next, check=False)
            if r.returncode:
                raise Broken('next', 'what the next version writes fails', r.stderr)
            self.holds('next', db, self.g.next_check)
            if self.g.stops:
                err = (self.execute if self.opt.executor else self.s.run_file)(db, self.back[last]) or 'it went through'
                if missing := [line for line in self.g.stops if line not in err]:
                    raise Broken('next', 'the way back should stop with ' + '; '.join(missing), err)
                self.s.psql(db, self.g.mend)
            self.run('next', db, self.back[last::-1], 'the way back')
            self.same('next', db, self.prior, 'the way back', dumped=True, reordered=self.reordered(self.up[last]), unproven=self.unproven(self.up[last]))
            self.holds('next', db, self.g.back_check)

    def interruptions(self, a):
        here = self.keep(a)
        for k, f in enumerate(self.up):
            for n, text in enumerate(pieces := cuts(open(f).read(), self.g.cuts), 1):
                where = f'{os.path.basename(f)} cut after step {n} of {len(pieces) + 1}'
                with self.s.copy(here) as x:
                    self.cut('resumed', x, f, text, n, where)
                    if gone := self.indexed - self.leading(x):
                        raise Broken('indexed', where + ': no index leads with ' + ', '.join(sorted(gone)))
                    self.identify(x, where)
                    with self.s.copy(x) as y:
                        self.undo('undone', y, k, where)
                    self.run('resumed', x, [f], where)
                    self.same('resumed', x, self.states[k + 1], where)
            self.run('resumed', here, [f])
        for f in reversed(self.back):
            with self.s.copy(here) as whole:
                self.run('resumed', whole, [f])
                want = judge.state(self.s, whole, False)
            for n, text in enumerate(pieces := cuts(open(f).read(), self.g.cuts), 1):
                where = f'{os.path.basename(f)} cut after step {n} of {len(pieces) + 1}'
                with self.s.copy(here) as x:
                    self.run('resumed', x, [self.part(text)], where)
                    self.identify(x, where)
                    self.run('resumed', x, [f], where)
                    self.same('resumed', x, want, where)
            self.run('resumed', here, [f])

    def identify(self, db, where):
        if gone := self.known - self.identified(db):
            raise Broken('identified', where + ': no replica identity of ' + ', '.join(sorted(gone)))

    def identified(self, db):
        """the ordinary tables whose rows replication can tell apart"""
        return set(self.s.psql(db, """SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.oid >= 16384 AND (c.relreplident = 'f' OR
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END))""").stdout.splitlines())

    def leading(self, db):
        """what the valid indexes of each table lead with"""
        return set(self.s.psql(db, """SELECT i.indrelid::regclass || ': ' || pg_get_indexdef(i.indexrelid, 1, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indisvalid AND c.relkind = 'i' AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'contraflow')""").stdout.splitlines())

    def part(self, text):
        path = os.path.join(self.dir, 'cut.sql')
        with open(path, 'w') as f:
            f.write(text)
        return path


def one(server, path, opt):
    """(verdict, text)"""
    started = time.time()
    try:
        golden = Golden(path, ROOT)
        if server.major not in golden.majors:
            return 'skip', f'for PostgreSQL {golden.majors[0]} and later'
        if server.major in golden.known:
            return 'skip', 'known miss: ' + golden.known[server.major]
        with Run(server, golden, opt) as run:
            run.everything()
            return 'ok', f'{time.time() - started:.1f} s, plan {run.seconds:.2f} s'
    except Missing as e:
        return 'skip', f'{e} is missing (tools/setup.sh test)'
    except Broken as e:
        return 'FAIL', str(e)
    except Exception:  # the runner's own trouble never counts as a pass
        return 'FAIL', traceback.format_exc()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('goldens', nargs='+', help='files or folders')
    ap.add_argument('--bin', required=True, help='the contraflow command')
    ap.add_argument('--server', type=int, default=15, help='major version')
    ap.add_argument('--only', help='names that contain this; several with commas')
    ap.add_argument('--every', type=int, default=1, help='every Nth golden: a subset')
    ap.add_argument('--executor', action='store_true', help='files are run by contraflow apply and rollback')
    ap.add_argument('--overviews', action='store_true', help='only plan, and compare (or rewrite) the overviews')
    ap.add_argument('--jobs', type=int, default=2)
    opt = ap.parse_args()
    judge.JOURNAL = opt.executor
    opt.bin, opt.text_major = os.path.abspath(opt.bin), 15
    paths = sorted(p for g in opt.goldens for p in (glob.glob(g + '/*.md') if os.path.isdir(g) else [g]) if not p.endswith('README.md'))
    paths = [p for p in paths if not opt.only or any(o in os.path.basename(p) for o in opt.only.split(','))][::opt.every]
    found = find_servers(ROOT)
    if not paths or opt.server not in found:
        print(f'SKIPPED: no golden' if not paths else f'SKIPPED: no PostgreSQL {opt.server} on this machine (tools/get_servers.sh)')
        return 77
    counts = {}
    server = Server(found[opt.server])
    server.major = opt.server
    for signum in (signal.SIGTERM, signal.SIGINT):  # without waiting for the goldens that are under way
        signal.signal(signum, lambda s, _: (server.stop(), os._exit(128 + s)))
    try:
        with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:
            jobs = {pool.submit(one, server, p, opt): p for p in paths}
            for done in concurrent.futures.as_completed(jobs):
                verdict, text = done.result()
                counts[verdict] = counts.get(verdict, 0) + 1
                print(f'{verdict:4} {os.path.basename(jobs[done])[:-3]}: {text}', flush=True)
    finally:
        server.stop()
    print(f'PostgreSQL {opt.server}: ' + ', '.join(f'{n} {v}' for v, n in sorted(counts.items())))
    return 1 if counts.get('FAIL') else 0 if counts.get('ok') else 77


if __name__ == '__main__':
    sys.exit(main())
