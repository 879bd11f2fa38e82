#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plan of old.sql -> new.sql in every layout, run by the migration runners themselves:  replay.py --bin PROGRAM [--runners DIR] [--only NAME,…]

For each runner: all phases forward, one after another, each phase's files moved in as NOTES.md says; then all the way back; then both once more. The judge is
pg_dump (the runner's own bookkeeping apart) against the same plan under plain psql, and the rows. tools/get_runners.sh installs the runners; one that is not there is
reported as skipped. Long and not in the test run, which replays each runner's protocol instead (src/cli/layout_live_test.cpp).
"""
import argparse, contextlib, glob, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'laws'))
import judge, server as servers

BOOKKEEPING = ['-T', '*.schema_migrations', '-T', '*.goose_db_version*', '-T', '*.__diesel_schema_migrations', '-T', '*.pgmigrations*', '-T', '*.flyway_schema_history', '-T', '*.ar_internal_metadata',
               '-T', '*._prisma_migrations', '-N', 'sqitch']


class Failed(Exception):
    pass


class Place:
    """where a runner runs: its program's folder, the project's folder, the database"""
    def __init__(self, server, db, project, runners, proxy):
        self.server, self.db, self.project, self.runners, self.proxy = server, db, project, runners, proxy

    def run(self, *command, **env):
        r = subprocess.run([str(c) for c in command], cwd=self.project, env=dict(self.server.env(), PGDATABASE=self.db, **env), capture_output=True, text=True, timeout=300)
        if r.returncode:
            raise Failed(f'{" ".join(map(str, command))[:200]}\n{(r.stdout + r.stderr)[-2500:]}')
        return r.stdout + r.stderr

    def move_in(self, phase, into):
        """git mv PHASE/* INTO/"""
        (self.project / into).mkdir(parents=True, exist_ok=True)
        for path in sorted(phase.iterdir()):
            target = self.project / into / path.name
            shutil.copytree(path, target, dirs_exist_ok=True) if path.is_dir() else shutil.copy(path, target)

    def sql(self, text):
        return self.server.psql(self.db, text).stdout


class Migrate:
    name, program = 'golang-migrate', 'bin/migrate'
    def url(self, p): return f'postgres://postgres@/{p.db}?host={p.server.folder}&sslmode=disable'
    def phase(self, p, folder): p.move_in(folder, 'm'); p.run(p.runners / self.program, '-path', 'm', '-database', self.url(p), 'up')
    def back(self, p): p.run(p.runners / self.program, '-path', 'm', '-database', self.url(p), 'down', len(list((p.project / 'm').glob('*.up.sql'))))


class Goose:
    name, program = 'goose', 'bin/goose'
    def run(self, p, *what): p.run(p.runners / self.program, '-dir', 'm', 'postgres', f'host={p.server.folder} user=postgres dbname={p.db} sslmode=disable', *what)
    def phase(self, p, folder): p.move_in(folder, 'm'); self.run(p, 'up')
    def back(self, p): self.run(p, 'down-to', '0')


class Dbmate:
    name, program = 'dbmate', 'node_modules/.bin/dbmate'
    def run(self, p, what): p.run(p.runners / self.program, '--url', f'postgres://postgres@/{p.db}?socket={p.server.folder}&sslmode=disable', '-d', 'm', '--no-dump-schema', what)
    def phase(self, p, folder): p.move_in(folder, 'm'); self.run(p, 'up')
    def back(self, p):
        for _ in (p.project / 'm').glob('*.sql'): self.run(p, 'rollback')


class Diesel:
    name, program = 'diesel', 'bin/diesel'
    def run(self, p, *what):
        (p.project / 'diesel.toml').touch()
        p.run(p.runners / self.program, 'migration', '--migration-dir', 'm', '--database-url', p.server.url(p.db), *what)
    def phase(self, p, folder): p.move_in(folder, 'm'); self.run(p, 'run')
    def back(self, p): self.run(p, 'revert', '-n', len(list((p.project / 'm').iterdir())))


class Sqitch:
    name, program = 'sqitch', '/usr/bin/sqitch'
    def phase(self, p, folder):
        who = dict(SQITCH_FULLNAME='Test', SQITCH_EMAIL='test@example.org')
        if not (p.project / 'sqitch.conf').exists():
            p.run('sqitch', 'init', 'app', '--engine', 'pg', **who)
            p.run('sqitch', 'add', 'start', '-n', 'what was there before', **who)
        p.move_in(folder, '.')
        change = next(folder.glob('deploy/*.sql')).stem
        if change not in (p.project / 'sqitch.plan').read_text(): p.run('sqitch', 'add', change, '--without', 'verify', '-n', folder.name, **who)
        p.run('sqitch', 'deploy', f'db:pg://postgres@/{p.db}', **who)
    def back(self, p):
        changes = [l.split()[0] for l in (p.project / 'sqitch.plan').read_text().splitlines() if l and l[0] not in '%' and not l.startswith('start ')]
        for change in reversed(changes):
            p.run('sqitch', 'revert', '-y', '--to', change + '^', f'db:pg://postgres@/{p.db}', SQITCH_FULLNAME='Test', SQITCH_EMAIL='test@example.org')


class Rails:
    name, program = 'rails', '/usr/bin/ruby'
    SCRIPT = '''require "active_record"
ActiveRecord::Base.establish_connection(adapter: "postgresql", host: ENV["PGHOST"], username: "postgres", database: ENV["PGDATABASE"])
context = ActiveRecord::MigrationContext.new("db/migrate", ActiveRecord::SchemaMigration)
ARGV[0] == "up" ? context.migrate : context.rollback(context.migrations.size)'''
    def phase(self, p, folder): p.move_in(folder, 'db/migrate'); p.run('ruby', '-e', self.SCRIPT, 'up')
    def back(self, p): p.run('ruby', '-e', self.SCRIPT, 'down')


class NodePgMigrate:
    name, program = 'node-pg-migrate', 'node_modules/.bin/node-pg-migrate'
    def run(self, p, *what):
        with contextlib.suppress(FileExistsError): os.symlink(p.runners / 'node_modules', p.project / 'node_modules')
        p.run(p.runners / self.program, *what, '-m', 'm', DATABASE_URL=f'postgres://postgres@/{p.db}?host={p.server.folder}')
    def phase(self, p, folder): p.move_in(folder, 'm'); self.run(p, 'up')
    def back(self, p): self.run(p, 'down', len(list((p.project / 'm').iterdir())))


class Flyway:
    """JDBC knows no Unix sockets, so a proxy on the loopback address stands between; the way back is psql's, as NOTES.md says"""
    name, program = 'flyway', 'flyway/jars'
    def phase(self, p, folder):
        p.move_in(folder, 'm')
        p.run('java', '-cp', str(p.runners / 'flyway/jars/*'), HERE / 'Migrate.java', f'jdbc:postgresql://127.0.0.1:{p.proxy.port}/{p.db}', 'm')
    def back(self, p):
        for path in sorted((p.project / 'm').glob('U*.sql'), reverse=True): p.run('psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', path)
        p.sql("delete from flyway_schema_history where version <> '0'")


RUNNERS = [Flyway(), Migrate(), Goose(), Dbmate(), Diesel(), Sqitch(), Rails(), NodePgMigrate()]


class Proxy:
    """TCP on the loopback address -> the server's Unix socket"""
    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(self.path)
            for a, b in ((client, upstream), (upstream, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536): b.sendall(data)
        with contextlib.suppress(OSError): b.shutdown(socket.SHUT_WR)


def dump(server, db):
    r = subprocess.run(['pg_dump', '-s', '-d', db, *BOOKKEEPING], env=server.env(), capture_output=True, text=True, check=True)
    return re.sub(r'^\\(un)?restrict .*\n', '', r.stdout, flags=re.M)


def rows(server, db):
    return [l for l in judge.contents(server, db) if not re.search(r'schema_migrations|goose_db|diesel_schema|pgmigrations|flyway_schema|ar_internal|sqitch', l)]


def differ(what, want, got):
    if want != got:
        import difflib
        want, got = (x.splitlines() if isinstance(x, str) else x for x in (want, got))
        raise Failed(what + '\n' + '\n'.join(list(difflib.unified_diff(want, got, lineterm='', n=1))[:40]))


def plan(program, work, layout, server, template):
    out = work / ('plan_' + layout)
    with server.copy(template) as live:
        r = subprocess.run([program, 'plan', '--from', server.url(live), '--to', HERE / 'new.sql', '--layout', layout, '--name', 'release 1', '--out', out], capture_output=True, text=True)
    if r.returncode: raise SystemExit(f'replay: plan --layout {layout}: {r.stderr}')
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bin', required=True)
    parser.add_argument('--runners', default='build/runners')
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    program, runners = os.path.abspath(options.bin), pathlib.Path(options.runners).resolve()
    server = servers.Server(max(servers.find_servers('').items())[1] if 15 not in servers.find_servers('') else servers.find_servers('')[15])
    work, failed, ran, skipped = pathlib.Path(tempfile.mkdtemp(prefix='contraflow-replay-')), 0, 0, 0
    try:
        template = server.create()
        for file in ('old.sql', 'rows.sql'): server.psql(template, (HERE / file).read_text())
        before = dump(server, template), rows(server, template)
        goal = server.create(template)
        for file in sorted(p for p in plan(program, work, 'psql', server, template).glob('*.sql') if not p.name.endswith('.rollback.sql')):
            if (error := server.run_file(goal, str(file))): raise SystemExit('replay: psql: ' + error)
        after = dump(server, goal)
        proxy = Proxy(f'{server.folder}/.s.PGSQL.5432')
        for runner in RUNNERS:
            if options.only and runner.name not in options.only.split(','): continue
            if not (runners / runner.program).exists():
                print(f'skip  {runner.name}: not installed (tools/get_runners.sh)', flush=True); skipped += 1; continue
            began = time.monotonic()
            try:
                folder = plan(program, work, runner.name, server, template)
                with server.copy(template) as db:
                    place = Place(server, db, work / ('project_' + runner.name), runners, proxy)
                    place.project.mkdir()
                    for round in ('', ', again'):
                        for phase in sorted(p for p in folder.iterdir() if p.is_dir()): runner.phase(place, phase)
                        differ(f'forward{round}: the schema', after, dump(server, db))
                        runner.back(place)
                        differ(f'back{round}: the schema', before[0], dump(server, db))
                        differ(f'back{round}: the rows', before[1], rows(server, db))
                print(f'PASS  {runner.name} ({time.monotonic() - began:.1f} s)', flush=True); ran += 1
            except Failed as error:
                print(f'FAIL  {runner.name}: {error}', flush=True); failed += 1
    finally:
        server.stop()
        if failed: print(f'replay: kept {work}')
        else: shutil.rmtree(work, ignore_errors=True)
    print(f'{ran} passed, {failed} failed, {skipped} skipped')
    sys.exit(1 if failed else 77 if not ran else 0)


if __name__ == '__main__':
    main()
