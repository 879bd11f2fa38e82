#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow queries` and `contraflow orm` over a code base of files that no program should have to read: never a crash, every file that was not understood named, none of them touched by the
patch, and CRLF, tabs and byte order marks as they were. bad_input.py --bin CONTRAFLOW; exit 77 where there is no server for the sandbox."""
import argparse, os, subprocess, sys, tempfile

SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\n'
READ = "export const a = (db: any) => db.query('SELECT id FROM users WHERE email = $1', ['x']);\n"
PREDICATE = 'deleted_at IS NULL'


def write(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


def code_base(root):
    """{file: what is to become of it}: edited, named (on stderr, untouched), quiet (nothing in it)"""
    fate = {}

    def put(name, content, what):
        write(root, name, content)
        fate[name] = what

    put('good.ts', READ, 'edited')
    put('crlf.ts', '// first\n\nexport function f(db: any) {\n  return db.query(`\n    SELECT id, email\n    FROM users\n    WHERE id = $1\n    ORDER BY id`, [1]);\n}\n'.replace('\n', '\r\n'), 'edited')
    put('crlf.sql', 'SELECT id\nFROM users\nORDER BY id;\nSELECT 1;\n'.replace('\n', '\r\n'), 'edited')
    put('tabs.py', 'def f(db):\n\treturn db.execute("""\n\t\tSELECT id\n\t\t\tFROM users\n\t\tLIMIT 1""")\n', 'edited')
    put('no_end.go', 'package x\n\nconst q = `SELECT id FROM users`', 'edited')
    put('old_mac.ts', READ.replace('\n', '\r'), 'edited')
    put('utf8.ts', '// Grüße 🚀 \u202e\n' + READ.replace("'x'", "'日本'"), 'edited')
    put('bom.ts', '\ufeff' + READ, 'named')
    put('bom.sql', '\ufeffSELECT id FROM users;\n', 'named')
    put('broken.ts', READ + 'export function g( {\n  return db.query("SELECT id FROM users";\n', 'named')
    put('broken.py', "def f(:\n  return db.execute('SELECT id FROM users')\n", 'named')
    put('broken.go', 'package x\nfunc f() { db.Query("SELECT id FROM users"\n', 'named')
    put('broken.rb', 'def f\n  db.exec("SELECT id FROM users"\n', 'named')
    put('Broken.java', 'class A { void f() { q("SELECT id FROM users"); \n', 'named')
    put('broken.sql', 'SELECT id FROM users;\nSELEC id FROM users;\nSELECT id FROM users WHERE ((email = 1;\n', None)
    put('conflict.ts', '<<<<<<< HEAD\n' + READ + '=======\n' + READ + '>>>>>>> theirs\n', 'named')
    put('giant.min.js', 'var a="' + 'x' * 2_500_000 + '";db.query("SELECT id FROM users");var b="' + 'y' * 2_500_000 + '";', 'named')
    put('binary.ts', READ.encode() + bytes(range(256)) * 4, 'named')
    put('latin1.py', 'q = "SELECT id FROM users WHERE email = \'é\'"\n'.encode('latin-1'), 'named')
    put('utf16.ts', b'\xff\xfe' + READ.encode('utf-16-le'), None)
    put('deep.ts', 'const q = ' + '(' * 60_000 + "'SELECT id FROM users'" + ')' * 60_000 + ';\n', None)
    put('deep.sql', 'SELECT id FROM users WHERE ' + '(' * 20_000 + 'true' + ')' * 20_000 + ';\n', None)
    put('deep.json.js', 'db.query("SELECT id FROM users", ' + '[' * 20_000 + ']' * 20_000 + ');\n', None)
    put('concatenated.ts', 'const q = ' + ' + '.join(["'SELECT id FROM users'"] * 5_000) + ';\n', None)
    put('unended.ts', "db.query('SELECT id FROM users\n", 'named')
    put('unended_template.ts', 'db.query(`SELECT id FROM users ${', 'named')
    put('empty.ts', '', 'quiet')
    put('nothing.sql', '-- users\n/* SELECT id FROM users */\n', 'quiet')
    put('gone.ts', READ, 'named')
    os.symlink('loop_b.ts', os.path.join(root, 'loop_a.ts'))
    os.symlink('loop_a.ts', os.path.join(root, 'loop_b.ts'))
    os.symlink('.', os.path.join(root, 'itself'))
    os.symlink('good.ts', os.path.join(root, 'link.ts'))
    os.symlink('/etc', os.path.join(root, 'outside'))
    return fate


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    a = p.parse_args()
    binary, failures = os.path.realpath(a.bin), []
    with tempfile.TemporaryDirectory(prefix='contraflow-bad-') as work:
        os.chmod(work, 0o755)
        root = os.path.join(work, 'code')
        fate = code_base(root)
        write(work, 'schema.sql', SCHEMA)

        def run(*arguments, cwd=root):
            return subprocess.run([binary, *arguments], capture_output=True, cwd=cwd, timeout=120)

        def check(ok, what):
            print(('PASS  ' if ok else 'FAIL  ') + what, flush=True)
            if not ok:
                failures.append(what)

        r = run('plan', '--from', 'schema.sql', '--do', 'soft-delete users', '--out', 'plan', cwd=work)
        if r.returncode == 3:
            print(r.stderr.decode())
            return 77
        if r.returncode:
            print(r.stderr.decode())
            return 1
        for git in (True, False):
            where = 'tracked files' if git else 'a folder without git'
            if git:
                subprocess.run('git init -q . && git add -A && rm gone.ts && mkdir gone.ts && mkfifo pipe.ts', shell=True, cwd=root, check=True)
            else:
                subprocess.run('rm -rf .git', shell=True, cwd=root, check=True)
            r = run('queries', 'users', '--schema', '../schema.sql', '--no-cache')
            err = r.stderr.decode(errors='replace')
            check(r.returncode == 0, f'{where}: queries ends with 0' + (f', not {r.returncode}: {err[-300:]}' if r.returncode else ''))
            out = r.stdout.decode()
            for name in ('good.ts', 'crlf.ts', 'crlf.sql', 'tabs.py', 'bom.ts', 'no_end.go'):
                check(name in out, f'{where}: queries finds the site of {name}')
            for name in ('giant.min.js', 'binary.ts', 'latin1.py') + (('gone.ts',) if git else ()):
                check(f'{name}: ' in err, f'{where}: queries names {name}: {next((line for line in err.splitlines() if name in line), "")[:100]}')
            for name in ('broken.ts', 'broken.py', 'broken.go', 'broken.rb', 'Broken.java', 'conflict.ts', 'unended.ts'):
                check(f'{name}: syntax error' in err, f'{where}: queries says that {name} has a syntax error')
            check(not any(f'{name}' in out + err for name in ('loop_a.ts', 'itself/', 'outside/', 'pipe.ts', 'link.ts')), f'{where}: links and pipes are left out')
            before = {name: open(os.path.join(root, name), 'rb').read() for name in fate if os.path.isfile(os.path.join(root, name))}
            r = run('orm', '../plan', '--schema', '../schema.sql')
            err = r.stderr.decode(errors='replace')
            check(r.returncode == 0, f'{where}: orm ends with 0' + (f', not {r.returncode}: {err[-300:]}' if r.returncode else ''))
            touched = {line[6:].decode() for line in r.stdout.split(b'\n') if line.startswith(b'+++ b/')}
            for name, what in fate.items():
                if what == 'edited':
                    check(name in touched, f'{where}: orm edits {name}')
                elif what is not None:
                    check(name not in touched, f'{where}: orm leaves {name} alone')
                if what == 'named' and (git or name != 'gone.ts'):
                    check(f'to do: {name}:' in err, f'{where}: orm names {name}: {next((line for line in err.splitlines() if name in line), "")[:110]}')
            if not git:
                continue
            applied = subprocess.run(['git', 'apply', '--whitespace=nowarn'], input=r.stdout, capture_output=True, cwd=root)
            check(applied.returncode == 0, 'the patch applies ' + applied.stderr.decode()[:200])
            for name in sorted(touched):
                now, was = open(os.path.join(root, name), 'rb').read(), before[name]
                check(now.count(b'\r\n') == was.count(b'\r\n') + (now.count(b'\n') - was.count(b'\n') if b'\r\n' in was else 0), f'{name}: its line ends are as they were')
                check(now.count(b'\t') >= was.count(b'\t') and PREDICATE.encode() in now, f'{name}: has the predicate, and its tabs')
                without = now
                for piece in (b' WHERE deleted_at IS NULL', b' AND deleted_at IS NULL', b'WHERE deleted_at IS NULL', b'deleted_at IS NULL'):
                    without = without.replace(piece, b'')
                check(b''.join(without.split()) == b''.join(was.split()) or fate[name] is None, f'{name}: nothing else changed')
            for name, text in before.items():
                if name not in touched:
                    check(open(os.path.join(root, name), 'rb').read() == text, f'{name}: untouched')
            r = run('orm', '../plan', '--schema', '../schema.sql')
            check(r.stdout == b'', 'a second patch is empty')
            subprocess.run('git checkout -q good.ts crlf.ts crlf.sql tabs.py no_end.go old_mac.ts utf8.ts; rm pipe.ts; rmdir gone.ts', shell=True, cwd=root)
        # schema.prisma of the same kind
        for name, content, told in (('syntax', b'model User {\n  id Int @id\n  name String @default("\n', 'schema.prisma'), ('binary', bytes(range(256)) * 10, 'schema.prisma'), ('latin1', 'model User {\n  id Int @id // \u00e9\n}\n'.encode('latin-1'), 'schema.prisma'),
                                    ('utf16', 'model User {\n  id Int @id\n}\n'.encode('utf-16'), 'schema.prisma'), ('giant', b'// ' + b'x' * 5_000_000 + b'\nmodel User {', 'schema.prisma'), ('deep', b'model User {\n id Int @default(' + b'[' * 50_000 + b'\n}\n', 'schema.prisma')):
            folder = os.path.join(work, 'prisma_' + name)
            path = write(folder, 'schema.prisma', (b'datasource db {\n  provider = "postgresql"\n}\n' if name != 'utf16' else b'') + content)
            before = open(path, 'rb').read()
            for command in (('orm', '../plan', '--prisma', 'schema.prisma'), ('queries', '--prisma', 'schema.prisma'), ('plan', '--from', 'schema.prisma', '--to', '../schema.sql')):
                r = run(*command, cwd=folder)
                err = r.stderr.decode(errors='replace')
                check(r.returncode in (1, 2) and told in err and 'internal error' not in err, f'{command[0]}, {name} schema.prisma: exit {r.returncode}: {err.strip().splitlines()[0][:110] if err.strip() else ""}')
            r = run('queries', '--no-cache', cwd=folder)
            check(r.returncode == 0 and 'schema.prisma' in r.stderr.decode(errors='replace'), f'queries finds the {name} schema.prisma and names it: exit {r.returncode}: {r.stderr.decode(errors="replace")[:110]}')
            check(open(path, 'rb').read() == before, f'{name} schema.prisma: untouched')
    print(f'{len(failures)} failed')
    for failure in failures:
        print('FAIL  ' + failure)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
