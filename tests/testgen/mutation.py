#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many broken plans do the tests of `contraflow tests` notice?

For each golden: its plan, the tests written for it (which must be green on it), and mutants: copies of the plan with one thing broken in one SQL file. A mutant is killed
where a test fails or a plan file does not run. mutation.py --bin CONTRAFLOW [--list] [--at-least PERCENT] GOLDEN.md …; exit 77 where pgTAP or a server is missing.
A mutant that the program cannot tell from the plan, because schema and rows end up the same, is told by hand in EQUIVALENT, with the reason."""
import argparse, concurrent.futures, hashlib, os, re, shutil, subprocess, sys, tempfile, threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'laws'))
from golden import Golden, Missing
from server import Server, find_servers

# (golden, mutant): reason
FILLED = 'the retired column gets its contents by the trigger, from one that is NOT NULL, by a conversion that gives no NULL: what is kept is never violated, and goes at purge'
FULL = 'the same column has a full unique key that stays: it decides before this index does'
ATTACHED = 'ATTACH PARTITION makes the key or index that the partition lacks, under the same name'
INHERITED = 'the statement for the partitioned table does the same to its partitions'
RETIRED = 'the column is there under its retired name and only renamed: the statement is for a database from which it is gone'
EQUIVALENT = {
    ('partition_attach_large', '1_expand.sql constraint missing 2'): ATTACHED,
    ('table_back_from_partitioned', '4_purge.rollback.sql rollback: constraint missing 0'): ATTACHED,
    ('table_back_from_partitioned', '4_purge.rollback.sql rollback: constraint missing 1'): ATTACHED,
    ('table_to_partitioned', '1_expand.sql constraint missing 1'): ATTACHED,
    ('second_table_referenced_by_partitioned', '3_contract.sql old constraint kept 1'): INHERITED,
    ('second_table_referenced_by_partitioned', '3_contract.sql constraint missing 1'): INHERITED,
    ('table_to_partitioned', '1_expand.sql constraint missing 3'): ATTACHED,
    ('type_of_partitioned_reference', '3_contract.sql constraint missing 2'): INHERITED,
    ('type_key_and_reference', '3_contract.rollback.sql rollback: NOT NULL or default missing 1'): 'the primary key that follows makes the column NOT NULL',
    ('index_create_replace_drop', '3_contract.sql live predicate missing 0'): 'WHERE the column IS NOT NULL: NULLs never meet in a unique index',
    ('index_over_renamed_and_retyped', '2_backfill.sql index not unique 0'): FULL,
    ('type_using', '3_contract.sql NOT NULL kept 0'): FILLED,
    ('column_identity_bounds', '3_contract.sql NOT NULL kept 0'): FILLED,
    ('enum_add_value_and_column_rename', '3_contract.sql NOT NULL kept 0'): FILLED,
    ('enum_reorder_large', '3_contract.sql NOT NULL kept 0'): FILLED,
    ('partition_goes_with_column', '1_expand.sql constraint missing 0'): ATTACHED,
    ('partition_goes_with_column', '4_purge.rollback.sql rollback: constraint missing 0'): ATTACHED,
    ('partition_goes_with_column', '4_purge.rollback.sql rollback: constraint missing 1'): ATTACHED,
    ('partition_goes_with_column', '4_purge.rollback.sql rollback: constraint missing 2'): ATTACHED,
    ('partition_goes_with_column', '4_purge.rollback.sql rollback: constraint missing 3'): ATTACHED,
    ('partitioned_renamed_with_column', '3_contract.sql constraint missing 0'): ATTACHED,
    ('referenced_table_goes', '3_contract.sql old constraint kept 0'): 'the key stays on the retired column, in which every new row has NULL, until both go',
    ('policy_change', '1_expand.rollback.sql rollback: old trigger, rule or policy kept 0'): 'what the kept policy lets pass the other one does, too',
    **{(golden, '1_expand.rollback.sql rollback: partition not attached or detached 0'): 'the table is dropped by the next statement' for golden in ('partition_create_and_drop', 'inheritance_and_columns', 'partition_goes_with_column')},
    **{(golden, '3_contract.sql NOT NULL missing 0'): 'the primary key that follows makes the column NOT NULL'
       for golden in ('second_table_referenced_by_partitioned', 'type_of_partitioned_reference', 'foreign_keys_of_changing_columns')},
    ('enum_function_index_large', '3_contract.sql constraint missing 0'): 'no value of the type violates it',
    ('publication_of_exchanged_table', '1_expand.sql constraint missing 0'): ATTACHED,
    ('enum_reordered_and_column_renamed', '3_contract.sql NOT NULL kept 0'): FILLED,
    **{('column_drop_generated_large', f'3_contract.rollback.sql rollback: generates nothing {n}'): RETIRED for n in range(6)},
    ('column_add_nullable', '3_contract.sql live predicate missing 0'): FULL,
    ('column_add_nullable', '3_contract.sql index not unique 0'): FULL,
}

CREATE_TRIGGER = re.compile(r'^CREATE TRIGGER zz_contraflow_sync\S* .*?;$', re.M | re.S)
CALL = r'(?=[^;]*;)'


def without(pattern, text, count=1, flags=re.M):
    """each match of the pattern taken out in turn"""
    for n, m in enumerate(re.finditer(pattern, text, flags)):
        yield n, text[:m.start()] + text[m.end():]


def replaced(pattern, by, text, flags=re.M):
    for n, m in enumerate(re.finditer(pattern, text, flags)):
        new = m.expand(by) if isinstance(by, str) else by(m)
        if new != m[0]:
            yield n, text[:m.start()] + new + text[m.end():]


def another_default(m):
    value = m[2]
    if value.startswith("'"):
        quoted = re.match(r"'((?:[^']|'')*)'(::\S+)?", value)
        return m[1] + "'mutant'" + ((quoted and quoted[2]) or '') if quoted and (not quoted[2] or quoted[2].rstrip(';') in ('::text', '::character varying')) else ''
    number = re.match(r'\(?-?\d+', value)
    return m[1] + '41' if number else m[0]


FUNCTION = re.compile(r'^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) (?!pg_temp|\S*contraflow)[^;$]*?AS (\$\w*\$).*?\1;\n', re.M | re.S)
BODIES = (  # one thing of a body said otherwise
    ('number', r'(?<![\w$.\'])(\d+)(?![\w.\'])', lambda m: str(int(m[0]) + 1)), ('text', r"(?<!E)'[a-z !?.]+'", "'mutant'"), ('upper', r'\bupper\(', 'lower('), ('lower', r'\blower\(', 'upper('), ('time', r'(?i)\b(now|clock_timestamp)\(\)', "'2001-01-01'::timestamptz"),
    ('comparison', r'(?<=[\w)]) = ', ' <> '), ('sign', r' \+ ', ' - '), ('new row', r'(?i)\breturn new\b', 'return null'), ('and', r'(?i) and ', ' or '))


def bound_moved(m):
    """a bound of a partition a month, a number or a letter further"""
    bound = m[2]
    if re.search(r'\d{4}-\d\d-\d\d', bound):
        later = lambda d: f'{d[1]}-{int(d[2]) + 1:02d}-{d[3]}' if int(d[2]) < 12 else f'{int(d[1]) + 1}-01-{d[3]}'
        bound = re.sub(r'(\d{4})-(\d\d)-(\d\d)', later, bound, count=1)
    elif re.search(r"\('?\d", bound):
        bound = re.sub(r'\d+', lambda d: str(int(d[0]) + 1), bound, count=1)
    else:
        bound = re.sub(r"'\w", "'zz", bound, count=1)
    return m[1] + bound


def object_mutants(text):
    """(label, text): what is no table is broken, forward or on the way back alike"""
    for n, t in without(r'^CREATE (?:CONSTRAINT )?TRIGGER (?!zz_contraflow)[^;]*;\n', text): yield f'trigger missing {n}', t
    for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ (?:EN|DIS)ABLE (?:ALWAYS |REPLICA )?TRIGGER [^;]*;\n', text): yield f'trigger not enabled or disabled {n}', t
    for n, t in without(r'^DROP (?:TRIGGER|POLICY|RULE) IF EXISTS (?!zz_contraflow)[^;]*;\n(?!CREATE)', text): yield f'old trigger, rule or policy kept {n}', t
    view = r'^(CREATE (?:OR REPLACE )?(?:MATERIALIZED )?VIEW [^;]*?AS\s+)(SELECT\b[^;]*?)((?:\n?\s*WITH (?:NO )?DATA)?;)$'
    for n, t in replaced(view, r'\1SELECT * FROM (\2) AS mutant OFFSET 1\3', text): yield f'view misses a row {n}', t
    for n, t in replaced(r'^(CREATE (?:OR REPLACE )?(?:MATERIALIZED )?VIEW [^;]*?\bWHERE )([^;]*?)((?:\n?\s*WITH (?:NO )?DATA)?;)$', r'\1NOT (\2)\3', text): yield f'view shows the other rows {n}', t
    for n, t in without(r'^DROP (?:MATERIALIZED )?VIEW IF EXISTS [^;]*;\n(?!CREATE|DROP)', text): yield f'old view kept {n}', t
    for n, t in replaced(r'security_invoker=\'?(?:true|on|1)\'?', "security_invoker=false", text): yield f'view reads with its owner\'s rights {n}', t
    for n, t in without(FUNCTION.pattern, text, flags=re.M | re.S): yield f'function missing {n}', t
    for m in FUNCTION.finditer(text):
        begin, end = m[0].index(m[1]) + m.start() + len(m[1]), m.end() - len(m[1]) - 2
        for what, pattern, by in BODIES:
            body = re.sub(pattern, by, text[begin:end], count=1)
            if body != text[begin:end]: yield f'function body: {what} {m.start()}', text[:begin] + body + text[end:]
    for n, t in without(r'^DROP (?:FUNCTION|PROCEDURE) IF EXISTS (?![^;]*contraflow)[^;]*;\n(?!CREATE)', text): yield f'old function kept {n}', t
    for n, t in without(r'^CREATE POLICY [^;]*;\n', text): yield f'policy missing {n}', t
    for n, t in replaced(r'^(CREATE POLICY [^;]*? (?:USING|WITH CHECK) )\((?!true).*?\)(?=;| WITH CHECK)', r'\1(true)', text): yield f'policy lets everything pass {n}', t
    for n, t in replaced(r'^(CREATE POLICY [^;]*? TO )(?!PUBLIC)\w+', r'\1PUBLIC', text): yield f'policy for everybody {n}', t
    for n, t in without(r'^ALTER TABLE [^;\n]* ROW LEVEL SECURITY;\n', text): yield f'row security missing {n}', t
    for n, t in without(r'^(?:GRANT|REVOKE) [^;]*;\n', text): yield f'grant or revoke missing {n}', t
    for n, t in replaced(r'^(GRANT [^;]*?) WITH GRANT OPTION;', r'\1;', text): yield f'grant option missing {n}', t
    for n, t in without(r'^ALTER DEFAULT PRIVILEGES [^;]*;\n', text): yield f'default privileges missing {n}', t
    for n, t in without(r'^ALTER TABLE [^;\n]*(?:ATTACH|DETACH) PARTITION (?![^;\n]* FINALIZE)[^;\n]*;\n', text): yield f'partition not attached or detached {n}', t
    for n, t in replaced(r'^((?:ALTER|CREATE) TABLE [^;\n]*?FOR VALUES )((?:FROM|IN) \([^)]*\))', bound_moved, text): yield f'bound of a partition moved {n}', t
    for n, t in replaced(r'^((?:CREATE|ALTER) SEQUENCE [^;]*INCREMENT BY )(\d+)', lambda m: m[1] + str(int(m[2]) + 1), text): yield f'increment wrong {n}', t
    for n, t in replaced(r'^((?:CREATE|ALTER) SEQUENCE [^;]*(?:MAXVALUE|START WITH) )(\d+)', lambda m: m[1] + str(int(m[2]) - 1), text): yield f'bound or start of a sequence wrong {n}', t
    for n, t in without(r'^(?:CREATE|ALTER|DROP) PUBLICATION [^;]*;\n', text): yield f'publication not changed {n}', t
    for n, t in replaced(r'^((?:CREATE|ALTER) PUBLICATION [^;]*) WHERE \(.*\)(?=[;,])', r'\1', text): yield f'row filter missing {n}', t
    for n, t in replaced(r'(GENERATED ALWAYS AS \()(?!NULL)(.*)(\) STORED)', r'\1NULL\3', text): yield f'generates nothing {n}', t
    for n, t in replaced(r'GENERATED ALWAYS AS IDENTITY', 'GENERATED BY DEFAULT AS IDENTITY', text): yield f'identity by default {n}', t
    for n, t in without(r'^ALTER TYPE \S+ (?:ADD|DROP|ALTER) ATTRIBUTE [^;]*;\n', text): yield f'attribute not changed {n}', t
    for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ADD CONSTRAINT (?!\S+__)\S+ EXCLUDE [^;]*;\n', text): yield f'exclusion constraint missing {n}', t


def mutants(name, text):
    """(label, text) of one SQL file of a plan"""
    for label, t in object_mutants(text): yield ('rollback: ' if name.endswith('.rollback.sql') else '') + label, t
    if not name.endswith('.rollback.sql'):
        for n, t in without(r'^CREATE TRIGGER zz_contraflow_sync\S* [^;]*;\n', text): yield f'sync trigger dropped {n}', t
        for n, t in replaced(r'^(ALTER TABLE (?:ONLY )?\S+ (?:ADD COLUMN IF NOT EXISTS [^;\n]*?|ALTER COLUMN \S+ SET) DEFAULT )(-?\d[^ ;]*|\'[^;\n]*?(?= NOT NULL|;))', another_default, text): yield f'wrong default {n}', t
        for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ALTER COLUMN (?!\S+__)\S+ SET NOT NULL;\n', text): yield f'NOT NULL missing {n}', t
        for n, t in replaced(r'^(ALTER TABLE [^;\n]*ADD COLUMN IF NOT EXISTS [^;\n]*) NOT NULL;', r'\1;', text): yield f'NOT NULL of a new column missing {n}', t
        for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ADD CONSTRAINT (?!\S+__)\S+ (?:UNIQUE|CHECK|FOREIGN KEY|PRIMARY KEY)[^;]*;\n', text): yield f'constraint missing {n}', t
        for n, t in without(r'^ALTER TABLE \S+ DROP CONSTRAINT IF EXISTS (?!\S*__)\S+;\n', text): yield f'old constraint kept {n}', t
        for n, t in without(r'^ALTER DOMAIN \S+ ADD CONSTRAINT [^;]*;\n', text): yield f'check of a domain missing {n}', t
        for n, t in without(r'^ALTER DOMAIN \S+ DROP CONSTRAINT IF EXISTS [^;]*;\n', text): yield f'old check of a domain kept {n}', t
        for n, t in replaced(r'^CREATE UNIQUE INDEX', 'CREATE INDEX', text): yield f'index not unique {n}', t
        for n, t in replaced(r'^(CREATE UNIQUE INDEX [^;]*) WHERE [^;]*;', r'\1;', text): yield f'live predicate missing {n}', t
        for n, t in without(r"^ALTER TYPE \S+ ADD VALUE [^;]*;\n", text): yield f'enum value missing {n}', t
        for n, t in without(r"^ALTER TYPE \S+ RENAME VALUE [^;]*;\n", text): yield f'enum value not renamed {n}', t
        for n, t in replaced(r'^([^;\n]* FOREIGN KEY [^;\n]*?) ON DELETE (?:CASCADE|SET NULL)', r'\1', text): yield f'action of a foreign key missing {n}', t
        for n, t in replaced(r"(CREATE TYPE \S+ AS ENUM \([^;]*?), '[^']*'\)", r'\1)', text): yield f'enum value of a new type missing {n}', t
        for n, t in replaced(r"THEN '(\w+)' ELSE", lambda m: f"THEN 'new' ELSE" if m[1] != 'new' else m[0], text): yield f'wrong map {n}', t
        for n, t in replaced(r'( TYPE [^;\n]* USING \()(.*)(\);$)', r'\1NULLIF(\2, \2)\3', text): yield f'wrong conversion {n}', t
        # the backfill's and the triggers' expressions
        for n, t in replaced(r'(\$set\$\S+ = )([^$]*)(\$set\$)', r'\1NULL\3', text): yield f'backfill writes NULL {n}', t
        for n, t in replaced(r'^(\s*NEW\.\S+ := )(?!NULL)([^;]*);', r'\1NULL;', text): yield f'trigger writes NULL {n}', t
        for n, t in without(r'^ALTER TABLE \S+ RENAME COLUMN \S+ TO \S+;\n', text): yield f'rename missing {n}', t
        for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ALTER COLUMN (?!\S+__)\S+ SET DEFAULT [^;]*;\n', text): yield f'default missing {n}', t
        for n, t in without(r'^ALTER TABLE \S+ ALTER COLUMN \S+ DROP NOT NULL;\n', text): yield f'NOT NULL kept {n}', t
        for n, t in without(r'^ALTER TABLE \S+ ADD COLUMN IF NOT EXISTS [^;]*;\n', text): yield f'column not added {n}', t
    else:
        for n, t in without(r"^ALTER TYPE \S+ RENAME VALUE [^;]*;\n", text): yield f'rollback: enum value not renamed {n}', t
        for n, t in without(r'^ALTER TABLE \S+ RENAME COLUMN \S+ TO \S+;\n', text): yield f'rollback: rename missing {n}', t
        for n, t in replaced(r'^ALTER TABLE (\S+) RENAME COLUMN (\S+__retired|\S+__old) TO (\S+);', r'ALTER TABLE \1 DROP COLUMN \2;', text): yield f'rollback loses a column {n}', t
        for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ADD CONSTRAINT (?!\S+__)\S+ [^;]*;\n', text): yield f'rollback: constraint missing {n}', t
        for n, t in without(r'^ALTER DOMAIN \S+ (?:ADD|DROP) CONSTRAINT [^;]*;\n', text): yield f'rollback: check of a domain {n}', t
        for n, t in without(r'^ALTER TABLE (?:ONLY )?\S+ ALTER COLUMN (?!\S+__)\S+ SET (?:NOT NULL|DEFAULT [^;]*);\n', text): yield f'rollback: NOT NULL or default missing {n}', t
        for n, t in replaced(r'( TYPE [^;\n]* USING \()(.*)(\);$)', r'\1NULLIF(\2, \2)\3', text): yield f'rollback: wrong conversion {n}', t


def run(arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, **more)


class Skip(Exception):
    """what the tests need is not on this machine"""


class Live:
    """a server for the plans that need to see the data, started when the first of them comes"""
    def __init__(self, root):
        self.root, self.server, self.lock = root, None, threading.Lock()

    def plan(self, golden, make):
        with self.lock:  # one at a time: they are few
            if self.server is None:
                servers = find_servers(self.root)
                if 15 not in servers:
                    raise Skip('no PostgreSQL 15 on this machine')
                self.server = Server(servers[15])
            db = self.server.create()
            try:
                self.server.psql(db, golden.before + '\n;\n' + golden.data + '\n;\nanalyze')
                return make(self.server.url(db))
            finally:
                self.server.drop(db)

    def stop(self):
        if self.server:
            self.server.stop()


def judge(golden, binary, a, live):
    """one golden: lines to print, killed, survivors, failures, whether it has tests"""
    lines, dead, survived, failed = [], 0, [], []
    if golden.refused or 15 not in golden.majors:
        return [f'{golden.name}: {"refused by name, no plan" if golden.refused else "not for PostgreSQL 15"}'], 0, [], [], False
    with tempfile.TemporaryDirectory(prefix='contraflow-mutants-') as folder:
        os.chmod(folder, 0o755)
        at = lambda name: os.path.join(folder, name)
        os.makedirs(at('code'))  # the code base: none, whatever the working directory is
        for name, text in (('before.sql', golden.before + '\n;\n' + golden.data), ('schema.sql', golden.before), ('after.sql', golden.after)):
            open(at(name), 'w').write(text)
        make = lambda source: run([binary, 'plan', '--from', source, '--to', at('after.sql'), '--out', at('plan'), '--server', '15', *golden.options])
        r = make(at('before.sql'))
        if r.returncode and 'refused, nothing was written' in r.stderr:
            r = live.plan(golden, make)
        if r.returncode:
            return [], 0, [], [f'{golden.name}: no plan: {r.stderr.strip()[:300]}'], False
        r = run([binary, 'tests', at('plan'), '--schema', at('schema.sql'), '--stack', 'pgtap', '--code', at('code'), '--out', at('suite'), '--run'])
        if r.returncode == 3:
            raise Skip(r.stderr)
        if r.returncode and 'no test ran' in r.stderr:
            notes = [line.split('not tested: ', 1)[1] for line in r.stderr.splitlines() if 'not tested: ' in line]
            return [f'{golden.name}: no tests: {"; ".join(notes)}'], 0, [], [], False
        if r.returncode:
            return [], 0, [], [f'{golden.name}: its own tests fail on it:\n{r.stdout[-1500:]}{r.stderr[-600:]}'], True
        found = []
        for file in sorted(os.listdir(at('plan'))):
            if file.endswith('.sql'):
                found += [(file, label, text) for label, text in mutants(file, open(os.path.join(at('plan'), file)).read())]
        found = [m for m in found if re.search(a.only, m[1])]
        told = [m for m in found if (golden.name, f'{m[0]} {m[1]}') in EQUIVALENT]
        found = [m for m in found if m not in told]
        found.sort(key=lambda m: hashlib.sha256(f'{golden.name} {m[0]} {m[1]}'.encode()).digest())
        for file, label, text in found[:a.most]:
            shutil.copytree(at('plan'), at('mutant'))
            open(os.path.join(at('mutant'), file), 'w').write(text)
            r = run([binary, 'tests', at('mutant'), '--schema', at('schema.sql'), '--suite', at('suite'), '--run'])
            shutil.rmtree(at('mutant'))
            if r.returncode == 1:
                dead += 1
            elif r.returncode == 0:
                survived.append(f'{golden.name}: {file}: {label}')
            else:
                failed.append(f'{golden.name}: {file}: {label}: exit {r.returncode}: {r.stderr.strip()[:300]}')
            if a.list:
                why = next((line for line in r.stdout.splitlines() if line.startswith('        ')), '')
                lines.append(f'  {golden.name}: {file}: {label}: {"killed" if r.returncode == 1 else "SURVIVED"} {why.strip()[:110]}')
        if not a.most:
            lines.append(f'{golden.name}: {r.stdout.strip().splitlines()[-1]}' if r.stdout.strip() else f'{golden.name}: passed')
        else:
            lines.append(f'{golden.name}: {dead} of {min(len(found), a.most)} killed' + (f' ({len(found)} mutants)' if len(found) > a.most else '') + (f', {len(told)} equivalent' if told else ''))
    return lines, dead, survived, failed, True


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--bin', required=True)
    p.add_argument('--list', action='store_true', help='every mutant, not the survivors alone')
    p.add_argument('--at-least', type=float, default=90)
    p.add_argument('--most', type=int, default=10**6, help='mutants of each golden, those with the smallest hash of their name')
    p.add_argument('--only', default='', help='mutants whose name holds this regular expression')
    p.add_argument('--jobs', type=int, default=1, help='goldens at a time')
    p.add_argument('goldens', nargs='+')
    a = p.parse_args()
    binary, root = os.path.realpath(a.bin), os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
    killed, survived, failed, tested, live = 0, [], [], 0, Live(root)

    def one(path):
        try:
            golden = Golden(path, root)
        except Missing as missing:
            return [f'{os.path.basename(path)}: {missing} is not here'], 0, [], [], False
        return judge(golden, binary, a, live)

    try:
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            for lines, dead, alive, wrong, suite in pool.map(one, a.goldens):
                for line in lines:
                    print(line, flush=True)
                killed, survived, failed, tested = killed + dead, survived + alive, failed + wrong, tested + suite
    except Skip as skip:
        print(skip)
        sys.exit(77)
    finally:
        live.stop()
    for line in survived:
        print('survived', line)
    for line in failed:
        print('FAILED', line)
    total = killed + len(survived)
    score = 100 * killed / total if total else 100
    print((f'{killed} of {total} mutants killed: {score:.1f} %; ' if total else '') + f'{tested} of {len(a.goldens)} goldens have tests')
    return 1 if failed or score < a.at_least else 0


if __name__ == '__main__':
    sys.exit(main())
