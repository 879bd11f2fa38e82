#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a rehearsal reads from elsewhere, and what can be wrong with it: pg_stat_statements of a live server and its exports, dumps, a full disk.

  tests/rehearse/sources_test.py --bin build/ci/contraflow

Exit 0: all hold; 77: no server here. The full disk needs root (a mount namespace with small file systems) and is said to be skipped otherwise.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT + '/tests/laws')
from server import Server, find_servers

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, name text, created_at timestamptz NOT NULL DEFAULT now());\n"


class Test:
    def __init__(self, server, opt, folder):
        self.s, self.opt, self.folder = server, opt, folder
        self.put('before.sql', BEFORE)
        self.put('m.sql', 'ALTER TABLE users DROP COLUMN name;\n')
        self.put('m.rollback.sql', 'ALTER TABLE users ADD COLUMN name text;\n')

    def put(self, name, text):
        with open(f'{self.folder}/{name}', 'w' if isinstance(text, str) else 'wb') as f:
            f.write(text)

    def rehearse(self, *words, prefix=(), env=None):
        r = subprocess.run([*prefix, self.opt.bin, '--color', 'never', 'rehearse', 'm.sql', *words], cwd=self.folder, capture_output=True, text=True, timeout=240, env=env)
        return r.returncode, r.stdout, r.stderr

    def queries(self, source):
        code, out, err = self.rehearse('--schema', 'before.sql', '--format', 'json', '--queries', source)
        assert code == 1, (code, out, err)
        return {re.sub(r'\s+', ' ', q['text']): q['verdict'] for q in json.loads(out)['queries']}

    def t_pg_stat_statements(self):
        """queries of a live server, and its exports as JSON and CSV: the same verdicts; repaired where the text as such does not prepare"""
        db = self.s.create()
        self.s.psql(db, BEFORE + "INSERT INTO users SELECT i, i || '@x', 'n' FROM generate_series(1, 50) i; CREATE SCHEMA tools; CREATE EXTENSION pg_stat_statements SCHEMA tools; SELECT tools.pg_stat_statements_reset();")
        self.s.psql(db, "SELECT name FROM users WHERE id = 7; SELECT id, email FROM users WHERE email = 'a'; UPDATE users SET email = 'b' WHERE id = 3;"
                        "SELECT count(*) FROM users WHERE created_at > now() - interval '3 days'; SELECT extract(year FROM created_at) FROM users WHERE id = 1;")
        self.put('s.json', self.s.psql(db, "SELECT json_agg(s) FROM (SELECT queryid, query, calls FROM tools.pg_stat_statements) s").stdout)
        self.put('s.csv', self.s.psql(db, 'COPY (SELECT queryid, query, calls FROM tools.pg_stat_statements) TO STDOUT CSV HEADER').stdout)
        live = self.queries(self.s.url(db))
        ours = {text: verdict for text, verdict in live.items() if ' users ' in text and 'INSERT' not in text}
        assert len(ours) == 5, live
        assert [v for t, v in ours.items() if t.startswith('SELECT name')] == ['refuted'], ours
        assert [v for t, v in ours.items() if not t.startswith('SELECT name')] == ['proven'] * 4, ours
        for source in ('s.json', 's.csv'):
            exported = self.queries(source)
            assert ours.items() <= exported.items(), (source, ours, exported)

    def t_no_pg_stat_statements(self):
        """a server without the extension: said, with what to do"""
        code, _, err = self.rehearse('--schema', 'before.sql', '--queries', self.s.url(self.s.create()))
        assert code == 3 and 'extension pg_stat_statements is not installed' in err and 'CREATE EXTENSION' in err, (code, err)

    def dump(self):
        db = self.s.create()
        self.s.psql(db, BEFORE + "INSERT INTO users SELECT i, i || '@x', 'n' FROM generate_series(1, 5000) i;")
        r = subprocess.run(['pg_dump', '-Fc', '-d', db], env=self.s.env(), capture_output=True)
        assert r.returncode == 0, r.stderr
        return r.stdout

    def t_dump(self):
        """a dump is restored with its rows; a truncated one, one of a newer format and one of nothing are refused by name, with exit 2 and nothing left behind"""
        whole = self.dump()
        self.put('whole.dump', whole)
        code, out, err = self.rehearse('--schema', 'whole.dump')
        assert code == 1 and '5000 rows' in out and 'every row' in out, (code, out, err)
        self.put('cut.dump', whole[:len(whole) // 2])
        code, _, err = self.rehearse('--schema', 'cut.dump')
        assert code == 2 and 'cut.dump cannot be restored' in err, (code, err)
        self.put('newer.dump', whole[:5] + bytes([1, 99]) + whole[7:])
        code, _, err = self.rehearse('--schema', 'newer.dump')
        assert code == 2 and 'of a newer pg_dump' in err, (code, err)
        self.put('head.dump', whole[:5])
        code, _, err = self.rehearse('--schema', 'head.dump')
        assert code == 2 and 'head.dump cannot be restored' in err, (code, err)

    def t_target_major(self):
        """the major of the dump's server is what is rehearsed on; where it is not installed, another is used, and said"""
        def said(*words):
            code, out, err = self.rehearse(*words, '--format', 'json')
            report = json.loads(out)
            return report['server']['wanted_major'], [n for n in report['notes'] if 'is not installed here' in n]
        self.put('own.dump', self.dump())
        assert said('--schema', 'own.dump') == (15, []), said('--schema', 'own.dump')
        self.put('later.sql', "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 99.1\n-- Dumped by pg_dump version 99.1\n\nSET transaction_timeout = 0;\n" + BEFORE)
        wanted, notes = said('--schema', 'later.sql')
        assert wanted == 99 and len(notes) == 1 and 'because 99' in notes[0], (wanted, notes)
        wanted, notes = said('--schema', 'later.sql', '--server', '15')
        assert (wanted, notes) == (15, []), (wanted, notes)
        wanted, notes = said('--schema', 'before.sql', '--server', '98')
        assert wanted == 98 and len(notes) == 1, (wanted, notes)

    def t_no_samples(self):
        """--no-samples: no value of a row in any format, whatever the server says about one: DETAIL lines, data exceptions, RAISE, EXECUTE, notices, psql, a dump's COPY"""
        value = 'SECRETVALUE'
        self.put('rows.sql', f"CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age text, note text);\nINSERT INTO users SELECT i, '{value}' || (i % 3) || '@x', CASE WHEN i = 5 THEN '{value}' ELSE '3' END, 'n' FROM generate_series(1, 9) i;\nCREATE TABLE tokens (v text PRIMARY KEY);\nINSERT INTO tokens VALUES ('{value}');\n")
        raising = "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM users LOOP RAISE NOTICE 'row %', r.email; END LOOP; {} END $$;\n"
        cases = {
            'duplicate': 'CREATE UNIQUE INDEX u ON users (email);\n',
            'already there': 'INSERT INTO tokens SELECT v FROM tokens;\n',
            'failing row': 'INSERT INTO users SELECT 100, NULL, age, email FROM users WHERE id = 2;\n',
            'conversion': 'ALTER TABLE users ALTER age TYPE integer USING age::integer;\n',
            'raised': raising.format("RAISE EXCEPTION 'bad %', (SELECT email FROM users LIMIT 1) USING HINT = (SELECT email FROM users LIMIT 1), DETAIL = (SELECT email FROM users LIMIT 1), ERRCODE = '42P01';"),
            'noticed': raising.format(''),
            'executed': "DO $$ BEGIN EXECUTE 'DROP TABLE ' || (SELECT quote_ident(email) FROM users LIMIT 1); END $$;\n",
            'psql, conversion': '\\if true\nALTER TABLE users ALTER age TYPE integer USING age::integer;\n\\endif\n',
            'psql, duplicate': '\\if true\nCREATE UNIQUE INDEX u ON users (email);\n\\endif\n',
            'psql, raised': '\\if true\n' + raising.format("RAISE EXCEPTION 'bad %', (SELECT email FROM users LIMIT 1);") + '\\endif\n',
        }
        for name, text in cases.items():
            self.put('s.sql', text)
            told = {}
            for words in ((), ('--no-samples',)):
                told[words] = ''
                others = (('rehearse', 'text'), ('review', 'html'), ('review', 'markdown'), ('review', 'sarif')) if name in ('duplicate', 'raised') else ()
                for command, form in (('review', 'json'), *others):
                    r = subprocess.run([self.opt.bin, command, 's.sql', '--schema', 'rows.sql', '--format', form, *words], cwd=self.folder, capture_output=True, text=True, timeout=240)
                    assert r.returncode in (0, 1), (name, r.returncode, r.stderr)
                    told[words] += r.stdout + r.stderr
            assert value in told[()], f'{name}: nothing to hide'
            at = told[('--no-samples',)].find(value)
            assert at < 0, (name, told[('--no-samples',)][max(0, at - 300):at + 100])
        # What cannot be loaded is not quoted either.
        self.put('bad.sql', f"CREATE TABLE users (id bigint PRIMARY KEY, n integer);\nINSERT INTO users VALUES (1, '{value}');\n")
        self.put('s.sql', 'SELECT 1;\n')
        code, out, err = self.rehearse('--schema', 'bad.sql')
        assert code == 2 and value in out + err, (code, out, err)
        code, out, err = self.rehearse('--schema', 'bad.sql', '--no-samples')
        assert code == 2 and value not in out + err and 'bad.sql:2' in err, (code, out, err)

    def t_code_of_two_revisions(self):
        """--code with the revision that is deployed: the sample application before and after a column has another name, by a plan and by hand"""
        app = self.folder + '/app'
        shutil.copytree(ROOT + '/examples/app', app)
        git = lambda *words: subprocess.run(['git', '-C', app, '-c', 'user.name=n', '-c', 'user.email=n@localhost', *words], check=True, capture_output=True)
        run = lambda *words: subprocess.run([self.opt.bin, '--color', 'never', *words], cwd=app, capture_output=True, text=True, timeout=240)
        login = app + '/src/login.ts'
        text = open(login).read().replace('SELECT * FROM users', 'SELECT id, email FROM users')
        assert 'SELECT id' in text
        open(login, 'w').write(text)
        git('init', '-q', '.')
        git('add', '-A')
        git('commit', '-q', '-m', 'deployed')
        open(login, 'w').write(text.replace('password_hash = ', 'secret = '))
        open(app + '/m.sql', 'w').write('ALTER TABLE users RENAME COLUMN password_hash TO secret;\n')
        open(app + '/m.rollback.sql', 'w').write('ALTER TABLE users RENAME COLUMN secret TO password_hash;\n')
        made = run('plan', '--from', 'deployed.sql', '--do', 'rename users.password_hash to secret', '--out', 'plan')
        assert made.returncode == 0, made.stderr

        def verdicts(subject):
            r = run('rehearse', subject, '--schema', 'deployed.sql', '--code', '.', '--deployed-revision', 'HEAD', '--format', 'json')
            report = json.loads(r.stdout)
            return r.returncode, {q['version']: q['verdict'] for q in report['queries'] if q['name'].startswith('src/login.ts:')}, {p['id']: p['verdict'] for p in report['proofs'] if p['id'].startswith('queries')}, report['queries']
        code, of_login, proofs, all_of = verdicts('m.sql')
        assert code == 1 and of_login == {'deployed': 'refuted', 'next': 'proven'} and proofs['queries.deployed'] == 'refuted', (code, of_login, proofs)
        assert len({q['name'] for q in all_of if q['version'] == 'deployed'}) >= 4, all_of
        code, of_login, proofs, _ = verdicts('plan')
        assert code == 0 and of_login == {'deployed': 'proven', 'next': 'proven'} and set(proofs.values()) == {'proven'}, (code, of_login, proofs)
        r = run('rehearse', 'm.sql', '--schema', 'deployed.sql', '--code', '.', '--deployed-revision', 'nosuch')
        assert r.returncode == 2 and 'nosuch' in r.stderr, (r.returncode, r.stderr)
        r = run('rehearse', 'm.sql', '--schema', 'deployed.sql', '--deployed-revision', 'HEAD')
        assert r.returncode == 2 and '--code' in r.stderr, (r.returncode, r.stderr)

    def t_order_of_a_renamed_table(self):
        """a plan that gives up the order of columns of a table that it renames: the way back leads to the old name, and what is announced is proven"""
        self.put('from.sql', 'CREATE TABLE users (id bigint PRIMARY KEY, a text, b text);\n')
        self.put('to.sql', 'CREATE TABLE accounts (id bigint PRIMARY KEY, b text);\n')
        r = subprocess.run([self.opt.bin, 'plan', '--from', 'from.sql', '--to', 'to.sql', '--rename', 'users=accounts', '--out', 'renamed'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        assert r.returncode == 0, r.stderr
        for rows, outcome in (('20', 'exact'), ('40000', 'order')):  # only a small table is made anew for the order of its columns
            r = subprocess.run([self.opt.bin, 'rehearse', 'renamed', '--schema', 'from.sql', '--rows', f'users={rows}', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
            proofs = {p['id']: p for p in json.loads(r.stdout)['proofs']}
            assert r.returncode == 0 and all(p['verdict'] == 'proven' for p in proofs.values()) and proofs['rollback.schema']['outcome'] == outcome, (rows, proofs)

    def t_allowed_programs(self):
        """programs: what is written is refused by name, what a DO block of a source or a variable of psql hides starts nothing; --allow-programs lets COPY"""
        mark = self.folder + '/mark'
        self.put('program.sql', f"CREATE TABLE lines (a text);\nCOPY lines FROM PROGRAM 'touch {mark}; echo 1';\n")
        run = lambda *words: subprocess.run([self.opt.bin, '--color', 'never', *words], cwd=self.folder, capture_output=True, text=True, timeout=240)
        os.chmod(self.folder, 0o777)
        r = run('rehearse', 'program.sql', '--schema', 'before.sql')
        assert r.returncode == 1 and '--allow-programs' in r.stdout and not os.path.exists(mark), (r.stdout, r.stderr)
        for words in (('plan', '--from', 'program.sql', '--to', 'before.sql', '--out', 'never'), ('rehearse', 'm.sql', '--schema', 'program.sql')):
            r = run(*words)
            assert r.returncode == 1 and 'program.sql:2' in r.stderr and not os.path.exists(mark), (words, r.returncode, r.stderr)
        self.put('hidden.sql', BEFORE + f"DO $$ BEGIN CREATE TEMP TABLE x (a text); EXECUTE 'COPY x FROM PRO' || 'GRAM ''touch {mark}; echo 1'''; END $$;\n")
        for words in (('plan', '--from', 'hidden.sql', '--to', 'before.sql', '--out', 'never'), ('rehearse', 'm.sql', '--schema', 'hidden.sql')):
            r = run(*words)
            assert r.returncode == 2 and 'hidden.sql:2' in r.stderr and not os.path.exists(mark), (words, r.returncode, r.stderr)
        self.put('variable.sql', f"SELECT '\\! touch {mark}' AS x \\gset\n:x\nALTER TABLE users ADD tier text;\n")
        run('rehearse', 'variable.sql', '--schema', 'before.sql')
        assert not os.path.exists(mark)
        r = run('rehearse', 'program.sql', '--schema', 'before.sql', '--allow-programs', '--format', 'json')
        proofs = {p['id']: p['verdict'] for p in json.loads(r.stdout)['proofs']}
        assert r.returncode == 0 and proofs['forward'] == 'proven' and os.path.exists(mark), (r.returncode, proofs)

    def t_formats(self):
        """review and rehearse as JSON hold to their schemas; --fix-plan writes the plan that takes an unsafe migration's place, and says why where there is none"""
        try:
            import jsonschema
        except ImportError:
            return 'python3-jsonschema is not installed'
        schemas = {name: json.load(open(f'{ROOT}/docs/schemas/{name}.schema.json')) for name in ('review', 'rehearsal')}
        self.put('shop.sql', BEFORE + 'CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, amount integer NOT NULL);\n')
        self.put('unsafe.sql', 'ALTER TABLE orders ALTER COLUMN amount TYPE bigint;\nALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;\n')
        self.put('unsafe.rollback.sql', 'ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;\nALTER TABLE orders ALTER COLUMN amount TYPE integer;\n')
        self.put('rows.sql', 'UPDATE users SET name = upper(name);\nALTER TABLE orders ALTER COLUMN amount TYPE bigint;\n')

        def json_of(name, command, subject, *words):
            r = subprocess.run([self.opt.bin, command, subject, '--schema', 'shop.sql', '--format', 'json', *words], cwd=self.folder, capture_output=True, text=True, timeout=240)
            assert r.returncode in (0, 1), r.stderr
            document = json.loads(r.stdout)
            jsonschema.validate(document, schemas[name])
            return document
        plan = json_of('review', 'review', 'unsafe.sql')['replacement']
        assert plan == {'command': 'contraflow fix unsafe.sql --schema shop.sql', 'folder': None, 'refused': []}, plan
        plan = json_of('review', 'review', 'unsafe.sql', '--fix-plan', 'fixed', '--rows', 'orders=20000', '--traffic', '--reader-holds', '300ms')['replacement']
        assert plan['folder'] == 'fixed' and not plan['refused'], plan
        fixed = json_of('review', 'review', 'fixed')
        assert fixed['verdict'] == 'yes' and 'replacement' not in fixed, fixed['summary']
        json_of('rehearsal', 'rehearse', 'fixed', '--traffic', '--compare-naive', '--reader-holds', '300ms')
        plan = json_of('review', 'review', 'rows.sql', '--fix-plan', 'none')['replacement']
        assert plan['folder'] is None and 'UPDATE cannot be carried over' in plan['refused'][0] and not os.path.exists(self.folder + '/none'), plan
        broken = json_of('review', 'review', 'unsafe.sql')
        broken['items'][0]['answer'] = 'perhaps'
        try:
            jsonschema.validate(broken, schemas['review'])
            assert False, 'the schema refuses nothing'
        except jsonschema.ValidationError:
            pass

    def t_commits_as_it_goes(self):
        """a DO block that commits its batches stands in no transaction: before the migration, and as the migration"""
        os.makedirs(self.folder + '/own', exist_ok=True)
        batches = "CREATE TABLE {0} (n integer);\nDO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO {0} VALUES (i); COMMIT; END LOOP; END $$;\nALTER TABLE {0} ADD m integer;\n"
        self.put('own/001_a.sql', batches.format('a'))
        self.put('own/002_b.sql', batches.format('b'))
        self.put('own/002_b.rollback.sql', 'DROP TABLE b;\n')
        r = subprocess.run([self.opt.bin, 'rehearse', 'own/002_b.sql', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        report = json.loads(r.stdout)
        proofs = {p['id']: p['verdict'] for p in report['proofs']}
        assert proofs['forward'] == 'proven' and proofs['rollback.schema'] == 'proven' and report['run_as'] == 'statement by statement', (proofs, report['run_as'], r.stderr)

    def t_traffic_of_an_own_plan(self):
        """a type that changes under its name and a column that becomes NOT NULL: the made-up next version reads as the plan's notes ask, the writer writes as its precondition asks"""
        self.put('typed.sql', 'CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, amount numeric(10,2) NOT NULL, note text);\n')
        r = subprocess.run([self.opt.bin, 'plan', '--from', 'typed.sql', '--do', 'retype orders.amount to numeric(14,4); not-null orders.note', '--out', 'typed'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        assert r.returncode == 0, r.stderr
        r = subprocess.run([self.opt.bin, 'rehearse', 'typed', '--schema', 'typed.sql', '--rows', 'orders=200', '--traffic', '--stall-budget', '20000', '--reader-holds', '300ms', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        report = json.loads(r.stdout)
        assert {p['id']: p['verdict'] for p in report['proofs']}['forward.desired'] == 'proven', report['proofs']  # although a column stands elsewhere
        for run in report['traffic']['runs']:
            assert run['completed'] and run['failed'] == 0 and run['executed'] > 0, run
        assert [n for n in report['traffic']['notes'] if 'amount::numeric(14,4)' in n], report['traffic']['notes']
        # By hand, without the cast, what reads the column fails once on each connection: and the review says what helps.
        self.put('typed_by_hand.sql', 'ALTER TABLE orders ALTER amount TYPE numeric(14,4);\n')
        r = subprocess.run([self.opt.bin, 'review', 'typed_by_hand.sql', '--schema', 'typed.sql', '--rows', 'orders=200', '--traffic', '--stall-budget', '20000', '--reader-holds', '300ms', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        item = next(q for q in json.loads(r.stdout)['items'] if q['id'] == 'stalls')
        assert item['answer'] == 'no' and 'cast it to the new type' in item['fix'] and 'lock_timeout' not in item['fix'] and any('cached plan must not change result type' in line for line in item['evidence']), item

    def t_psql_stays_within(self):
        """a migration that only psql can run starts no program, writes no file, connects nowhere; what stays within the database runs"""
        target = self.folder + '/pwned'
        self.put('inc.sql', f'\\! touch {target}\n')
        within = '\\if true\n\\endif\n'
        program = f"COPY users FROM PROGRAM 'touch {target}'"
        evil = [f'\\! touch {target}', f'\\o |touch {target}', f'\\o {target}', f'SELECT 1 \\g |touch {target}', f'SELECT 1 \\g {target}', f"\\copy users from program 'touch {target}'", f"\\copy users to '{target}'", '\\c postgres', f'\\set x `touch {target}`',
                f'\\if true \\! touch {target}\n\\endif', f'SELECT 1 \\! touch {target}\n;', f'SELECT 1; \\! touch {target}', f"SELECT 'a\\' \\! touch {target}\n;", '\\i inc.sql', f'\\echo x \\\\ \\! touch {target}', f'\\s {target}', f'\\w {target}', '\\encoding SJIS',
                f"SET standard_conforming_strings = off;\nSELECT 'a\\'' \\! touch {target} --';", f"SELECT set_config('standard_conforming_strings', 'off', false);\nSELECT 'a\\'' \\! touch {target} --';",
                f'SELECT $a${program}$a$ \\gexec', 'DROP DATABASE postgres;', program + ';']
        for text in evil:
            for whole in (within + text + '\n', text + '\n' + within):
                self.put('evil.sql', whole)
                r = subprocess.run([self.opt.bin, 'rehearse', 'evil.sql', '--schema', 'before.sql', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
                verdicts = {p['id']: p['verdict'] for p in json.loads(r.stdout)['proofs']} if r.stdout else {}
                assert not os.path.exists(target), text
                assert verdicts.get('safe') == 'refuted' or (text.endswith('gexec') and verdicts.get('forward') == 'unknown'), (text, verdicts, r.stderr)
        self.put('fine.sql', "\\set ON_ERROR_STOP on\n\\encoding UTF8\nSET standard_conforming_strings = on;\nSELECT count(*) = 0 AS todo FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'n' \\gset\n\\if :todo\n"
                 "SELECT 'ALTER TABLE users ADD n integer' \\gexec\n\\endif\n")
        r = subprocess.run([self.opt.bin, 'rehearse', 'fine.sql', '--schema', 'before.sql', '--format', 'json'], cwd=self.folder, capture_output=True, text=True, timeout=240)
        assert {p['id']: p['verdict'] for p in json.loads(r.stdout)['proofs']}['forward'] == 'proven', (r.stdout, r.stderr)

    def t_full_disk(self):
        """the disk under the sandbox fills up: said, exit 3, nothing left behind"""
        small = self.folder + '/small'
        os.mkdir(small)
        script = f'mount -t tmpfs -o size=90m,mode=1777 tmpfs /dev/shm && mount -t tmpfs -o size=90m,mode=1777 tmpfs {small} || exit 99; "$@"; code=$?; echo "left: $(ls /dev/shm {small} | grep -c sb-)" >&2; exit $code'
        code, out, err = self.rehearse('--schema', 'before.sql', '--rows', 'users=1e6', prefix=('unshare', '-m', 'sh', '-c', script, 'sh'), env=dict(os.environ, TMPDIR=small))
        if os.geteuid() or code == 99:
            return 'no mount namespaces here'
        assert code == 3 and 'the disk under the sandbox' in err and 'is full' in err and 'left: 0' in err, (code, out, err)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--only')
    opt = ap.parse_args()
    opt.bin = os.path.abspath(opt.bin)
    found = find_servers(ROOT)
    if 15 not in found:
        print('SKIPPED: no PostgreSQL 15 on this machine')
        return 77
    server, failed = Server(found[15], ('shared_preload_libraries=pg_stat_statements',)), 0
    try:
        with tempfile.TemporaryDirectory(prefix='contraflow-sources-') as folder:
            os.chmod(folder, 0o755)
            test = Test(server, opt, folder)
            for name in [n for n in vars(Test) if n.startswith('t_') and (not opt.only or opt.only in n)]:
                try:
                    said = getattr(test, name)()
                    print(f'{"skip" if said else "ok":4} {name[2:]}{": " + said if said else ""}', flush=True)
                except AssertionError as error:
                    failed += 1
                    print(f'FAIL {name[2:]}: {error}', flush=True)
    finally:
        server.stop()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
