#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, wherever: the next run goes on to the same end, or goes back to the same start.

  tests/apply/crash_matrix.py --bin build/ci/contraflow [--server 15] [--sample 200] [--seed 1]

A plan with every kind of step (brief, scan, concurrent, batched) runs phase by phase through a proxy that fires one fault a run, at one message of the
connections that run steps: before it is sent, while the server works on it, or after its answer came and before the runner sees it (a COMMIT whose
outcome is unknown). Faults: SIGKILL of the runner, pg_terminate_backend of its session, SIGKILL of that session (the whole server restarts), the
connection cut (and, with --faults, frozen). Then the phase is run again to its end, or the whole plan is rolled back. The judge is pg_dump and row checksums, against a twin on which plain psql ran the
same files and that received the same writes.

Cases are drawn so that every combination of message kind, moment, fault and way on comes up as evenly as the sample allows. Exit 0: all equal.
"""
import argparse, collections, os, random, re, signal, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + '/tests/laws')
import judge
from proxy import Fault, Proxy
from server import Server, find_servers

BEFORE = '''
create table customers (id int primary key, mail text);
create table orders (id bigint primary key, customer_id int, amount numeric(10,2) not null default 0, state text not null default 'new', note text, email text);
create index orders_state on orders (state);
create table keyless (a int, b text);
'''
AFTER = '''
create table customers (id int primary key, mail text);
create table orders (id bigint primary key, customer_id int references customers(id), amount numeric(14,4) not null default 0, status text not null default 'new', note text, email text not null,
  constraint note_short check (length(note) < 100));
create index orders_state on orders (status);
create unique index orders_email on orders (email);
create table keyless (a bigint, b text);
'''
DATA = '''
insert into customers select i, 'c' || i from generate_series(1, 500) i;
insert into orders select i, i % 500 + 1, i * 1.5, (array['new','paid','sent'])[i % 3 + 1], repeat('x', 60), 'e' || i from generate_series(1, 14000) i;
insert into keyless select i, repeat('y', 80) from generate_series(1, 9000) i;
'''
WRITES = '''
insert into orders (id, customer_id, email) values (20000, 7, 'late');
update orders set amount = 77.25, state = 'paid' where id between 100 and 120;
delete from orders where id between 300 and 310;
insert into keyless values (-1, 'late');
'''
OPTIONS = ['--rename', 'orders.state=status']
KINDS = [('concurrent', 'CONCURRENTLY'), ('batch', r'^(UPDATE ONLY|INSERT INTO .* FROM ONLY|WITH )'), ('scan', 'VALIDATE'), ('begin', r'^BEGIN'), ('commit', r'^COMMIT'), ('journal', r'contraflow\.'),
         ('ddl', r'^(ALTER|CREATE|DROP|COMMENT)'), ('condition', r'^SELECT coalesce')]


def kind_of(text):
    return next((k for k, p in KINDS if re.search(p, text)), 'other')


class Matrix:
    def __init__(self, server, opt):
        self.s, self.opt, self.proxy = server, opt, Proxy(server.folder + '/.s.PGSQL.5432')
        self.dir = tempfile.mkdtemp(prefix='contraflow-crash-')

    def contraflow(self, *words, check=True, **kw):
        r = subprocess.run([self.opt.bin, '--color', 'never', *words], capture_output=True, text=True, env=dict(self.s.env(), CONTRAFLOW_PG_BINDIR=self.s.bindir), cwd=self.dir, **kw)
        if check and r.returncode:
            raise SystemExit(f'{" ".join(words)}: exit {r.returncode}\n{r.stdout}{r.stderr}')
        return r

    def words(self, command, url, phase):
        return [command, self.plan, '--target', url, '--phase', phase, '--yes', *(['--accept-loss'] if command == 'rollback' else ['--gate-window', '0', '--batch-time', '5'])]

    def look(self, db):
        return judge.state(self.s, db), judge.contents(self.s, db)

    def prepare(self):
        a, b = self.s.create(), self.s.create()
        self.s.psql(a, BEFORE + DATA + 'analyze;')
        self.s.psql(b, AFTER)
        self.plan = self.dir + '/plan'
        self.contraflow('plan', '--from', self.s.url(a), '--to', self.s.url(b), '--out', self.plan, *OPTIONS)
        self.phases = [f[2:-4] for f in sorted(os.listdir(self.plan)) if re.match(r'\d_\w+\.sql$', f)]
        # The twin: plain psql runs the files, and the same writes arrive.
        twin, old, self.start, self.end = self.s.create(a), self.s.create(a), {}, {}
        for i, phase in enumerate(self.phases):
            if phase == 'backfill':
                self.s.psql(twin, WRITES)
                self.s.psql(old, WRITES)  # the same on a database that is never migrated
            self.start[phase] = self.look(old)
            if err := self.s.run_file(twin, f'{self.plan}/{i + 1 if phase != "purge" else 4}_{phase}.sql'):
                raise SystemExit(err)
            self.end[phase] = self.look(twin)
        # One template a phase, where contraflow ran what comes before.
        self.template, here = {}, a
        for phase in self.phases:
            self.template[phase] = here = self.s.create(here)
            if phase == 'backfill':
                self.s.psql(here, WRITES)
            nxt = self.s.create(here)
            self.proxy.reset(Fault())
            self.contraflow(*self.words('apply', self.proxy.url(nxt), phase))
            self.messages = getattr(self, 'messages', {})
            self.messages[phase] = list(self.proxy.sent)
            self.expect(phase, self.end[phase], nxt, 'without a fault')
            here = nxt

    def expect(self, phase, want, db, where):
        state, rows = self.look(db)
        if d := judge.difference(want[0], state):
            return f'{where}: the schema differs\n{d}'
        if rows != want[1]:
            return f'{where}: rows differ: {sorted(set(rows) ^ set(want[1]))}'

    def cases(self):
        pools = collections.defaultdict(list)
        for phase, texts in self.messages.items():
            for n, text in enumerate(texts):
                for when in ('before', 'during', 'after'):
                    for fault in self.opt.faults.split(','):
                        for way in ('resume', 'rollback'):
                            pools[(kind_of(text), when, fault, way)].append((phase, n))
        chosen, rng, keys = [], random.Random(self.opt.seed), sorted(pools)
        while len(chosen) < self.opt.sample and pools:
            rng.shuffle(keys)
            for key in list(keys):
                if pools[key]:
                    chosen.append((key, pools[key].pop(rng.randrange(len(pools[key])))))
                if not pools[key]:
                    keys.remove(key)
                    del pools[key]
                if len(chosen) >= self.opt.sample:
                    break
        return chosen

    def fault(self, name, runner):
        def act(link):
            if name == 'sigkill':
                runner[0].send_signal(signal.SIGKILL)
                runner[0].wait()
            elif name == 'cut':
                link.cut()
            elif name == 'freeze':
                link.frozen = True
            elif name == 'terminate':
                self.s.psql('postgres', f'select pg_terminate_backend({link.pid})', check=False)
            elif name == 'crash':
                try:
                    os.kill(link.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        return act

    def alive(self):
        for _ in range(600):
            if not self.s.psql('postgres', 'select 1', check=False).returncode:
                return
            time.sleep(0.05)
        raise SystemExit('the server did not come back')

    def one(self, key, phase, number):
        _, when, fault, way = key
        db, runner = self.s.create(self.template[phase]), [None]
        try:
            self.proxy.reset(Fault(number, when, self.fault(fault, runner)))
            runner[0] = subprocess.Popen([self.opt.bin, '--color', 'never', *self.words('apply', self.proxy.url(db), phase)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                         env=self.s.env(), cwd=self.dir)
            try:
                output, _ = runner[0].communicate(timeout=90)
            except subprocess.TimeoutExpired:
                runner[0].kill()
                return 'the runner hangs'
            survived = runner[0].returncode == 0
            if not self.proxy.fault.fired:
                return 'not fired'
            self.alive()
            command = 'apply' if way == 'resume' else 'rollback'
            words = self.words(command, self.s.url(db), phase)
            if way == 'rollback':
                words = [w for w in words if w not in ('--phase', phase)]
            r = self.contraflow(*words, check=False, timeout=120)
            if r.returncode:
                return f'{command} after it: exit {r.returncode}\n{output}{r.stdout}{r.stderr}'
            want = self.end[phase] if way == 'resume' else self.start[phase]
            # What purge removed does not come back with its contents; the schema does, and that is compared.
            if way == 'rollback' and phase == 'purge':
                state, _ = self.look(db)
                lost = judge.difference(want[0], state, self.reordered)
                return lost and f'rollback of purge: the schema differs\n{lost}'
            wrong = self.expect(phase, want, db, way)
            left = self.s.psql(db, 'select count(*) from contraflow.progress').stdout.strip()
            return wrong or (f'progress of {left} parts is left' if left != '0' else None) or ('survived' if survived else None)
        finally:
            self.alive()
            self.s.psql('postgres', f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{db}'", check=False)
            self.s.drop(db)

    def run(self):
        self.prepare()
        import json
        with open(self.plan + '/plan.json') as f:
            self.reordered = json.load(f)['column_order_differs']
        chosen, failed, counts, survived = self.cases(), 0, collections.Counter(), 0
        began = time.time()
        for i, (key, (phase, number)) in enumerate(chosen, 1):
            wrong = self.one(key, phase, number)
            if wrong == 'survived':
                survived, wrong = survived + 1, None
            if wrong == 'not fired':
                counts['not fired'] += 1
                continue
            for part in (key[0], key[1], key[2], key[3], phase):
                counts[part] += 1
            if wrong:
                failed += 1
                print(f'FAIL {phase} message {number} ({self.messages[phase][number][:100]!r}), {" ".join(key[1:])}: {wrong}', flush=True)
            elif i % 25 == 0:
                print(f'{i} of {len(chosen)}, {failed} failed, {time.time() - began:.0f} s', flush=True)
        total = len(chosen) - counts['not fired']
        print(f'PostgreSQL {self.opt.server}: {total} cases, {failed} failed; in {survived} the runner itself went on to the end; ' + ', '.join(f'{k} {n}' for k, n in sorted(counts.items())))
        return 1 if failed or not total else 0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--server', type=int, default=15)
    ap.add_argument('--sample', type=int, default=200)
    ap.add_argument('--faults', default='sigkill,terminate,crash,cut', help='also freeze: nothing passes any more, and nobody says so (slow: it takes timeouts)')
    ap.add_argument('--seed', type=int, default=1)
    opt = ap.parse_args()
    opt.bin, judge.JOURNAL = os.path.abspath(opt.bin), True
    found = find_servers(ROOT)
    if opt.server not in found:
        print(f'SKIPPED: no PostgreSQL {opt.server} on this machine (tools/get_servers.sh)')
        return 77
    server = Server(found[opt.server])
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda s, _: (server.stop(), os._exit(128 + s)))
    try:
        return Matrix(server, opt).run()
    finally:
        server.stop()


if __name__ == '__main__':
    sys.exit(main())
