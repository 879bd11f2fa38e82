#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backfill rate of `contraflow apply` against one single UPDATE (the practical limit) and against the batch statement that other engines use.

  bench/backfill.py --bin build/release/contraflow [--rows 2000000] [--repeat 1]

One server with fsync on, a table of about 130 bytes a row with a primary key, one new column filled from another. Each way begins with a fresh copy of
the table and a checkpoint:
  single   one UPDATE of every row
  apply    the backfill phase of a plan, one worker: batches, progress and throttle as in production; its verification is timed apart
  cte      per 1,000 rows: WITH batch AS (SELECT id … WHERE id > $1 ORDER BY id LIMIT 1000 FOR NO KEY UPDATE) UPDATE … FROM batch, in a loop on the server
  pgroll   the program itself, where tools/get_peers.sh has built it: `pgroll start` of a migration that adds the column with an `up` expression
Then p99 of pgbench's transactions, pooled over --rounds rounds because a disk changes its mind: without anything beside, beside a query that only computes (the floor: what a busy core
costs here), and beside a backfill; at 50 a second and as fast as four clients can (--traffic). Last the cost of a plan of 100 brief steps. WAL segments are there to be recycled, as on a
server that has run for a while: making one anew stops every commit.
"""
import argparse, json, os, re, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [ROOT + '/tests/laws', ROOT + '/tests/apply']
import server as laws_server
from server import Server, find_servers

TABLE = "create table t (id bigint primary key, name text, filler text, amount numeric(10,2));"
ROWS = "insert into t select i, 'name ' || i, repeat('f', 70), i % 1000 from generate_series(1, {}) i; vacuum analyze t;"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--rows', type=int, default=2_000_000)
    ap.add_argument('--repeat', type=int, default=1)
    ap.add_argument('--server', type=int, default=15)
    ap.add_argument('--rounds', type=int, default=3, help='of the latency runs')
    ap.add_argument('--traffic', default='50,0', help='transactions a second of each latency run; 0: as many as four clients make')
    opt = ap.parse_args()
    opt.bin = os.path.abspath(opt.bin)
    laws_server.SETTINGS = ('listen_addresses=', 'max_connections=50', 'autovacuum=off', 'max_wal_size=8GB', 'min_wal_size=4GB', 'shared_buffers=512MB', 'checkpoint_timeout=1h', 'timezone=UTC', 'log_min_messages=fatal')
    s = Server(find_servers(ROOT)[opt.server], on_disk=True)
    folder = tempfile.mkdtemp(prefix='contraflow-bench-')

    def contraflow(*words):
        r = subprocess.run([opt.bin, *words], capture_output=True, text=True, env=dict(s.env(), CONTRAFLOW_PG_BINDIR=s.bindir), cwd=folder)
        if r.returncode:
            raise SystemExit(f'{words}: {r.stdout}{r.stderr}')
        return r.stdout

    def fresh(extra=''):
        db = s.create(base)
        s.psql(db, extra + 'checkpoint;')
        return db

    try:
        base, after = s.create(), s.create()
        s.psql(base, TABLE + ROWS.format(opt.rows))
        s.psql(after, TABLE.replace('name text', 'title text'))
        s.psql('postgres', "create table filler as select i, repeat('x', 900) from generate_series(1, 3000000) i; checkpoint; checkpoint; drop table filler; checkpoint")
        plan = folder + '/plan'
        contraflow('plan', '--from', s.url(base), '--to', s.url(after), '--out', plan, '--rename', 't.name=title')
        for _ in range(opt.repeat):
            db = fresh('alter table t add title text;')
            at = time.time()
            s.psql(db, 'update t set title = name')
            single = time.time() - at
            s.drop(db)

            db = fresh()
            contraflow('apply', plan, '--target', s.url(db), '--phase', 'expand', '--yes')
            s.psql(db, 'checkpoint')
            log = [json.loads(l) for l in contraflow('apply', plan, '--target', s.url(db), '--phase', 'backfill', '--yes', '--format', 'json').splitlines()]
            at = lambda e: time.mktime(time.strptime(e['at'][:19], '%Y-%m-%dT%H:%M:%S')) + float(e['at'][19:23])
            step = next(e['step'] for e in log if e['event'] == 'batch_done')
            batches = [e for e in log if e['event'] == 'batch_done']
            begin, end = (at(next(e for e in log if e['event'] == k and e['step'] == step)) for k in ('step_begun', 'step_ended'))
            engine = at(batches[-1]) - begin
            s.drop(db)

            db = fresh('alter table t add title text;')
            with open(folder + '/cte.sql', 'w') as f:
                f.write("do $$ declare last bigint := 0; n bigint; begin loop with batch as (select id from t where id > last order by id limit 1000 for no key update), "
                        "done as (update t set title = t.name from batch where t.id = batch.id returning t.id) select max(id), count(*) into last, n from done; commit; exit when n = 0; end loop; end $$;")
            at0 = time.time()
            s.psql(db, open(folder + '/cte.sql').read())
            cte = time.time() - at0
            s.drop(db)

            peer = ''
            if os.access(ROOT + '/build/peers/bin/pgroll', os.X_OK):
                db = fresh()
                with open(folder + '/1_title.json', 'w') as f:
                    json.dump({'name': 'title', 'operations': [{'add_column': {'table': 't', 'up': 'name', 'column': {'name': 'title', 'type': 'text', 'nullable': True}}}]}, f)
                pgroll = [ROOT + '/build/peers/bin/pgroll', '--postgres-url', s.url(db)]
                subprocess.run([*pgroll, 'init'], check=True, capture_output=True, env=s.env())
                at0 = time.time()
                subprocess.run([*pgroll, 'start', folder + '/1_title.json'], check=True, capture_output=True, env=s.env())
                took = time.time() - at0
                assert s.psql(db, 'select count(*) from t where name is distinct from _pgroll_new_title').stdout.strip() == '0'
                peer = f'; pgroll {took:.1f} s ({took / engine:.2f} x)'
                s.drop(db)
            print(f'{opt.rows} rows: single {single:.1f} s; apply {engine:.1f} s in {len(batches)} batches (and {end - at(batches[-1]):.1f} s verification); cte {cte:.1f} s; '
                  f'apply is {single / engine:.2f} of the single rate, {cte / engine:.2f} x the cte rate{peer}', flush=True)

        # latency of the traffic
        with open(folder + '/script.sql', 'w') as f:
            f.write(f'\\set id random(1, {opt.rows})\nupdate t set amount = amount + 1 where id = :id;\n')

        def latencies(db, rate, seconds, beside=None):
            """milliseconds of each transaction"""
            for old in os.listdir(folder):
                if old.startswith('lat'):
                    os.unlink(f'{folder}/{old}')
            p = subprocess.Popen(['pgbench', '-n', '-M', 'prepared', *(['-c', '2', '-R', str(rate)] if rate else ['-c', '4']), '-T', str(seconds), '-l', f'--log-prefix={folder}/lat', '-f', folder + '/script.sql', db],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=s.env())
            if beside:
                beside()
                p.terminate()
            p.wait()
            # The last line may be cut off; the schedule's lag comes last where there is a rate.
            lines = [w for f in os.listdir(folder) if f.startswith('lat') for w in map(str.split, open(f'{folder}/{f}')) if len(w) == (7 if rate else 6)]
            return [(int(w[2]) - (int(w[6]) if rate else 0)) / 1000 for w in lines]

        def p99(took):
            return sorted(took)[int(len(took) * 0.99)]

        for rate in map(int, opt.traffic.split(',')):
            calm, computing, busy = [], [], []
            for _ in range(opt.rounds):
                db = fresh()
                contraflow('apply', plan, '--target', s.url(db), '--phase', 'expand', '--yes')
                calm += latencies(db, rate, 8)
                computing += latencies(db, rate, 600, lambda: s.psql(db, 'set max_parallel_workers_per_gather = 0; select count(*) from generate_series(1, 60000000)'))
                busy += latencies(db, rate, 600, lambda: contraflow('apply', plan, '--target', s.url(db), '--phase', 'backfill', '--yes'))
                s.drop(db)
            print(f'{"traffic of " + str(rate) if rate else "as many as four clients make,"} transactions a second: p99 of {len(calm)} with nothing beside {p99(calm):.1f} ms, of {len(computing)} beside a '
                  f'computing query {p99(computing):.1f} ms ({p99(computing) / p99(calm):.2f} x), of {len(busy)} beside a backfill {p99(busy):.1f} ms ({p99(busy) / p99(calm):.2f} x)', flush=True)

        # a hundred brief steps
        small, more = s.create(), s.create()
        tables = ''.join(f'create table s{i} (id int primary key, a int);' for i in range(100))
        s.psql(small, tables)
        s.psql(more, tables.replace('a int', 'a int default 7'))
        contraflow('plan', '--from', s.url(small), '--to', s.url(more), '--out', folder + '/hundred')
        steps = sum(len(p['steps']) for p in json.load(open(folder + '/hundred/plan.json'))['phases'])
        log = [json.loads(l) for l in contraflow('apply', folder + '/hundred', '--target', s.url(small), '--yes', '--format', 'json').splitlines()]
        begun, ended = [e for e in log if e['event'] == 'step_begun'], [e for e in log if e['event'] == 'step_ended']
        print(f'{steps} brief steps: {(at(ended[-1]) - at(begun[0])) / max(1, len(ended)) * 1000:.1f} ms a step, statements and commits with fsync included')
    finally:
        s.stop()


if __name__ == '__main__':
    sys.exit(main())
