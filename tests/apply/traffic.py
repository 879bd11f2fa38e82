#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole change under traffic: no query fails, none waits long.

  tests/apply/traffic.py --bin build/release/contraflow [--rows 5000000] [--server 15]

One plan renames a column, changes a type under its name, sets NOT NULL, adds a foreign key, a unique index and a reordered enum on one table. The deployed version (pgbench,
prepared statements) reads and writes all the while from expand to the end of backfill; the next version from then on, through contract and purge. A long
reader comes and goes (transactions of 1.5 to 4 s), a replica is attached. pgbench's log has every transaction: failures, and the time from its start to its end.
Before it all the same traffic runs without a migration: what the machine itself does to it. Exit 0: nothing failed, no deadlock took a client's
query, old and new columns equal in every row, and the longest wait is below --limit (or below twice the longest without a migration, where that is more).
"""
import argparse, glob, os, random, re, signal, subprocess, sys, tempfile, threading, time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + '/tests/laws')
from server import Server, _die_with_parent, _unprivileged, find_servers

BEFORE = '''create type state as enum ('new', 'sent', 'paid');
create table customers (id int primary key, name text);
create table orders (id bigint primary key, customer_id int, user_name text, amount numeric(10,2) not null, email text, code text, state state not null default 'new', touched timestamptz default now());
'''
AFTER = '''create type state as enum ('new', 'paid', 'sent');
create table customers (id int primary key, name text);
create table orders (id bigint primary key, customer_id int references customers(id), username text, amount numeric(14,4) not null, email text not null, code text, state state not null default 'new', touched timestamptz default now());
create unique index orders_code on orders (code);
'''
DATA = '''insert into customers select i, 'c' || i from generate_series(1, 1000) i;
insert into orders select i, i % 1000 + 1, 'u' || i, i % 5000 * 1.25, 'e' || i || '@x', 'code' || i, (array['new', 'sent', 'paid'])[i % 3 + 1]::state from generate_series(1, {rows}) i;
vacuum analyze;'''
# The casts make both sides of a type change return the same: docs and notes ask for them before the swap.
OLD = {
    'read': '\\set id random(1, {rows})\nselect id, user_name, amount::numeric(14,4), email, state::text from orders where id = :id;\n',
    'update': '\\set id random(1, {rows})\n\\set v random(1, 9999)\nupdate orders set amount = :v, user_name = \'n\' || :v where id = :id;\n',
    'insert': '\\set id random({rows} + 1, 2000000000)\ninsert into orders (id, customer_id, user_name, amount, email, code, state) values (:id, :id % 1000 + 1, \'i\', 3.5, \'m\', \'k\' || :id, \'paid\') on conflict do nothing;\n',
}
NEW = {k: v.replace('user_name', 'username') for k, v in OLD.items()}


class Traffic:
    """pgbench with three scripts; its log says how long each transaction took"""

    def __init__(self, server, db, folder, name, scripts, rows, clients, rate):
        self.log = f'{folder}/{name}'
        words = ['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', '1', '-T', '36000', '-R', str(rate), '-l', '--log-prefix=' + self.log]
        for kind, weight in (('read', 6), ('update', 3), ('insert', 1)):
            path = f'{folder}/{name}.{kind}.sql'
            with open(path, 'w') as f:
                f.write(scripts[kind].format(rows=rows))
            words += ['-f', f'{path}@{weight}']
        self.errors = open(self.log + '.err', 'w+')
        self.p = subprocess.Popen([*words, db], stdout=self.errors, stderr=subprocess.STDOUT, env=server.env())

    def stop(self):
        """(transactions, longest and 99th percentile of the time from start to end in s, errors)"""
        dead = self.p.poll()
        if dead is None:
            self.p.send_signal(signal.SIGINT)
            self.p.wait()
        took = []
        for path in glob.glob(self.log + '.*'):
            if re.search(r'\.\d+(\.\d+)?$', path):
                for line in open(path):
                    word = line.split()
                    if len(word) >= 7:
                        took.append((int(word[2]) - int(word[6])) / 1e6)  # without the delay before it was started
        self.errors.seek(0)
        errors = [l for l in self.errors.read().splitlines() if re.search(r'error|abort|fatal', l, re.I)]
        if dead is not None:
            errors.append(f'pgbench ended by itself: {dead}')
        took.sort()
        return len(took), took[-1] if took else 0, took[int(len(took) * 0.99)] if took else 0, errors


def replica(server, major):
    bindir = server.bindir
    if not os.access(bindir + '/pg_basebackup', os.X_OK):
        return None
    who = _unprivileged()
    made = subprocess.run([bindir + '/pg_basebackup', '-D', server.folder + '/replica', '-R', '-X', 'stream', '-c', 'fast'], env=server.env(), capture_output=True, text=True, **who)
    if made.returncode:
        raise SystemExit('pg_basebackup: ' + made.stderr)
    log = open(server.folder + '/replica.log', 'w')
    return subprocess.Popen([bindir + '/postgres', '-D', server.folder + '/replica', '-k', server.folder, '-p', '5433', '-c', 'listen_addresses=', '-c', 'hot_standby=on', '-c', 'max_connections=50',
                             '-c', 'max_prepared_transactions=0', '-c', 'fsync=off'], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=server.folder, preexec_fn=_die_with_parent, **who)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--server', type=int, default=15)
    ap.add_argument('--rows', type=int, default=5_000_000)
    ap.add_argument('--clients', type=int, default=4)
    ap.add_argument('--rate', type=int, default=200, help='transactions a second of each version')
    ap.add_argument('--limit', type=float, default=0.25, help='seconds that a query may take')
    ap.add_argument('--calm', type=float, default=20, help='seconds of traffic without a migration')
    opt = ap.parse_args()
    opt.bin = os.path.abspath(opt.bin)
    found = find_servers(ROOT)
    if opt.server not in found:
        print(f'SKIPPED: no PostgreSQL {opt.server} on this machine')
        return 77
    server = Server(found[opt.server], on_disk=opt.rows >= 1_000_000)
    folder = tempfile.mkdtemp(prefix='contraflow-traffic-')
    standby = None
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda s, _: (server.stop(), os._exit(128 + s)))
    end = threading.Event()
    try:
        a, b = server.create(), server.create()
        server.psql(a, BEFORE + DATA.format(rows=opt.rows))
        server.psql(b, AFTER)
        standby = replica(server, opt.server)

        def contraflow(*words):
            r = subprocess.run([opt.bin, '--color', 'never', *words], capture_output=True, text=True, env=dict(server.env(), CONTRAFLOW_PG_BINDIR=server.bindir), cwd=folder)
            if r.returncode:
                raise SystemExit(f'{words}: exit {r.returncode}\n{r.stdout}{r.stderr}')
            return r.stdout

        contraflow('plan', '--from', server.url(a), '--to', server.url(b), '--out', folder + '/plan', '--rename', 'orders.user_name=username')

        def reader():
            rng = random.Random(1)
            while not end.is_set():
                subprocess.run(['psql', '-X', '-q', '-d', a, '-c', 'begin', '-c', 'select count(*) from (select from orders limit 1000) l', '-c', f'select pg_sleep({rng.uniform(1.5, 4):.2f})', '-c', 'commit'],
                               env=dict(server.env(), PGAPPNAME='long reader'), capture_output=True)
                time.sleep(rng.uniform(0.5, 1.5))

        def traffic(name, scripts):
            return Traffic(server, a, folder, name, scripts, opt.rows, opt.clients, opt.rate)

        results = {}
        threading.Thread(target=reader, daemon=True).start()
        calm = traffic('calm', OLD)
        time.sleep(opt.calm)
        results['without a migration'] = calm.stop()
        deadlocks = int(server.psql(a, 'select deadlocks from pg_stat_database where datname = current_database()').stdout)
        old = traffic('old', OLD)
        time.sleep(2)
        for phase in ('expand', 'backfill'):
            at = time.time()
            text = contraflow('apply', folder + '/plan', '--target', server.url(a), '--phase', phase, '--yes')
            print(f'{phase}: {time.time() - at:.1f} s', flush=True)
        print(''.join(l + '\n' for l in text.splitlines() if 'rows' in l), end='')
        differing = int(server.psql(a, 'select count(*) from orders where user_name is distinct from username').stdout)
        new = traffic('new', NEW)
        time.sleep(5)  # both versions at once
        differing += int(server.psql(a, 'select count(*) from orders where user_name is distinct from username').stdout)
        results['deployed version, expand to backfill'] = old.stop()
        for phase in ('contract', 'purge'):
            at = time.time()
            contraflow('apply', folder + '/plan', '--target', server.url(a), '--phase', phase, '--yes', '--gate-window', '0', '--gate-override', 'the next version connected before the phase ended')
            print(f'{phase}: {time.time() - at:.1f} s', flush=True)
        time.sleep(2)
        results['next version, contract and purge'] = new.stop()
        deadlocks = int(server.psql(a, 'select deadlocks from pg_stat_database where datname = current_database()').stdout) - deadlocks
        end.set()
        limit = max(opt.limit, 2 * results['without a migration'][1])
        bad = 0
        for name, (count, longest, p99, errors) in results.items():
            failed = len(errors)
            bad += failed > 0 or count == 0 or longest > limit
            print(f'{name}: {count} transactions, {failed} failed, longest {longest:.3f} s, p99 {p99 * 1000:.1f} ms' + ''.join(f'\n  {e}' for e in errors[:5]))
        attempts = server.psql(a, "select count(*), coalesce(sum(attempts), 0), coalesce(max(attempts), 0) from contraflow.steps").stdout.strip().split('|')
        print(f'{opt.rows} rows, replica {"attached" if standby else "not attached (no pg_basebackup for this major)"}; {attempts[0]} steps, {attempts[1]} attempts, at most {attempts[2]} a step; '
              f'{deadlocks} deadlocks (given up by contraflow); {differing} rows differ between old and new column; limit {limit:.3f} s')
        return 1 if bad or differing else 0
    finally:
        end.set()
        if standby:
            standby.send_signal(signal.SIGINT)
            standby.wait()
        server.stop()


if __name__ == '__main__':
    sys.exit(main())
