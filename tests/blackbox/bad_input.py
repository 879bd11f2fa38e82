#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input, as a user gives it:  bad_input.py --bin PROGRAM

Every case is a command, the exit code and what standard error must say. After each, nothing may be half-written: the working folder holds what it held
before (a case that succeeds may add its plan folder). The server is one of our own; SQL is loaded into databases of it (--sandbox-url), which must all be gone at the end.
"""
import argparse, contextlib, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'laws'))
import server as servers

TABLES = 'create table users(id bigint primary key, user_name text, email text);\ncreate table orders(id int, state text);\n'
NAMES = ['plain', 'UPPER', 'with space', 'dot.ted', 'quo"te', "apo'strophe", 'back\\slash', '$dollar$', 'emoji 😀', 'Ünïcode', 'select', 'users; drop table x', '-- comment', '%s {0} ${x} :y', 'n' * 63, '😀' * 15 + 'abc',
         'new\nline', 'tab\tbed']
FAILED = []


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Box:
    def __init__(self, program, server):
        self.program, self.server = program, server
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='contraflow-badinput-'))
        os.chmod(self.folder, 0o755)
        self.count = 0

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def listing(self):
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob('*'))

    def run(self, words, stdin='', sandbox=True, as_user=None, timeout=60):
        words = [self.program, '--color', 'never', *words]
        if sandbox and 'plan' in words: words += ['--sandbox-url', self.server.url('postgres')]
        env = {k: v for k, v in os.environ.items() if not k.startswith('PG') and not k.startswith('CONTRAFLOW')}
        return subprocess.run(words, input=stdin, cwd=self.folder, env=env, capture_output=True, text=True, errors='replace', timeout=timeout, **(as_user or {}))

    def case(self, name, words, code, says, **options):
        """exit code and a regular expression over standard error; nothing written unless code is 0"""
        self.count += 1
        before = self.listing()
        r = self.run(words, **options)
        problems = []
        if r.returncode != code: problems.append(f'exit {r.returncode}, not {code}')
        if not re.search(says, r.stderr, re.S): problems.append(f'standard error does not say {says!r}')
        if code and r.stdout: problems.append('a failure wrote to standard output: ' + r.stdout[:100])
        if 'internal error' in r.stderr or 'terminate called' in r.stderr: problems.append('an internal error')
        if code and self.listing() != before: problems.append(f'left behind: {sorted(set(self.listing()) ^ set(before))}')
        if problems: FAILED.append(name); print(f'FAIL  {name}: {"; ".join(problems)}\n      {" ".join(map(str, words))}\n' + r.stderr[:1200], flush=True)
        return r


def files(b):
    b.write('old.sql', TABLES)
    b.write('new.sql', TABLES + 'create table extra(id int primary key);\n')
    plan = lambda *words: ['plan', *words]
    case = b.case
    case('no such file', plan('--from', 'old.sql', '--to', 'nwe.sql'), 2, r'there is no file or folder "nwe.sql".*did you mean "new.sql"')
    case('an empty source name', plan('--from', '', '--to', ' '), 2, r'source is empty|no current schema')
    case('a NUL byte', plan('--from', 'old.sql', '--to', b.write('nul.sql', b'create table a(id int);\0')), 2, r'"nul.sql" is no SQL text: it contains a NUL byte')
    case('UTF-16', plan('--from', 'old.sql', '--to', b.write('wide.sql', 'select 1;'.encode('utf-16'))), 2, r'"wide.sql" is in UTF-16.*iconv')
    case('Latin-1', plan('--from', 'old.sql', '--to', b.write('latin.sql', b'-- \xe9t\xe9\nselect 1;')), 2, r'latin.sql.*UTF-8')
    case('a picture', plan('--from', 'old.sql', '--to', b.write('dot.sql', b'\x89PNG\r\n\x1a\n' + bytes(range(256)))), 2, r'dot.sql')
    case('a compressed dump', plan('--from', 'old.sql', '--to', b.write('custom.dump', b'PGDMP\x01\x0e\x00' + b'\0' * 100)), 2, r'custom.dump')
    case('a folder without SQL', plan('--from', 'old.sql', '--to', (lambda: ((b.folder / 'nothing').mkdir(), 'nothing')[1])()), 2, r'"nothing" holds no SQL file')
    for name, text, says in [
        ('a syntax error', 'create table a(id int);\n\ncreate tabel b();\n', r'syntax error at or near "tabel".*--> half.sql:3:8.*create tabel b'),
        ('fails half-way', 'create table a(id int);\ncreate table b(x nosuch);\ncreate table c();\n', r'type "nosuch" does not exist.*--> half.sql:2:18'),
        ('fails in DO', "do $$ begin\n raise exception 'bang'; end $$;", r'bang.*--> half.sql:1:1'),
        ('unterminated', "create table a(x text default 'open);\n", r'unterminated quoted string.*half.sql:1:31'),
        ('an open transaction that fails', 'begin;\ncreate table a();\nselect 1/0;\ncommit;', r'division by zero.*half.sql:3'),
        ('an unknown extension', 'create extension nosuch;', None),
        ('an unknown language', 'create function f() returns int language plnosuch as $$ $$;', r'language "plnosuch" does not exist.*half.sql:1:1'),
        ('a missing include', '\\i nowhere.sql\n', r'included file "nowhere.sql" does not exist.*half.sql:1:1'),
        ('a psql command that cannot be', '\\! touch here\nselect 1;', r'half.sql:1'),
        ('a missing role', 'create table a();\nalter table a owner to nobody_here;', r'role "nobody_here" does not exist.*half.sql:2:1.*CREATE ROLE nobody_here'),
    ]:
        case(name, plan('--from', 'old.sql', '--to', b.write('half.sql', text)), 3 if says is None else 2, says or r'extension "nosuch" is not available.*half.sql:1:1')
    case('deep nesting', plan('--from', 'old.sql', '--to', b.write('deep.sql', 'create view v as select ' + '(' * 20000 + '1' + ')' * 20000 + ';')), 2, r'deep.sql:1')
    case('one source read twice from standard input', plan('--from', '-', '--to', '-'), 2, r'standard input', stdin=TABLES)
    r = case('an empty desired schema is said', plan('--from', 'old.sql', '--to', b.write('empty.sql', ''), '--out', 'all_gone'), 0, r'the desired schema holds nothing: this plan takes away what is there, \d+ objects')
    case('an empty current schema', plan('--from', 'empty.sql', '--to', 'new.sql', '--out', 'all_new'), 0, r'wrote all_new')
    case('git: no such revision', plan('--from', 'git:nosuch:old.sql', '--to', 'new.sql'), 2, r'git|repository')
    case('git: no path', plan('--from', 'git:HEAD', '--to', 'new.sql'), 2, r'does not name a revision and a path')


def options(b):
    case = b.case
    fine = ['plan', '--from', 'old.sql', '--to', 'new.sql']
    case('no desired schema', ['plan', '--from', 'old.sql'], 2, r'no desired schema.*--to SOURCE')
    case('--to and --do', [*fine, '--do', 'drop users.email'], 2, r'two ways to say the same')
    case('an unknown option', [*fine, '--nope'], 2, r'--nope.*contraflow plan --help')
    case('an unknown layout', [*fine, '--layout', 'liquibase'], 2, r'liquibase')
    case('an unknown schema', [*fine, '--schema', 'nosuch'], 2, r'--schema nosuch: neither side has a schema of that name')
    case('an unknown column', [*fine, '--using', 'users.user_nam=1'], 2, r'there is no column users.user_nam.*did you mean users.user_name')
    case('no value', [*fine, '--fill', 'users.email'], 2, r'--fill users.email: expected NAME=VALUE')
    case('an unknown enum', [*fine, '--map', 'state.a=b'], 2, r'no enum type state')
    case('--map without a value', [*fine, '--map', 'state=b'], 2, r'--map')
    case('a rename of nothing', [*fine, '--rename', 'users.nosuch=email'], 2, r'nosuch')
    case('a rename without a new name', [*fine, '--rename', 'users.email'], 2, r'users.email')
    case('--phase without a plan', [*fine, '--phase', 'expand'], 2, r'--phase chooses from a plan')
    case('--server without binaries', [*fine, '--server', '9'], 3, r'PostgreSQL 15, 9 is wanted')
    case('--server without binaries, own sandbox', [*fine, '--server', '9'], 3, r'no PostgreSQL 9 server binaries found.*apt-get install postgresql-9', sandbox=False)
    case('--pg-bindir to nowhere', [*fine, '--pg-bindir', '/nowhere'], 2, r'/nowhere', sandbox=False)
    case('--refresh of no plan', ['plan', '--refresh', '.'], 2, r'plan.json')
    case('--from-plan of no plan', ['plan', '--from-plan', 'nowhere', '--layout', 'goose'], 2, r'nowhere')
    b.write('contraflow.toml', '[database]\nurll = "x"\n')
    case('a configuration with a typing error', fine, 2, r'urll.*contraflow.toml:2:1')
    (b.folder / 'contraflow.toml').unlink()
    for text, says in [('', 'no intent'), ('remove users', r'"remove" is no intent.*--do:1:1'), ('soft-delete userss', r'userss.*users'), ('drop users.emial', r'emial.*email'), ('retype users.email to nosuch', r'nosuch'),
                       ('add users.email text', r'email'), ('index users(nosuch)', r'nosuch'), ('foreign-key orders.id -> nosuch', r'nosuch'), ('not-null users', r'names no column'), ('rename users to orders', r'exists already'),
                       ('default users.email (', r'--do:1'), ('check users "x', r'--do:1|unterminated'), ('drop-table users; index users(email)', r'users'), ('@nowhere.txt', r'nowhere.txt')]:
        case(f'intent: {text}', ['plan', '--from', 'old.sql', '--do', text], 2, says)
    b.write('view.sql', TABLES + 'create view v as select email from users;')
    case('an intent that something depends on', ['plan', '--from', 'view.sql', '--do', 'soft-delete orders\ndrop users.email'], 2, r'column public.users.email is used by view public.v.*--do:2:6.*cascade')


def outputs(b):
    case = b.case
    fine = ['plan', '--from', 'old.sql', '--to', 'new.sql']
    case('a plan', [*fine, '--out', 'there'], 0, r'wrote there')
    text = (b.folder / 'there/1_expand.sql').read_text()
    case('the folder exists', [*fine, '--out', 'there'], 2, r'there exists already')
    if (b.folder / 'there/1_expand.sql').read_text() != text: FAILED.append('the folder exists: changed')
    case('a file is in the way', [*fine, '--out', 'old.sql'], 2, r'old.sql exists already')
    case('a file is a parent', [*fine, '--out', 'old.sql/plan'], 3, r'old.sql')
    case('/proc', [*fine, '--out', '/proc/plan'], 3, r'/proc')
    if os.geteuid() == 0:
        import pwd
        nobody = pwd.getpwnam('nobody')
        as_nobody = dict(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    else:
        as_nobody = {}
    closed = b.folder / 'closed'
    closed.mkdir()
    closed.chmod(0o555)
    case('a folder that may not be written', [*fine, '--out', 'closed/plan'], 3, r'closed/plan.*Permission denied', as_user=as_nobody)
    b.write('secret.sql', TABLES)
    (b.folder / 'secret.sql').chmod(0o000)
    case('a file that may not be read', ['plan', '--from', 'secret.sql', '--to', 'new.sql'], 2, r'secret.sql.*Permission denied', as_user=as_nobody)
    closed.chmod(0o755)


def names(b):
    """every name as table and as column, through each option that takes one, and the plan runs"""
    server = b.server
    old = ''.join(f'create table {quoted(n)}(id int primary key, {quoted(n)} text);\ninsert into {quoted(n)} values (1, null);\n' for n in NAMES)
    new = ''.join(f'create table {quoted(n)}(id int primary key, {quoted(n)} text not null);\n' for n in NAMES)
    b.write('names_old.sql', old)
    b.write('names_new.sql', new)
    fills = [w for n in NAMES for w in ('--fill', f'{quoted(n)}.{quoted(n)}=\'filled\'')]
    b.case('awkward names', ['plan', '--from', 'names_old.sql', '--to', 'names_new.sql', '--out', 'names', *fills], 0, 'wrote names')
    renames = '\n'.join(f'rename {quoted(n)}.{quoted(n)} to {quoted("neu" + n[3:])}' for n in NAMES)
    b.write('renames.txt', renames + '\n' + '\n'.join(f'retype {quoted(n)}.{quoted("neu" + n[3:])} to varchar(90)' for n in NAMES))
    b.case('awkward names in intents', ['plan', '--from', 'names_old.sql', '--do', '@renames.txt', '--out', 'names2'], 0, 'wrote names2')
    for folder in ('names', 'names2'):
        db = server.create()
        server.psql(db, old)
        before = server.run_dump(db)
        forward = sorted(p for p in (b.folder / folder).glob('*.sql') if not p.name.endswith('.rollback.sql'))
        for path in [*forward, *(p.with_name(p.name[:-4] + '.rollback.sql') for p in reversed(forward))]:
            if (error := server.run_file(db, str(path))): FAILED.append(f'{folder}: {error}'); print(f'FAIL  {folder}: {error}')
        if server.run_dump(db) != before: FAILED.append(f'{folder}: not back'); print(f'FAIL  {folder}: the way back does not end in the prior schema')
        server.drop(db)
        b.count += 1


class Cut:
    """a server that stops in the middle: passes `limit` bytes of the server's on, then closes"""
    def __init__(self, path, folder, limit):
        self.path, self.limit = path, limit
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, '.s.PGSQL.5432'))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(self.path)
                threading.Thread(target=self.pump, args=(client, upstream, None), daemon=True).start()
                threading.Thread(target=self.pump, args=(upstream, client, self.limit), daemon=True).start()

    @staticmethod
    def pump(a, b, limit):
        with contextlib.suppress(OSError):
            while data := a.recv(4096):
                b.sendall(data if limit is None else data[:limit])
                if limit is not None and (limit := limit - len(data)) <= 0: break
        for s in (a, b):
            with contextlib.suppress(OSError): s.shutdown(socket.SHUT_RDWR)


