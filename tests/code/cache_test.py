#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cache of `contraflow queries`: a second run reads no file anew, a changed file alone is read, another schema or another scanner takes nothing of it. The scanner's version is computed again here from
src/layers.txt: a source that it does not know of would leave old results in place. cache_test.py --bin CONTRAFLOW --made scanner_version.cpp"""
import argparse, hashlib, os, re, subprocess, sys, tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))


def modules_below(name, layers):
    out = [name]
    for below in layers[name]:
        out += [m for m in modules_below(below, layers) if m not in out]
    return out


def expected_files(made):
    layers = {line.split(':')[0]: line.split(':')[1].split() for line in open(os.path.join(ROOT, 'src', 'layers.txt')) if ':' in line}
    wanted = set()
    for module in modules_below('code', layers):
        for base, _, names in os.walk(os.path.join(ROOT, 'src', module)):
            wanted |= {os.path.join(base, n) for n in names if n.endswith(('.h', '.cpp')) and not n.endswith('_test.cpp')}
    return wanted, open(made + '.files').read().split()


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    p.add_argument('--made', required=True)
    a = p.parse_args()
    a.bin, a.made, failures = os.path.realpath(a.bin), os.path.realpath(a.made), []

    wanted, listed = expected_files(a.made)
    if wanted - set(listed):
        failures.append(f'not part of the scanner\'s version: {sorted(wanted - set(listed))[:5]}')
    if sum('build/grammars' in f for f in listed) < 2 or not any('pg_query' in f for f in listed):
        failures.append('grammars or the SQL parser are not part of the version')
    text = ''.join(f'{os.path.basename(f)} {hashlib.sha256(open(f, "rb").read()).hexdigest()}\n' for f in listed)
    version = hashlib.sha256(text.encode()).hexdigest()
    if version not in open(a.made).read():
        failures.append('a source changed and the version did not')
    program = open(a.bin, 'rb').read()
    if program.count(version.encode()) < 1:
        failures.append('the program has another version than its sources')

    with tempfile.TemporaryDirectory(prefix='contraflow-cache-') as folder:
        other = os.path.join(folder, 'contraflow')  # the same program, of another version
        with open(other, 'wb') as f:
            f.write(program.replace(version.encode(), version[::-1].encode()))
        os.chmod(other, 0o755)
        code = os.path.join(folder, 'code')
        os.makedirs(code)
        for n in range(5):
            with open(os.path.join(code, f'{n}.ts'), 'w') as f:
                f.write(f"db.query('SELECT id FROM users WHERE id = {n}');\n")
        for name, more in (('schema.sql', ''), ('other.sql', 'CREATE TABLE more (id int);\n')):
            with open(os.path.join(folder, name), 'w') as f:
                f.write('CREATE TABLE users (id bigint PRIMARY KEY);\n' + more)
        subprocess.run(['git', 'init', '-q', code], check=True)
        subprocess.run(['git', 'add', '-A'], cwd=code, check=True)
        env = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, 'cache'))

        def parsed(what, expected, program=a.bin, schema='schema.sql', *more):
            r = subprocess.run([program, 'queries', '--schema', os.path.join(folder, schema), '--statistics', '--format', 'json', *more], cwd=code, env=env, capture_output=True, text=True)
            if r.returncode == 5 or 'no PostgreSQL' in r.stderr:
                print('cache_test: no server for the schema: skipped')
                sys.exit(77)
            found = re.search(r'(\d+) parsed', r.stderr)
            if not found or int(found[1]) != expected or r.stdout.count('"line"') < 5:
                failures.append(f'{what}: expected {expected} files to be read: exit {r.returncode}: {r.stderr[-300:]}')

        parsed('first run', 5)
        parsed('second run', 0)
        with open(os.path.join(code, '3.ts'), 'a') as f:
            f.write('// changed\n')
        parsed('one file changed', 1)
        parsed('another schema', 5, a.bin, 'other.sql')
        parsed('the schema before', 5)
        parsed('the same again', 0)
        parsed('another scanner', 5, other)
        parsed('the first scanner again', 5)
        parsed('without the cache', 5, a.bin, 'schema.sql', '--no-cache')
    for failure in failures:
        print('FAIL', failure)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
