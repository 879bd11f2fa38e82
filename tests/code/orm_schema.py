#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow orm` on schema.prisma, judged by the real `prisma format` and `prisma validate`.

orm_schema/before.prisma becomes orm_schema/after.prisma: one plan with every kind of change. After each phase the patched schema must be what `prisma format` makes of it, `prisma validate` must accept it,
no comment may be lost whose place is still there, and a second patch must be empty. At the end it must describe the same database as after.prisma. The same again with the models in several files,
with CRLF, and as a schema of Prisma 6, by the real Prisma 6. orm_schema.py --bin CONTRAFLOW [--modules NODE_MODULES] [--modules6 NODE_MODULES]; exit 77 where Prisma is missing."""
import argparse, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
OPTIONS = ['--rename', 'users.full_name=display_name', '--rename', 'tier.pro=premium', '--rename', 'coupons=vouchers', '--fill', "users.city='Berlin'"]
# What only Prisma 6 has: the connections in the schema, not aligned as its format aligns them where the file is left alone.
GENERATOR_6 = 'generator client {\n  provider        = "prisma-client-js"\n  previewFeatures = ["views"] // 6\n}\n'
DATASOURCE_6 = 'datasource db {\n  provider  = "postgresql"\n  url       = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL") // for migrations\n}\n'
PHASES = ('expand', 'backfill', 'contract', 'purge')
# At the first phase they must be there, from the second on gone.
EXPECTED = {
    'expand': [r'fax +String\? +@ignore', r'@@ignore', r'limit +Int +@default\(25\)', r'note +String\?', r'nickName +String\? +@map\("nick_name"\)', r'addresses +Address\[\]', r'@@index\(\[tags\], type: Gin\)',
               r'fullName +String +@map\("full_name"\)', r'@@map\("vouchers"\)', r'level +Level +@default\(low\)', r'key +String\? +@default\(dbgenerated\("gen_random_uuid\(\)"\)\) @db.Uuid'],
    'backfill': [r'key +String +@default', r'fax +String\? +@ignore'],
    'contract': [r'fullName +String +@map\("display_name"\)', r'PRO +@map\("premium"\)', r'TEAM +@map\("team"\)', r'score +Decimal +@default\(0\) @db.Decimal\(10, 2\)', r'email +String +@db.VarChar\(320\)',
                 r'createdAt +DateTime +@default\(now\(\)\) @map\("created_at"\) @db.Timestamptz\(3\)', r'age +BigInt\?', r'onDelete: Cascade\) // the buyer', r'number +String +@unique',
                 r'giverUser +User\? +@relation\("Order_giverToUser", fields: \[giver\], references: \[id\]\)', r'ordersAsGiver +Order\[\] +@relation\("Order_giverToUser"\)', r'  // by name\n  @@index\(\[fullName\]\)'],
    'purge': [r'@@index\(\[createdAt\(sort: Desc\)\]\)'],
}
GONE = {'contract': [r'\bfax\b', r'Legacy', r'OLD', r'@@index\(\[city\]\)', r'Not read any more'], 'purge': [r'\bfax\b']}


def blocks(text):
    """{file: text} of the models in several files, as Prisma takes them from a folder"""
    out = {}
    for part in re.findall(r'(?:^//[^\n]*\n)*^\w+ \w+ \{\n.*?^\}\n', text, re.M | re.S):
        kind, name = re.search(r'^(\w+) (\w+) \{', part, re.M).groups()
        file = 'schema.prisma' if kind in ('generator', 'datasource') else 'enums.prisma' if kind == 'enum' else f'models/{name.lower()}.prisma'
        out[file] = out.get(file, '') + ('\n' if file in out else '') + part
    return out


class Case:
    def __init__(self, name, files, a, folder, after='after.prisma', options=OPTIONS):
        self.name, self.a, self.folder, self.failures = name, a, folder, []
        self.modules = a.modules6 if name == 'Prisma 6' else a.modules
        self.after, self.options, self.expects = os.path.join(HERE, 'orm_schema', after), options, after == 'after.prisma'
        self.whole = len(files) > 1
        self.files = files
        self.source = os.path.join(folder, 'before', 'prisma') if self.whole else os.path.join(folder, 'before', 'prisma', 'schema.prisma')
        self.write('before')

    def write(self, place):
        for file, text in self.files.items():
            path = os.path.join(self.folder, place, 'prisma', file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', newline='') as f:
                f.write(text)

    def fail(self, what):
        self.failures.append(f'{self.name}: {what}')

    def run(self, *arguments, **more):
        r = subprocess.run(arguments, capture_output=True, text=True, env=dict(os.environ, PRISMA_SCHEMA_ENGINE_BINARY='/bin/true', PRISMA_QUERY_ENGINE_LIBRARY='/bin/true', PRISMA_HIDE_UPDATE_MESSAGE='1', CHECKPOINT_DISABLE='1',
                                                                                     DATABASE_URL='postgresql://localhost/a', DIRECT_URL='postgresql://localhost/a'), **more)
        return r

    @staticmethod
    def said(r):
        """what Prisma found wrong: its error lines, and not the end of its message, which is the version"""
        plain = re.sub(r'\x1b\[[\d;]*m', '', r.stdout + r.stderr)
        errors = [line.strip() for line in plain.splitlines() if re.match(r'\s*error\b', line, re.I)]
        hint = ' (a schema of Prisma 6: Prisma 7 has the connection URLs in prisma.config.ts)' if 'no longer supported in schema files' in plain else ''
        return ('; '.join(errors) or plain[-900:]) + hint

    def prisma(self, verb, path, cwd):
        return self.run(os.path.join(self.modules, '.bin', 'prisma'), verb, '--schema', path, cwd=cwd)

    def texts(self, place):
        out = {}
        for base, _, names in os.walk(os.path.join(self.folder, place, 'prisma')):
            for name in names:
                with open(os.path.join(base, name), newline='') as f:
                    out[os.path.relpath(os.path.join(base, name), os.path.join(self.folder, place, 'prisma'))] = f.read()
        return out

    def judge(self, phases):
        plan = os.path.join(self.folder, 'plan')
        r = self.run(self.a.bin, 'plan', '--from', self.source, '--to', self.after, '--out', plan, *self.options)
        if r.returncode:
            return self.fail('plan: ' + r.stderr[-600:])
        for phase in phases:
            self.write(phase)
            cwd = os.path.join(self.folder, phase)
            path = 'prisma' if self.whole else 'prisma/schema.prisma'
            self.run('git', 'init', '-q', '.', cwd=cwd)
            self.run('git', 'add', '-A', cwd=cwd)
            r = subprocess.run([self.a.bin, 'orm', plan, '--phase', phase, '--no-code'], capture_output=True, cwd=cwd)  # bytes: CRLF
            if r.returncode:
                return self.fail(f'orm --phase {phase}: exit {r.returncode}: {r.stderr.decode()[-600:]}')
            applied = subprocess.run(['git', 'apply'], input=r.stdout, capture_output=True, cwd=cwd)
            if applied.returncode:
                return self.fail(f'{phase}: git apply: {applied.stderr.decode()[:300]}')
            made = self.texts(phase)
            text = ''.join(made.values())
            for pattern in EXPECTED[phase] if self.expects else ():
                if not re.search(pattern, text):
                    self.fail(f'{phase}: nothing like {pattern}')
            for pattern in GONE.get(phase, []) if self.expects else ():
                if re.search(pattern, text):
                    self.fail(f'{phase}: there is still {pattern}')
            for comment in () if not self.expects else ("// The shop's models.", '/// Who buys.', '// by which they log in', '/// shown in public', '// raised by support', '// in cents', '// the buyer', '// paying', '// by name'):
                if text.count(comment) != 1:
                    self.fail(f'{phase}: the comment "{comment}" is there {text.count(comment)} times')
            r = self.prisma('validate', path, cwd)
            if r.returncode:
                self.fail(f'{phase}: prisma validate: {self.said(r)}')
            r = self.prisma('format', path, cwd)
            if r.returncode:
                self.fail(f'{phase}: prisma format: {self.said(r)}')
            formatted = self.texts(phase)
            for file, one in made.items():
                changed = one != self.files.get(file)
                if changed and formatted[file] != one:
                    self.fail(f'{phase}: prisma format changes {file}')
        last = os.path.join(self.folder, phases[-1], 'prisma')
        r = self.run(self.a.bin, 'plan', '--from', last if self.whole else last + '/schema.prisma', '--to', self.after, '--out', os.path.join(self.folder, 'again'), '--no-rename')
        # The names of fields are the schema's own: what must agree is the database.
        if phases[-1] == 'purge' and not re.search(r'no (changes|difference)|nothing to do', r.stdout + r.stderr, re.I):
            self.fail(f'the result is not after.prisma: {r.stdout[:1500]}{r.stderr[:300]}')


    def sources(self):
        """the folder is one schema, also of a revision and for queries; one file of it is refused by name"""
        cwd = os.path.join(self.folder, 'before')
        os.makedirs(os.path.join(cwd, 'src'))
        with open(os.path.join(cwd, 'src', 'a.ts'), 'w') as f:
            f.write("import { PrismaClient } from './client';\nconst prisma = new PrismaClient();\nexport const all = () => prisma.user.findMany({ where: { age: 1 } });\n")
        for command in (('init', '-q', '.'), ('add', '-A'), ('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'x')):
            self.run('git', *command, cwd=cwd)
        for source, to in (('prisma', 'git:HEAD:prisma'), ('git:HEAD:prisma/*.prisma', 'prisma/*.prisma')):
            r = self.run(self.a.bin, 'plan', '--from', source, '--to', to, cwd=cwd)
            if r.returncode or 'no changes' not in r.stdout + r.stderr:
                self.fail(f'{source} against {to}: {r.stdout[:300]}{r.stderr[:300]}')
        for part in ('prisma/schema.prisma', 'prisma/models/user.prisma', 'prisma/models/coupon.prisma', 'git:HEAD:prisma/models/user.prisma'):
            r = self.run(self.a.bin, 'plan', '--from', part, '--to', 'prisma', cwd=cwd)
            if r.returncode != 2 or 'the schema has several files' not in r.stderr or 'prisma/*.prisma' not in r.stderr:
                self.fail(f'{part} alone: exit {r.returncode}: {r.stderr[:300]}')
        for arguments in ((), ('--prisma', 'prisma'), ('--schema', 'prisma')):
            r = self.run(self.a.bin, 'queries', 'users', '--no-cache', *arguments, cwd=cwd)
            if r.returncode or 'src/a.ts' not in r.stdout:
                self.fail(f'queries {" ".join(arguments)}: {r.stdout}{r.stderr}')


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    p.add_argument('--modules', default=os.path.join(HERE, '../../build/prisma/node_modules'))
    p.add_argument('--modules6', default=os.path.join(HERE, '../../build/prisma6/node_modules'))
    p.add_argument('--keep')
    a = p.parse_args()
    a.bin, a.modules, a.modules6 = os.path.realpath(a.bin), os.path.realpath(a.modules), os.path.realpath(a.modules6)
    if not os.access(os.path.join(a.modules, '.bin', 'prisma'), os.X_OK):
        print(f'orm_schema: {a.modules} has no Prisma (tools/setup.d/prisma.sh): skipped')
        return 77
    with open(os.path.join(HERE, 'orm_schema', 'before.prisma')) as f:
        before = f.read()
    failures = []
    with open(os.path.join(HERE, 'orm_schema', 'schemas_before.prisma')) as f:
        schemas = f.read()
    more = ('schemas_after.prisma', ['--rename', 'public.Category.name=title', '--using', 'crm."Profile".price=price::numeric(8,2)', '--using-back', 'crm."Profile".price=price::money'])
    six = re.sub(r'generator client \{.*?^\}\n', lambda m: GENERATOR_6, before, flags=re.S | re.M)
    six = re.sub(r'datasource db \{.*?^\}\n', lambda m: DATASOURCE_6, six, flags=re.S | re.M)
    for name, files, phases, *other in (('one file', {'schema.prisma': before}, PHASES), ('several files', blocks(before), ('expand', 'purge')), ('CRLF', {'schema.prisma': before.replace('\n', '\r\n')}, ('purge',)), ('Prisma 6', {'schema.prisma': six}, PHASES),
                                        ('several database schemas, relations of all kinds', {'schema.prisma': schemas}, ('expand', 'purge'), *more)):
        if name == 'Prisma 6' and not os.access(os.path.join(a.modules6, '.bin', 'prisma'), os.X_OK):
            print(f'{name}: {a.modules6} has none (tools/setup.d/prisma.sh): skipped', flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix='contraflow-orm-') as folder:
            folder = a.keep + '/' + name.replace(' ', '_') if a.keep else folder
            case = Case(name, files, a, folder, *other)
            case.judge(phases)
            if case.whole:
                case.sources()
            failures += case.failures
            print(f'{name}: {"FAIL" if case.failures else "ok"}', flush=True)
    for failure in failures:
        print('FAIL', failure)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
