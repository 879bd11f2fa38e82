#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each thing that a backfill waits for: it waits while the signal is there and says why, and goes on to its end when it is gone.  tests/apply/throttle_test.py --bin build/ci/contraflow

Its server archives and has a replica that replays 2 s late; both are out of the way where another signal is tried. Exit 0: all hold; 77: no server here.
"""
import contextlib, json, os, statistics, subprocess, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import apply_test
from apply_test import ROWS, TABLE, WIDER
from server import _unprivileged

SETTINGS = ('archive_mode=on', 'archive_command=test -e archive_works', 'wal_keep_size=512MB')
CALM = ('--max-replica-lag', '0', '--max-archive-backlog', '0', '--max-slot-wal', '0', '--max-xmin-age', '0', '--max-latency-factor', '0')


def without(*names):
    """the options that turn every other signal off"""
    pairs = [CALM[i:i + 2] for i in range(0, len(CALM), 2)]
    return [word for pair in pairs if pair[0] not in names for word in pair]


class Test(apply_test.Test):
    def waits(self, reason, options, begin, end, beside=None, rows=20000):
        """`begin` makes the signal, `end` takes it away; in between the backfill must stand still"""
        db, folder = self.plan(TABLE, WIDER, ROWS.format(rows))
        self.apply(db, folder, 'expand')
        with contextlib.ExitStack() as stack:
            held = begin(db, stack)
            p = self.start(db, folder, 'backfill', '--batch-time', '10', *options)
            try:
                if beside:
                    beside(db)
                self.until(db, f"select count(*) > 0 from contraflow.log where kind = 'wait' and message like '{reason}%'", 30)
                done = [self.one(db, 'select coalesce(sum(rows), 0) from contraflow.progress') for _ in range(2) if not time.sleep(0.7)]
                assert done[0] == done[1] and int(done[1]) < rows, f'it did not stand still: {done}'
                assert p.poll() is None
                assert reason.replace('%', '') in self.run('status', folder, '--target', self.s.url(db))
                end(db, held)
                assert p.wait(60) == 0, p.stdout.read()
            finally:
                if p.poll() is None:
                    p.kill()
        assert self.one(db, 'select count(*) from contraflow.progress where not done') == '0'

    def t_slot(self):
        """WAL that a replication slot keeps"""
        def begin(db, stack):
            self.s.psql(db, "select pg_create_physical_replication_slot('lazy', true)")
            self.s.psql(db, "create table wal as select repeat('w', 500) from generate_series(1, 6000)")
        self.waits('WAL kept for a replication slot, bytes:', [*without('--max-slot-wal'), '--max-slot-wal', '0.001'], begin,
                   lambda db, _: self.s.psql(db, "select pg_drop_replication_slot('lazy')"))

    def t_snapshot(self):
        """the oldest snapshot"""
        def begin(db, stack):
            holder = self.session(db, 'begin isolation level repeatable read; select count(*) from orders', 'report')
            self.s.psql(db, 'select pg_current_xact_id();\n' * 300)
            return holder

        def end(db, holder):
            holder.stdin.close()
            holder.wait()
        self.waits('age of the oldest snapshot, transactions:', [*without('--max-xmin-age'), '--max-xmin-age', '200'], begin, end)

    def t_vacuum(self):
        """vacuum at work on the table, where asked for"""
        def begin(db, stack):
            p = subprocess.Popen(['psql', '-X', '-q', '-d', db], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=self.s.env())
            self.s.psql(db, 'update orders set note = note')
            p.stdin.write('set vacuum_cost_delay = 100; set vacuum_cost_limit = 1; set vacuum_cost_page_hit = 100; set vacuum_cost_page_dirty = 100;\nvacuum orders;\n')
            p.stdin.flush()
            self.until(db, 'select count(*) > 0 from pg_stat_progress_vacuum')
            return p

        def end(db, p):
            self.s.psql(db, "select pg_terminate_backend(pid) from pg_stat_progress_vacuum")
            p.stdin.close()
            p.wait()
        self.waits('autovacuum at work on the table', [*without(), '--yield-to-autovacuum'], begin, end)

    def t_query(self):
        """a query of the user's"""
        self.waits('--throttle-query does not say true', [*without(), '--throttle-query', 'select not exists (select from public.busy)'],
                   lambda db, _: self.s.psql(db, 'create table busy as select 1'), lambda db, _: self.s.psql(db, 'truncate busy'))

    def t_latency(self):
        """commits that take longer than before the backfill"""
        def slow(db):
            self.until(db, 'select coalesce(sum(rows), 0) > 0 from contraflow.progress')
            self.s.psql(db, "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.4); return null; end';"
                            "create constraint trigger slow after insert or update on contraflow.heartbeat deferrable initially deferred for each row execute function slow()")
        self.waits('a commit takes', [*without('--max-latency-factor'), '--max-latency-factor', '4', '--pace', '0.05'], lambda db, _: None,
                   lambda db, _: self.s.psql(db, 'drop trigger slow on contraflow.heartbeat'), slow, rows=150000)  # it must not be done before the trigger is there

    def t_archiver(self):
        """segments that wait for an archiver that has not archived one yet"""
        def begin(db, stack):
            for _ in range(4):
                self.s.psql(db, "select pg_logical_emit_message(false, 'a', 'b'); select pg_switch_wal()")
            self.until(db, 'select last_failed_wal is not null from pg_stat_archiver', 30)

        def end(db, _):
            open(self.s.folder + '/data/archive_works', 'w').close()
            # After three failures the archiver sleeps a minute, or until the next segment is full.
            self.s.psql('postgres', "select pg_logical_emit_message(false, 'a', 'b'); select pg_switch_wal()")
        self.waits('WAL segments that wait for the archiver:', [*without('--max-archive-backlog'), '--max-archive-backlog', '2'], begin, end)

    def t_replica(self):
        """a streaming replica that replays late"""
        if not os.access(self.s.bindir + '/pg_basebackup', os.X_OK):
            return 'no pg_basebackup for this major'
        def begin(db, stack):
            who = _unprivileged()
            where = self.s.folder + '/replica'
            made = subprocess.run([self.s.bindir + '/pg_basebackup', '-D', where, '-R', '-X', 'stream', '-c', 'fast'], env=self.s.env(), capture_output=True, text=True, **who)
            assert made.returncode == 0, made.stderr
            p = subprocess.Popen([self.s.bindir + '/postgres', '-D', where, '-k', self.s.folder, '-p', '5433', '-c', 'listen_addresses=', '-c', 'max_connections=50', '-c', 'archive_mode=off',
                                  '-c', 'recovery_min_apply_delay=2s', '-c', 'wal_receiver_status_interval=1s'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who)
            stack.callback(p.wait)
            stack.callback(p.terminate)
            self.until(db, "select count(*) > 0 from pg_stat_replication where state = 'streaming'", 30)
            for _ in range(8):
                self.s.psql(db, "create table if not exists news (n int); insert into news values (1)")
                time.sleep(0.4)
            self.until(db, "select coalesce(max(replay_lag) > interval '1 s', false) from pg_stat_replication", 30)
            return p
        self.waits('replica lag, seconds:', [*without('--max-replica-lag'), '--max-replica-lag', '1'], begin, lambda db, p: p.terminate())

    def t_traffic(self):
        """batches are short while others write, longer while nobody does"""
        def batches(beside):
            db, folder = self.plan(TABLE, WIDER, ROWS.format(300_000))
            self.apply(db, folder, 'expand')
            self.s.psql(db, 'create table visits (n int)')
            writer = subprocess.Popen(['pgbench', '-n', '-c', '1', '-R', '100', '-T', '60', '-f', '/dev/stdin', db], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      env=self.s.env()) if beside else None
            try:
                if writer:
                    writer.stdin.write(b'insert into visits values (1);\n')
                    writer.stdin.close()
                    self.until(db, 'select count(*) > 20 from visits')
                p = self.start(db, folder, 'backfill', '--pace', '0.15', '--format', 'json', *CALM)  # long enough for a few looks at the traffic
                out, _ = p.communicate(timeout=120)
                assert p.returncode == 0, out
            finally:
                if writer:
                    writer.kill()
                    writer.wait()
            sizes = [event['rows'] for event in map(json.loads, out.splitlines()) if event['event'] == 'batch_done']
            return statistics.mean(sizes[-4:-1])  # the very last one is a rest
        busy, quiet = batches(True), batches(False)
        assert quiet > 2 * busy, f'{busy} rows a batch beside traffic, {quiet} without'


if __name__ == '__main__':
    sys.exit(apply_test.main(Test, SETTINGS))
