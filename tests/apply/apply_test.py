#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow apply`, `rollback`, `status`, `pause` as a user meets them, on a live server.  tests/apply/apply_test.py --bin build/ci/contraflow [--only NAME]

Each function that begins with t_ is one test; what it asserts is in its first line. Exit 0: all hold; 77: no server here.
"""
import argparse, json, os, re, shutil, signal, subprocess, sys, tempfile, threading, time, traceback

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + '/tests/laws')
import judge
from server import Server, _unprivileged, find_servers

TABLE = "create table orders (id bigint primary key, amount int not null, note text);"
ROWS = "insert into orders select i, i, repeat('x', 50) from generate_series(1, {}) i; analyze orders;"
WIDER = TABLE.replace('amount int', 'amount bigint')
NOTHING = 'select 1'


class Test:
    def __init__(self, server, opt):
        self.s, self.opt, self.dir, self.n = server, opt, tempfile.mkdtemp(prefix='contraflow-apply-'), 0
        os.chmod(self.dir, 0o755)

    def run(self, *words, expect=0, target=None, **kw):
        r = subprocess.run([self.opt.bin, '--color', 'never', *words], capture_output=True, text=True, env=dict(self.s.env(), CONTRAFLOW_PG_BINDIR=self.s.bindir), cwd=self.dir, timeout=120, **kw)
        assert r.returncode == expect, f'{" ".join(words)}: exit {r.returncode}, not {expect}\n{r.stdout}{r.stderr}'
        return r.stdout + r.stderr

    def plan(self, before, after, data='', *options):
        """(database, plan folder)"""
        a, b = self.s.create(), self.s.create()
        self.s.psql(a, before + data)
        self.s.psql(b, after)
        self.n += 1
        folder = f'{self.dir}/plan{self.n}'
        self.run('plan', '--from', self.s.url(a), '--to', self.s.url(b), '--out', folder, *options)
        self.wanted = judge.state(self.s, b)
        return a, folder

    def apply(self, db, folder, phase, *options, **kw):
        return self.run('apply', folder, '--target', self.s.url(db), '--phase', phase, '--yes', '--gate-window', '0', *options, **kw)

    def start(self, db, folder, phase, *options):
        return subprocess.Popen([self.opt.bin, '--color', 'never', 'apply', folder, '--target', self.s.url(db), '--phase', phase, '--yes', *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, env=self.s.env(), cwd=self.dir)

    def one(self, db, sql):
        return self.s.psql(db, sql).stdout.strip()

    def until(self, db, sql, seconds=20):
        end = time.time() + seconds
        while self.one(db, sql) != 't':
            assert time.time() < end, f'never true: {sql}'
            time.sleep(0.05)

    def session(self, db, sql, name='app'):
        """a client that stays: what it ran keeps its transaction open until .stdin is closed"""
        p = subprocess.Popen(['psql', '-X', '-q', '-At', '-d', db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(self.s.env(), PGAPPNAME=name))
        p.stdin.write(sql + ";\n\\echo ready\n")
        p.stdin.flush()
        while p.stdout.readline().strip() != 'ready':
            pass
        return p

    # ---- tests

    def t_way_back_after_the_journal_was_dropped(self):
        """every phase ran and the journal is gone: the way back still is the whole one, also of phases whose steps IF EXISTS makes repeatable"""
        before = TABLE + "create view v as select id, note from orders; alter table orders add fax text;"
        after = TABLE.replace('amount int', 'amount bigint') + "create type tier as enum ('a', 'b'); alter table orders add tier tier; create view v as select id, note, tier from orders;"
        db, folder = self.plan(before, after, ROWS.format(100))
        old = judge.state(self.s, db)
        assert 'nothing was undone' in self.run('rollback', folder, '--target', self.s.url(db), '--yes')
        assert judge.state(self.s, db) == old
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            if os.path.exists(f'{folder}/{"1234"[("expand", "backfill", "contract", "purge").index(phase)]}_{phase}.sql'):
                self.apply(db, folder, phase)
        assert judge.state(self.s, db) != old
        self.run('status', '--drop-journal', '--yes', '--target', self.s.url(db))
        self.run('rollback', folder, '--target', self.s.url(db), '--yes', '--accept-loss')
        self.run('status', '--drop-journal', '--yes', '--target', self.s.url(db))
        assert judge.state(self.s, db) == old

    def t_nothing_waits_without_a_limit(self):
        """every session sets both timeouts before anything else, none ever sets one to 0, and only concurrent statements have more than 2 s for a lock"""
        self.s.psql('postgres', "alter system set log_line_prefix = '%p|%a|'; alter system set log_statement = 'all'; alter system set log_min_messages = 'log'; select pg_reload_conf()")
        db, folder = self.plan('create table c (id int primary key);' + TABLE, 'create table c (id int primary key);' + WIDER.replace('note text', 'note text not null, c int references c(id)') + 'create index on orders (note);', ROWS.format(20000))
        self.s.psql('postgres', f"alter database {db} set log_min_messages = 'warning'")
        self.s.psql('postgres', "alter system set log_min_messages = 'warning'; select pg_reload_conf()")
        time.sleep(0.3)
        at = os.path.getsize(self.s.folder + '/log')
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            self.apply(db, folder, phase, '--workers', '2')
        self.run('status', folder, '--target', self.s.url(db))
        self.run('rollback', folder, '--target', self.s.url(db), '--yes', '--accept-loss')
        self.s.psql('postgres', "alter system reset all; select pg_reload_conf()")
        with open(self.s.folder + '/log') as f:
            f.seek(at)
            lines = re.findall(r'^(\d+)\|(contraflow[^|]*)\|LOG:  (?:statement|execute [^:]*): ((?:.*\n(?:\t.*\n)*))', f.read(), re.M)
        assert len(lines) > 200, f'only {len(lines)} statements in the log'
        units = {'ms': 0.001, 's': 1, 'min': 60}
        limits, kinds = {}, set()
        for pid, who, text in lines:
            known = limits.setdefault(pid, {'seen': 0})
            known['seen'] += 1
            for local, name, number, unit in re.findall(r"SET (LOCAL )?(lock_timeout|statement_timeout) = '?(\d+)(ms|s|min)?", text):
                assert int(number) > 0, f'{who} has no {name}: {text}'
                known[('local ' if local else '') + name] = int(number) * units[unit or 'ms']
            if text.startswith(('COMMIT', 'ROLLBACK')):
                known.pop('local lock_timeout', None)
            harmless = re.match(r'\s*SELECT pg_backend_pid\(\)|BEGIN|ROLLBACK|COMMIT|SET application_name|select pg_catalog.set_config', text, re.I)
            if who == 'contraflow' or harmless:  # the sandbox of `plan` belongs to somebody else
                continue
            assert 'lock_timeout' in known and 'statement_timeout' in known, f'{who} ran without limits: {text}'
            lock = known.get('local lock_timeout', known['lock_timeout'])
            kinds.add('concurrent' if 'CONCURRENTLY' in text else 'other')
            if 'CONCURRENTLY' not in text and not text.startswith('SET lock_timeout') and 'to_regclass' not in text:
                assert lock <= 2, f'{who} may wait {lock} s: {text}'
            if re.match(r'(ALTER|DROP TABLE|CREATE TRIGGER|DROP TRIGGER)', text):
                assert lock <= 0.15, f'{who} may stall others for {lock} s: {text}'
        assert kinds == {'concurrent', 'other'}

    def t_interrupt(self):
        """SIGINT ends a backfill at a safe point: exit 4, with the commands to go on and back; the next run goes on where it stopped"""
        db, folder = self.plan(TABLE, WIDER, ROWS.format(60000))
        self.apply(db, folder, 'expand')
        p = self.start(db, folder, 'backfill', '--batch-time', '10', '--pace', '0.1')
        self.until(db, 'select count(*) > 0 from contraflow.progress where rows > 0')
        p.send_signal(signal.SIGINT)
        text = p.communicate(timeout=20)[0]
        assert p.returncode == 4, (p.returncode, text)
        assert 'to go on:   contraflow apply ' in text and 'to go back: contraflow rollback ' in text, text
        done = int(self.one(db, 'select sum(rows) from contraflow.progress'))
        assert 0 < done < 60000, done
        assert 'stopped' in self.run('status', folder, '--target', self.s.url(db))
        text = self.apply(db, folder, 'backfill', '--format', 'json')
        ended = [json.loads(l) for l in text.splitlines() if '"step_ended"' in l]
        assert any('rows are done' in l for l in text.splitlines()), text
        assert [e['rows'] for e in ended if e['rows']] == [60000], ended
        self.apply(db, folder, 'contract')
        self.apply(db, folder, 'purge')
        assert not judge.difference(self.wanted, judge.state(self.s, db), ['public.orders'])

    def t_runners_exclude_one_another(self):
        """ten at once: each ends with 0, or with 4 and the name of the one at work; the plan is done once"""
        db, folder = self.plan(TABLE, TABLE.replace('note text', 'note text, a int, b int'), ROWS.format(100))
        runs = [self.start(db, folder, 'expand', '--gate-window', '0') for _ in range(10)]
        texts = [(p.communicate(timeout=100)[0], p.returncode) for p in runs]
        assert {code for _, code in texts} <= {0, 4}, texts
        assert any(code == 0 for _, code in texts)
        assert all('another run of contraflow works on this database' in text for text, code in texts if code == 4), texts
        assert not judge.difference(self.wanted, judge.state(self.s, db))

    def t_plan_is_pinned(self):
        """an edited file is refused; so is a refreshed plan whose old text was begun; a second plan on the same table too"""
        db, folder = self.plan(TABLE, WIDER, ROWS.format(20000))
        other = self.dir + '/other'
        self.run('plan', '--from', self.s.url(db), '--do', 'index orders(note)', '--out', other)
        file = folder + '/2_backfill.sql'
        text = open(file).read()
        open(file, 'w').write(text + '-- edited\n')
        assert 'plan --refresh' in self.apply(db, folder, 'expand', expect=1)
        open(file, 'w').write(text)
        self.apply(db, folder, 'expand')
        assert 'is not finished and works on public.orders' in self.apply(db, other, 'expand', expect=1)
        open(file, 'w').write(text + '-- edited\n')
        self.run('plan', '--refresh', folder)
        assert 'has been edited since' in self.apply(db, folder, 'backfill', expect=1)

    def t_locks_give_way(self):
        """a reader that holds its transaction: attempts stay short, others hardly wait, the blocker is named, exit 4; cancelled where the user allows it"""
        db, folder = self.plan(TABLE, TABLE.replace('note text', 'note text, a int'), ROWS.format(100))
        holder = self.session(db, 'begin; select count(*) from orders', 'long reader')
        waits, control, end = [], [], threading.Event()

        def reader(query, waits):
            with_psql = subprocess.Popen(['psql', '-X', '-q', '-At', '-d', db], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.s.env())
            while not end.is_set():
                at = time.time()
                with_psql.stdin.write(query + ';\n')
                with_psql.stdin.flush()
                with_psql.stdout.readline()
                waits.append(time.time() - at)
                time.sleep(0.002)
            with_psql.stdin.close()
            with_psql.wait()

        threads = [threading.Thread(target=reader, args=a) for a in (('select max(id) from orders', waits), ('select max(oid) from pg_class', control))]
        for thread in threads:
            thread.start()
        text = self.apply(db, folder, 'expand', '--lock-budget', '4', expect=4)
        end.set()
        for thread in threads:
            thread.join()
        assert 'long reader' in text and 'idle in transaction' in text, text
        # What a busy machine does to a query that meets no lock comes on top.
        assert len(waits) > 50 and max(waits) < max(0.25, 0.15 + max(control)), f'{len(waits)} reads, the longest {max(waits):.3f} s; without a lock {max(control):.3f} s'
        text = self.apply(db, folder, 'expand', '--cancel-blockers', 'idle-in-transaction')
        assert 'ended: pid' in text and 'long reader' in text, text
        holder.stdin.close()
        holder.wait()

    def t_pause_and_resume(self):
        """pause holds a run with its reason, resume lets it go on, throttle slows it, a postponed cut-over waits"""
        db, folder = self.plan(TABLE, WIDER, ROWS.format(30000))
        self.apply(db, folder, 'expand')
        target = ['--target', self.s.url(db)]
        self.run('pause', folder, *target, '--reason', 'sale')
        p = self.start(db, folder, 'backfill')
        self.until(db, "select count(*) > 0 from contraflow.log where kind = 'wait' and message like 'paused by postgres: sale'")
        assert self.one(db, 'select coalesce(sum(rows), 0) from contraflow.progress') == '0'
        assert 'paused by postgres: sale' in self.run('status', folder, *target)
        self.run('throttle', folder, *target, '--pace', '0.5')
        self.run('resume', folder, *target)
        assert p.wait(60) == 0, p.stdout.read()
        self.run('pause', folder, *target, '--cut-over')
        p = self.start(db, folder, 'contract', '--gate-window', '0')
        self.until(db, "select count(*) > 0 from contraflow.log where kind = 'wait' and message like 'steps that lock are postponed%'")
        assert p.poll() is None
        self.run('resume', folder, *target)
        assert p.wait(60) == 0, p.stdout.read()

    def t_gate(self):
        """contract is refused out of order and while the old shape is in use; an override is recorded"""
        db, folder = self.plan(TABLE, TABLE.replace('note', 'remark'), ROWS.format(20000), '--rename', 'orders.note=remark')
        assert 'expand comes before contract' in self.apply(db, folder, 'contract', expect=1)
        self.s.psql(db, "create function f() returns bigint language plpgsql as 'begin return (select count(note) from public.orders); end'")
        old = self.session(db, 'select 1', 'deployed version')
        self.apply(db, folder, 'expand')
        self.apply(db, folder, 'backfill')
        text = self.apply(db, folder, 'contract', expect=1)
        assert 'public.f() names' in text and 'deployed version' in text, text
        self.apply(db, folder, 'contract', '--gate-override', 'tried out')
        assert 'tried out' in self.one(db, "select message from contraflow.log where kind = 'gate-override'")
        old.stdin.close()
        old.wait()

    def t_loss(self):
        """after purge rollback says what does not come back, and needs --accept-loss"""
        db, folder = self.plan(TABLE, TABLE.replace(', note text', ''), ROWS.format(100))
        for phase in ('expand', 'contract', 'purge'):
            if os.path.exists(f'{folder}/{ {"expand": 1, "contract": 3, "purge": 4}[phase]}_{phase}.sql'):
                self.apply(db, folder, phase)
        text = self.run('rollback', folder, '--target', self.s.url(db), '--yes', expect=1)
        assert 'does not come back' in text and 'note' in text, text
        self.run('rollback', folder, '--target', self.s.url(db), '--yes', '--accept-loss')
        assert self.one(db, "select count(*) from pg_attribute where attrelid = 'orders'::regclass and attname = 'note'") == '1'

    def t_every_key(self):
        """backfills over composite, text, uuid, numeric keys, without a key, partitions, children, with generated columns and triggers of the user's; several workers"""
        tables = {'comp': 'a int, b text, v int, primary key (a, b)', 'txt': 'k text primary key, v int', 'uu': 'k uuid primary key, v int', 'num': 'k numeric primary key, v int',
                  'bare': 'k int, v int', 'gen': 'k int primary key, v int, w int generated always as (k * 2) stored', 'trig': 'k int primary key, v int'}
        part = "create table part (k int not null, v int, primary key (k)) partition by range (k); create table part1 partition of part for values from (0) to (5000); create table part2 partition of part default;"
        before = ''.join(f'create table {t} ({c});' for t, c in tables.items()) + part
        before += "create table audit (n int); create function bump() returns trigger language plpgsql as 'begin insert into public.audit values (1); return new; end'; create trigger bump after update on trig for each row execute function bump();"
        after = before.replace(' v int', ' v bigint')
        pad = "set client_min_messages = warning; alter table {0} add pad text; update {0} set pad = repeat('p', 150);"
        data = "insert into comp select i % 100, 'k' || i, i from generate_series(1, 9000) i; insert into txt select md5(i::text), i from generate_series(1, 9000) i; insert into uu select md5(i::text)::uuid, i from generate_series(1, 9000) i;"
        data += "insert into num select i / 7.0, i from generate_series(1, 9000) i; insert into bare select i, i from generate_series(1, 30000) i; insert into gen select i, i from generate_series(1, 9000) i; insert into trig select i, i from generate_series(1, 9000) i;"
        data += 'insert into part select i, i from generate_series(1, 9000) i; analyze;'
        del pad
        grown = data.replace('9000', '40000').replace('30000', '60000')
        db, folder = self.plan(before, after, grown)
        sums = {t: self.one(db, f'select sum(v), count(*) from {t}') for t in [*tables, 'part']}
        batched = open(folder + '/plan.json').read().count('"mode": "batched"')
        assert batched >= 8, f'only {batched} backfills'
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            text = self.apply(db, folder, phase, '--workers', '3', '--batch-time', '20')
            assert 'still pending' not in text, text
        for table, was in sums.items():
            assert self.one(db, f'select sum(v), count(*) from {table}') == was, table
        assert self.one(db, 'select count(*) from audit') == '0', 'a trigger of the user fired for rows of the backfill'
        assert not judge.difference(self.wanted, judge.state(self.s, db), [f'public.{t}' for t in [*tables, 'part', 'part1', 'part2']])

    def t_locked_rows_are_put_aside(self):
        """rows that a transaction keeps locked do not hold up the rest of a backfill, and are done when it ends"""
        db, folder = self.plan(TABLE, WIDER, ROWS.format(20000))
        self.apply(db, folder, 'expand')
        holder = self.session(db, 'begin; select 1 from orders where id between 500 and 503 for update', 'editor')
        p = self.start(db, folder, 'backfill')
        self.until(db, 'select count(*) > 0 from contraflow.progress where deferred and not done and (select sum(rows) from contraflow.progress) > 19000', 60)
        holder.stdin.close()
        holder.wait()
        assert p.wait(60) == 0, p.stdout.read()
        self.apply(db, folder, 'contract')

    def t_least_privilege(self):
        """a role that is a member of the owner and may create in the database, no superuser, goes all the way and back"""
        self.s.psql('postgres', 'create role deployer login in role app')
        a = self.s.create()
        self.s.psql('postgres', f'grant create on database {a} to app, deployer')
        self.s.psql(a, f'grant create, usage on schema public to app, deployer; set role app; {TABLE} {ROWS.format(20000)}')
        b = self.s.create()
        self.s.psql(b, f'grant create, usage on schema public to app, deployer; set role app; {WIDER.replace("note text", "note text not null")} create index n on orders (note);')
        folder = self.dir + '/least'
        self.run('plan', '--from', self.s.url(a), '--to', self.s.url(b), '--out', folder)
        prior, rows, wanted = judge.state(self.s, a), judge.contents(self.s, a), judge.state(self.s, b)
        url = self.s.url(a).replace('user=postgres', 'user=deployer')
        for phase in ('expand', 'backfill', 'contract'):
            text = self.run('apply', folder, '--target', url, '--phase', phase, '--yes', '--gate-window', '0')
        self.run('rollback', folder, '--target', url, '--yes')
        assert not judge.difference(prior, judge.state(self.s, a)) and judge.contents(self.s, a) == rows
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            text = self.run('apply', folder, '--target', url, '--phase', phase, '--yes', '--gate-window', '0')
        assert not judge.difference(wanted, judge.state(self.s, a), ['public.orders']), text
        self.s.psql('postgres', 'create role stranger login')
        text = self.run('rollback', folder, '--target', url.replace('deployer', 'stranger'), '--yes', '--accept-loss', expect=1)
        assert '[privileges] stranger does not own' in text, text

    def t_preflight(self):
        """a replica of reasons: another major, a prepared transaction's lock, a broken index, each by its name"""
        db, folder = self.plan(TABLE, TABLE.replace('note text', 'note text, a int'), ROWS.format(100))
        doc = open(folder + '/plan.json').read()
        open(folder + '/plan.json', 'w').write(doc.replace(f'"server_major": {self.s.major}', '"server_major": 13'))
        assert '[server-version]' in self.apply(db, folder, 'expand', expect=1)
        open(folder + '/plan.json', 'w').write(doc)
        self.s.psql(db, 'create index broken on orders (note)')
        self.s.psql(db, "update pg_index set indisvalid = false where indexrelid = 'broken'::regclass")
        self.s.psql(db, 'alter table orders add drift int')
        text = self.apply(db, folder, 'expand')
        assert '[invalid-indexes] INVALID indexes: public.broken' in text, text
        assert '[fingerprint]' in text, text

    def t_clock_jumps(self):
        """a wall clock that jumps a day ahead and back all the time: no step waits, gives up or is repeated because of it"""
        compiler = shutil.which('cc') or shutil.which('gcc') or shutil.which('g++')
        if not compiler:
            return 'no compiler here'
        shim = self.dir + '/clock.so'
        subprocess.run([compiler, '-shared', '-fPIC', '-x', 'c', '-o', shim, ROOT + '/tests/apply/jumping_clock.c', '-ldl'], check=True)
        db, folder = self.plan(TABLE, WIDER.replace('note text', 'note text not null') + 'create index on orders (amount);', ROWS.format(20000))
        before, rows = judge.state(self.s, db), judge.contents(self.s, db)
        env = dict(self.s.env(), CONTRAFLOW_PG_BINDIR=self.s.bindir, LD_PRELOAD=shim)

        def jumping(*words):
            # libpq measures connect_timeout by the wall clock: a jump ahead within those milliseconds is a lost connection, after which the same command goes on.
            for _ in range(4):
                r = subprocess.run([self.opt.bin, '--color', 'never', *words, '--target', self.s.url(db), '--yes'], capture_output=True, text=True, env=env, cwd=self.dir, timeout=60)
                if r.returncode == 0 or 'timeout expired' not in r.stderr:
                    break
            assert r.returncode == 0, r.stdout + r.stderr
        for phase in ('expand', 'backfill', 'contract'):
            jumping('apply', folder, '--phase', phase, '--gate-window', '0')
        jumping('rollback', folder)
        assert not judge.difference(before, judge.state(self.s, db)) and judge.contents(self.s, db) == rows
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            jumping('apply', folder, '--phase', phase, '--gate-window', '0')
        assert not judge.difference(self.wanted, judge.state(self.s, db), ['public.orders'])
        assert self.one(db, "select count(*) from contraflow.steps where attempts > 5") == '0'

    def t_secrets(self):
        """a password in the target is in no output, no journal and no log file"""
        db, folder = self.plan(TABLE, TABLE.replace('note text', 'note text, a int'), ROWS.format(100))
        url = self.s.url(db) + '&password=hunter2hunter2'
        text = self.run('apply', folder, '--target', url, '--yes', '--log', self.dir + '/log')
        text += self.run('status', folder, '--target', url) + self.run('rollback', folder, '--target', url, '--yes')
        text += open(self.dir + '/log').read() + self.one(db, 'select * from contraflow.log') + self.one(db, 'select * from contraflow.plans')
        assert 'hunter2' not in text

    def t_events(self):
        """every event is an object that the published schema allows"""
        try:
            import jsonschema
        except ImportError:
            return 'python3-jsonschema is not installed'
        schema = json.load(open(ROOT + '/docs/schemas/run-events.schema.json'))
        db, folder = self.plan(TABLE, WIDER.replace('note text', 'note text not null'), ROWS.format(20000))
        text, kinds = '', set()
        for phase in ('expand', 'backfill', 'contract', 'purge'):
            r = subprocess.run([self.opt.bin, 'apply', folder, '--target', self.s.url(db), '--phase', phase, '--yes', '--gate-window', '0', '--format', 'json'], capture_output=True, text=True, env=self.s.env())
            text += r.stdout
        validator = jsonschema.Draft202012Validator(schema)
        for line in text.splitlines():
            event = json.loads(line)
            kinds.add(event['event'])
            validator.validate(event)
        assert {'preflight', 'phase_begun', 'step_begun', 'batch_done', 'step_ended', 'run_ended'} <= kinds, kinds

    def t_pgbouncer(self):
        """a pooler in transaction mode is refused with the reason and the way around; in session mode it passes with a warning"""
        if not shutil.which('pgbouncer') and not os.path.exists('/usr/sbin/pgbouncer'):
            return 'pgbouncer is not installed (tools/setup.sh test)'
        db, folder = self.plan(TABLE, TABLE.replace('note text', 'note text, a int'), ROWS.format(100))
        where = tempfile.mkdtemp(prefix='contraflow-pooler-')
        who = _unprivileged()
        if who:
            os.chown(where, who['user'], who['group'])
        for mode in ('transaction', 'session'):
            with open(where + '/ini', 'w') as f:
                f.write(f'[databases]\n* = host={self.s.folder} port=5432\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {where}\nlisten_port = 6543\nauth_type = any\npool_mode = {mode}\n'
                        f'ignore_startup_parameters = extra_float_digits\nlogfile = {where}/log\n')
                f.write(f'[databases]\n{db} = host={self.s.folder} port=5432 user=postgres dbname={db}\n')
            p = subprocess.Popen([shutil.which('pgbouncer') or '/usr/sbin/pgbouncer', where + '/ini'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who)
            try:
                for _ in range(100):
                    if os.path.exists(where + '/.s.PGSQL.6543'):
                        break
                    time.sleep(0.05)
                url = f'postgresql:///{db}?host={where}&port=6543&user=postgres'
                text = self.run('apply', folder, '--target', url, '--yes', '--phase', 'expand', '--gate-window', '0', expect=1 if mode == 'transaction' else 0)
                assert '[transaction-pooling]' in text and ('pool_mode = session' in text) == (mode == 'transaction'), text
                if mode == 'transaction':
                    assert self.one(db, "select to_regnamespace('contraflow') is null") == 't', 'something was done'
            finally:
                p.terminate()
                p.wait()
        shutil.rmtree(where)


def main(Test=Test, settings=()):
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--server', type=int, default=15)
    ap.add_argument('--only', help='part of a name; several with commas')
    opt = ap.parse_args()
    opt.bin, judge.JOURNAL = os.path.abspath(opt.bin), True
    found = find_servers(ROOT)
    if opt.server not in found:
        print(f'SKIPPED: no PostgreSQL {opt.server} on this machine (tools/get_servers.sh)')
        return 77
    server = Server(found[opt.server], settings)
    server.major = opt.server
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda s, _: (server.stop(), os._exit(128 + s)))
    failed = ran = 0
    try:
        test = Test(server, opt)
        for name in [n for n in vars(Test) if n.startswith('t_') and (not opt.only or any(o in n for o in opt.only.split(',')))]:
            at = time.time()
            try:
                said = getattr(test, name)()
                print(f'{"skip" if said else "ok":4} {name[2:]}: {said or f"{time.time() - at:.1f} s"}', flush=True)
                ran += not said
            except Exception:
                failed += 1
                print(f'FAIL {name[2:]}: {traceback.format_exc()[-2500:]}', flush=True)
        shutil.rmtree(test.dir, ignore_errors=True)
    finally:
        server.stop()
    print(f'PostgreSQL {opt.server}: {ran} ok, {failed} FAIL')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
