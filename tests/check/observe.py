# SPDX-License-Identifier: Apache-2.0
"""What one statement does to a live server, as the server says it; nothing here knows of contraflow's code.

Inside a transaction that is rolled back: own pg_locks, relfilenodes before and after, rows read by sequential scans
(pg_stat_xact_user_tables), debug1 messages. Index scans are switched off, so that whatever reads a table is seen to read it.
Statements that cannot run in a transaction run in a database of their own, and a second connection looks at their locks before each commit.

An observation is {'error': SQLSTATE, 'message': …} or {'locks': {relation: mode}, 'work': {relation: rewrite|index_build|scan}, 'bad': bool},
and 'elsewhere' the same for a session whose TimeZone is not UTC:
only relations that were there before, indexes under their tables; bad is work that grows with a table while a lock is held that holds up its readers or writers.
"""
import re, threading, time

from libpq import Connection, Failed

MODES = ['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
NAMES = dict(zip(MODES, ['ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE']))
SESSION = ('set client_min_messages = warning; set max_parallel_workers_per_gather = 0; set max_parallel_maintenance_workers = 0; set jit = off; set timezone = UTC;'
           'set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off; set check_function_bodies = on;'
           'set search_path = public; set statement_timeout = 20000')

# TOAST tables and their indexes belong to their table: what is done to them is done to it.
CATALOG = '''select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, coalesce(pg_relation_filenode(c.oid), 0), c.reltablespace,
  coalesce(pg_relation_size(c.oid), 0), greatest(c.reltuples, 0)::bigint, coalesce(i.indrelid, 0)
from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
where n.nspname !~ '^(pg_|information_schema)' '''
LOCKS = '''select relation, mode from pg_locks where pid = %d and locktype = 'relation' and granted and database = (select oid from pg_database where datname = current_database())'''
READ = 'select relid, seq_tup_read from pg_stat_xact_user_tables where seq_tup_read > 0'
READ_SHARED = 'select relid, seq_tup_read from pg_stat_user_tables'


class Relation:
    def __init__(self, row):
        self.name, self.kind = row[1], row[2]
        self.filenode, self.tablespace, self.size, self.rows, self.table = map(int, row[3:])


def catalog(c):
    return {int(row[0]): Relation(row) for row in c.run(CATALOG)}


def judged(before, after, locks, read):
    """locks: {oid: set of modes}; read: {oid: rows read by sequential scans}"""
    work = {}
    for oid, was in before.items():
        if was.kind not in 'rmp':
            continue
        now = after.get(oid)
        if now and was.kind in 'rm' and (now.filenode, now.tablespace) != (was.filenode, was.tablespace) and now.size and was.size:
            work[was.name] = 'rewrite'
        elif was.rows >= 100 and read.get(oid, 0) >= was.rows // 2:
            work[was.name] = 'scan'
    for oid, now in after.items():
        if now.kind == 'i' and now.table in before and now.size and after[now.table].size:
            was, table = before.get(oid), before[now.table].name
            if was and was.tablespace != now.tablespace:
                work[table] = 'rewrite'
            # An index that is renamed or goes to another constraint keeps its file; one that is built has a new one.
            elif (was is None or was.filenode != now.filenode) and not any(b.filenode == now.filenode for b in before.values()) and work.get(table) != 'rewrite':
                work[table] = 'index_build'
    modes = {oid: max(held, key=MODES.index) for oid, held in locks.items() if oid in before}

    def blocks(oid, was):
        # A materialized view is written by its refreshes alone, and EXCLUSIVE is what one of them takes that lets its readers through. An index
        # under ACCESS EXCLUSIVE stops each query that plans with its table.
        floor = 'AccessExclusiveLock' if was.kind == 'i' else 'ShareLock'
        return oid in modes and MODES.index(modes[oid]) >= MODES.index(floor) and not (was.kind == 'm' and modes[oid] == 'ExclusiveLock')

    # Of indexes those that were built or moved: REINDEX CONCURRENTLY takes ACCESS EXCLUSIVE on what it replaced, which nobody uses any more.
    held_up = {was.name if was.kind != 'i' else before[was.table].name for oid, was in before.items()
               if was.kind in 'rpm' and blocks(oid, was) or was.kind == 'i' and blocks(oid, was) and oid in after and after[oid].filenode != was.filenode}
    return {'locks': {before[oid].name: NAMES[mode] for oid, mode in sorted(modes.items(), key=lambda m: before[m[0]].name) if before[oid].kind in 'rpmvfS'},
            'work': dict(sorted(work.items())), 'bad': any(name in held_up for name in work)}


class Observer:
    """over one database that holds the schema and its rows; create: makes a copy of it, for what cannot be rolled back"""

    def __init__(self, server, template):
        self.server, self.template = server, template
        self.database = server.create(template)
        self.connect()

    def connect(self):
        self.c = Connection(self.server.url(self.database))
        self.c.run(SESSION)
        self.before = catalog(self.c)

    def observe(self, statement):
        """in a transaction, rolled back; a second time in another time zone where that may matter, and `elsewhere` where it does"""
        seen = self._observe(statement)
        if 'timestamp' in statement and ' TYPE ' in statement and 'error' not in seen:
            self.c.run("set timezone = 'Europe/Berlin'")
            other = self._observe(statement)
            self.c.run('set timezone = UTC')
            if other != seen:
                seen['elsewhere'] = other
        return seen

    def _observe(self, statement):
        c = self.c
        c.run('begin')
        try:
            earlier = dict(c.run(READ))
            c.notices.clear()
            c.run('set local client_min_messages = debug1')
            try:
                c.run(statement)
            except Failed as e:
                return {'error': e.sqlstate, 'message': e.message}
            messages = list(c.notices)
            c.run('set local client_min_messages = warning')
            locks = {}
            for oid, mode in c.run(LOCKS % c.pid):
                locks.setdefault(int(oid), set()).add(mode)
            read = {int(oid): int(n) - int(earlier.get(oid, 0)) for oid, n in c.run(READ)}
            seen = judged(self.before, catalog(c), locks, read)
            told = any(re.match(r'(rewriting table|verifying table|building index|validating foreign key)', m) for m in messages)
            return dict(seen, told=True) if told else seen
        finally:
            try:
                c.run('rollback')
            except Failed:  # the connection went with the statement
                c.close()
                self.connect()

    def observe_outside(self, statement, database):
        """without a transaction, in a copy of its own. Its commits wait for a standby that there is not (synchronous_standby_names), with their
        locks held: a second connection looks at them and lets it go on, as cancelling such a wait ends nothing but the wait. At first every
        table is locked a little, so that the first lock of weight is seen also of what commits nothing."""
        url = self.server.url(database)
        runner, sampler, gate = connections = Connection(url), Connection(url), Connection(url)
        outcome, locks, done = {}, {}, threading.Event()
        try:
            for c in connections:
                c.run(SESSION)
            runner.run('set synchronous_commit = on')
            before = catalog(sampler)
            gate.run('begin; lock table ' + ', '.join(r.name for r in before.values() if r.kind in 'rp') + ' in share update exclusive mode')

            def work():
                try:
                    runner.run(statement)
                except Failed as e:
                    outcome.update({'error': e.sqlstate, 'message': e.message})
                done.set()

            thread = threading.Thread(target=work)
            thread.start()
            while not done.is_set():
                waits = sampler.run(f"select wait_event_type, wait_event from pg_stat_activity where pid = {runner.pid} and state = 'active'")
                if waits and (waits[0][0] == 'Lock' or waits[0][1] == 'SyncRep'):
                    for oid, mode in sampler.run(LOCKS.replace('and granted', '') % runner.pid):
                        locks.setdefault(int(oid), set()).add(mode)
                    if waits[0][1] == 'SyncRep':
                        told = len(runner.notices)
                        sampler.run(f'select pg_cancel_backend({runner.pid})')
                        while len(runner.notices) == told and not done.is_set():  # its warning that it waits no more; a second signal would end the statement
                            time.sleep(0.0002)
                    else:
                        gate.run('rollback')
                done.wait(0.0005)
            thread.join()
            gate.run('rollback')
            if outcome:
                return outcome
            # The runner's statistics arrive with its end; before 15 by way of a collector that writes every half second.
            runner.close()
            while sampler.run(f'select 1 from pg_stat_activity where pid = {runner.pid}'):
                time.sleep(0.01)
            if int(sampler.run('show server_version_num')[0][0]) < 150000:
                time.sleep(0.7)
            return judged(before, catalog(sampler), locks, {int(oid): int(n) for oid, n in sampler.run(READ_SHARED)})
        finally:
            for c in connections:
                c.close()