def server_cases(b):
    server = b.server
    live = server.create()
    server.psql(live, TABLES + 'create table owned(id int); create role low login; create role locked login; revoke connect on database ' + live + ' from public; grant connect on database ' + live + ' to low;')
    url = lambda user='postgres', host=None, database=live: f'postgresql:///{database}?host={host or server.folder}&user={user}'
    case = b.case
    case('no such host', ['plan', '--from', 'host=/nowhere dbname=x password=hunter2', '--to', 'new.sql'], 3, r'(?s)^(?!.*hunter2).*cannot connect')
    case('no such database', ['plan', '--from', url(database='nosuch'), '--to', 'new.sql'], 3, r'database "nosuch" does not exist')
    case('no such service', ['plan', '--from', 'service=nosuch', '--to', 'new.sql'], 3, r'cannot connect: definition of service "nosuch" not found')
    case('may not connect', ['plan', '--from', url('locked'), '--to', 'new.sql'], 3, r'permission denied for database')
    case('may connect and owns nothing: the catalogs say all that is needed', ['plan', '--from', url('low'), '--to', 'new.sql', '--out', 'by_low'], 0, r'wrote by_low')
    case('a sandbox role that may not create databases', ['plan', '--from', 'old.sql', '--to', 'new.sql', '--sandbox-url', url('low')], 3, r'role "low" may not create databases.*CREATEDB', sandbox=False)
    case('a role that only the desired schema knows', ['plan', '--from', url(), '--to', b.write('roles.sql', TABLES + 'alter table users owner to boss;\ngrant select on orders to clerk;')], 1,
         r'role boss does not exist on the server of --from \(owner of table public.users\); role clerk.*--> roles.sql:3:1.*CREATE ROLE boss; CREATE ROLE clerk;', sandbox=False)
    case('a session that the SQL ends', ['plan', '--from', 'old.sql', '--to', b.write('ends.sql', 'create table a();\nselect pg_terminate_backend(pg_backend_pid());\n')], 3, r'terminat|connection')
    for limit in (200, 3000, 9000):
        folder = tempfile.mkdtemp(prefix='contraflow-cut-')
        try:
            Cut(f'{server.folder}/.s.PGSQL.5432', folder, limit)
            case(f'the server stops after {limit} bytes', ['plan', '--from', url(host=folder), '--to', 'new.sql'], 3, r'connect|connection')
        finally:
            shutil.rmtree(folder)
    # Read-only by transaction: nothing may be written on the live side.
    server.psql(live, f'alter database {live} set default_transaction_read_only = on')
    case('a read-only database', ['plan', '--from', url(), '--to', 'new.sql', '--out', 'read_only'], 0, r'wrote read_only')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    found = servers.find_servers(str(HERE.parent.parent))
    if 15 not in found: print('skipped: no PostgreSQL 15'); sys.exit(77)
    server = servers.Server(found[15])
    server.run_dump = lambda db: re.sub(r'^\\(un)?restrict .*\n', '', subprocess.run(['pg_dump', '-s', '-d', db], env=server.env(), capture_output=True, text=True, check=True).stdout, flags=re.M)
    box = Box(program, server)
    try:
        for part in (files, options, outputs, names, server_cases): part(box)
        left = server.psql('postgres', "select datname from pg_database where datname ~ '^contraflow'").stdout.split()
        if left: FAILED.append(f'databases left behind: {left}'); print(FAILED[-1])
    finally:
        server.stop()
        shutil.rmtree(box.folder, ignore_errors=True)
    print(f'{box.count - len(FAILED)} passed, {len(FAILED)} failed')
    sys.exit(1 if FAILED else 0)


if __name__ == '__main__':
    main()
