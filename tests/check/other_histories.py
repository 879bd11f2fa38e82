#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `contraflow check` finds beside locked work (breaking changes, transactions, data, idempotence) in a project's whole history, each claim tried on a server.

  tests/check/other_histories.py --bin build/ci/contraflow FOLDER…       folders of migrations as for histories.py

The history runs statement by statement, each migration in the transaction that its runner makes. For each finding the judge does what the rule says will
hurt: a statement that was prepared before the migration is executed after it, a row is inserted before NOT NULL, the index is left invalid before
IF NOT EXISTS, the locks are read from pg_locks, the catalog is compared before and after. Rules about which a server says nothing (missing-rollback, newer-syntax)
are counted apart.
"""
import argparse, collections, json, os, re, subprocess, sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, 'tests', 'laws')]
from histories import migrations, work_done
from libpq import Connection, Failed
from server import Server, find_servers

MODES = ['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
SPOKEN = {re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', m[:-4]).upper(): i for i, m in enumerate(MODES)}
COLUMNS = """select c.oid, c.relname, a.attname, a.attnum, a.attnotnull, a.atthasdef, a.attidentity <> '', a.atttypid, a.atttypmod
  from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
  where attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v', 'm') and nspname !~ '^pg_|information_schema'"""
OBJECTS = """select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'i' then 'index' else 'table' end, relname from pg_class
  union all select 'type', typname from pg_type union all select 'function', proname from pg_proc union all select 'trigger', tgname from pg_trigger
  union all select 'extension', extname from pg_extension union all select 'schema', nspname from pg_namespace"""
LABELS = 'select t.typname, e.enumlabel from pg_enum e join pg_type t on t.oid = enumtypid'
SILENT = {'missing-rollback', 'newer-syntax', 'irreversible-rollback'}


def statements(text):
    """(offset, statement): split at semicolons outside of quotes and comments"""
    begin, at, out = 0, 0, []
    token = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1|;", re.S)
    for m in token.finditer(text):
        if m[0] == ';':
            out.append((begin, text[begin:m.end()]))
            begin = m.end()
    out.append((begin, text[begin:]))
    return [(o, s) for o, s in out if re.sub(r'--[^\n]*|/\*.*?\*/|[\s;]', '', s, flags=re.S)]


def bare(name):
    return re.sub(r'^.*?\.(?=[^.]*$)', '', name).strip('"')


class State:
    def __init__(self, c):
        self.columns = {(r[1], r[2]): r for r in c.run(COLUMNS)}
        self.at = {(r[0], r[3]): r for r in self.columns.values()}
        self.tables = {r[1]: r[0] for r in self.columns.values()}
        self.objects, self.labels = set(c.run(OBJECTS)), set(c.run(LABELS))


class Judge:
    def __init__(self, server):
        self.server, self.database = server, server.create()
        self.c, self.other = Connection(server.url(self.database)), Connection(server.url(self.database))
        self.c.run("set client_min_messages = debug1; set check_function_bodies = off; set timezone = UTC")
        self.names = {}

    def locks(self):
        for oid, name in self.c.run("select oid, relname from pg_class"):
            self.names.setdefault(oid, set()).add(name)  # renamed and dropped ones keep theirs
        out = {}
        for oid, mode in self.c.run("select relation, mode from pg_locks where pid = pg_backend_pid() and relation is not null"):
            for name in self.names.get(oid, ()):
                out[name] = max(out.get(name, 0), MODES.index(mode))
        return out

    def tried(self, *work):
        """the SQLSTATE of the last of these statements, '' where it succeeds; nothing stays"""
        self.c.run('savepoint tried')
        try:
            for sql in work: self.c.run(sql)
            return ''
        except Failed as e:
            return e.sqlstate
        finally:
            self.c.run('rollback to tried; release tried')

    def row(self, table):
        """an INSERT that fills what must be filled"""
        values = {'b': 'true', 'n': '1', 's': "'x'", 'd': 'now()', 't': "'1 day'", 'a': "'{}'"}
        rows = self.c.run(f"""select quote_ident(attname), t.typname, t.typcategory, t.typtype, (select quote_literal(enumlabel) from pg_enum where enumtypid = t.oid order by enumsortorder limit 1)
          from pg_attribute join pg_type t on t.oid = atttypid where attrelid = {self.state.tables[table]} and attnum > 0 and not attisdropped and attnotnull and not atthasdef and attidentity = '' and attgenerated = ''""")
        if not rows: return f'insert into "{table}" default values'
        chosen = [e or {'json': "'{}'", 'jsonb': "'{}'", 'uuid': 'gen_random_uuid()', 'bytea': "'x'", 'inet': "'1.1.1.1'", 'vector': "'[1]'"}.get(t) or values.get(k.lower(), "'x'") for _, t, k, _, e in rows]
        return f'insert into "{table}" ({", ".join(r[0] for r in rows)}) values ({", ".join(chosen)})'

    def before_statement(self, f, sql, locks):
        """True, False, or None: to be asked after the statement or the migration"""
        rule, table, c = f['rule'], bare(f['relation']), self.c
        if rule == 'add-column-not-null':
            c.run('savepoint row')
            self.state = State(c)
            c.run("set session_replication_role = replica")
            code = self.tried(self.row(table))
            verdict = self.tried(self.row(table), sql) == '23502' if not code else 'no row could be made: ' + code
            c.run("rollback to row; release row")
            return verdict
        if rule == 'schema-and-data-in-transaction':
            held = bare(re.search(r'is held on (\S+)$', f['message'])[1])
            return locks.get(held, 0) == 7 and bool(re.match(r'\s*((--[^\n]*|/\*.*?\*/)\s*)*(with|update|insert|delete|do|select)\b', sql, re.I | re.S))
        if rule in ('unbatched-update', 'unbatched-delete'):
            if re.match(r'\s*(--[^\n]*\s*)*do\b', sql, re.I): return re.search(r'\b(update|delete)\b', sql, re.I) is not None
            plan = '\n'.join(r[0] for r in c.run('explain ' + sql.strip().rstrip(';')))
            unique = {r[0] for r in c.run(f"select relname from pg_index join pg_class on oid = indexrelid where indisunique and indrelid = to_regclass('\"{table}\"')")}
            by_key = re.search(rf'Index Scan using ({"|".join(map(re.escape, unique)) or "-"}) on "?{re.escape(table)}"?.*\n\s+Index Cond: \(\S+ = \'?[\w-]+\'?(::\w+)?\)', plan)
            return not by_key and re.search(rf'(Update|Delete) on "?{re.escape(table)}"?', plan) is not None
        if rule == 'update-fires-triggers':
            return c.run(f"select count(*) from pg_trigger where tgrelid = to_regclass('\"{table}\"') and not tgisinternal and tgenabled <> 'D' and tgtype & {8 if f['message'].startswith('DELETE') else 16} <> 0")[0][0] != '0'
        if rule == 'drop-cascade':
            return self.tried(re.sub(r'\bcascade\b', '', sql, flags=re.I)) == '2BP01' or 'nothing depended on it here'
        if rule == 'function-replaced-under-index':
            name = re.search(r'old (?:\S+\.)?(\w+)\(\)', f['message'])[1]
            return c.run(f"select count(*) from pg_depend join pg_proc p on refobjid = p.oid where proname = '{name}' and classid in ('pg_class'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass)")[0][0] != '0'
        return None

    def after_statement(self, f, sql, locks, held, notices):
        rule, table = f['rule'], bare(f['relation'])
        if rule == 'missing-lock-timeout':
            mode = SPOKEN[re.match(r'(.*?) on ', f['message'])[1]]
            return table in self.before.tables and locks.get(table, -1) >= mode and self.c.run('show lock_timeout')[0][0] == '0'
        if f['category'] == 'brief-lock':
            return locks.get(table, -1) >= SPOKEN[f['lock']]
        if rule == 'several-tables-locked':
            m = re.match(r'(\S+) is locked while (\S+) is already locked', f['message'])
            return None if m is None else all(bare(x) in self.before.tables and locks.get(bare(x), 0) >= 4 for x in (m[1], m[2]))
        if rule == 'several-foreign-keys-in-transaction':
            m = re.match(r'(\S+) takes no writes while (\S+) takes none either', f['message'])
            return all(locks.get(bare(x), 0) >= 4 for x in (m[1], m[2]))
        if rule == 'work-under-lock':
            m = re.match(r'this works on all of (\S+) while nobody can use (\S+)', f['message'])
            if m is None: return None
            worked = bare(m[1]) in work_done(self.c, notices) or re.search(rf'\b(update|delete\s+from|from|into|join)\b(\s+only)?\s+(\w+\.)?"?{re.escape(bare(m[1]))}\b', sql, re.I) is not None
            return held.get(bare(m[2]), 0) == 7 and worked
        return None

    def after_migration(self, f, prepared):
        rule, table, a, b = f['rule'], bare(f['relation']), self.before, self.state
        name = re.search(r'column (.+?) of ', f['message']) or re.search(r'(?:leave|return) (.+?) of ', f['message'])
        column = name[1].strip('"') if name else ''
        then, now = a.columns.get((table, column)), b.columns.get((table, column))
        if rule == 'drop-column': return then is not None and (then[0], then[3]) not in b.at
        if rule == 'rename-column': return then is not None and b.at.get((then[0], then[3]), then)[2] != column
        if rule == 'drop-table': return table in a.tables and a.tables[table] not in b.tables.values()
        if rule in ('drop-object', 'rename-object'):
            m = re.match(r'(materialized view|\w+) (.+?) (?:is gone|is called)', f['message'])
            return (m[1], bare(m[2])) in a.objects and (m[1], bare(m[2])) not in b.objects
        if rule == 'rename-table': return table in a.tables and table not in b.tables
        if rule == 'drop-default': return then is not None and then[5] == 't' and now is not None and now[5] == 'f'
        if rule == 'drop-not-null': return then is not None and then[4] == 't' and now is not None and now[4] == 'f'
        if rule == 'not-null-breaks-old-writers': return table in a.tables and now is not None and now[4] == 't' and (now[5] == 'f' or then is not None) and now[6] == 'f' and (then is None or then[4] == 'f')
        if rule == 'type-change-breaks-prepared-statements': return prepared.get((table, column), 'not prepared')
        if rule in ('enum-value-unknown-to-clients', 'rename-enum-value'):
            m = re.search(r"value '(.*?)' of (\S+)", f['message'])
            new, old = (bare(m[2]), m[1]) in b.labels, (bare(m[2]), m[1]) in a.labels
            return new and not old if rule.startswith('enum') else old and not new
        if rule == 'foreign-key-without-index':
            m = re.search(r'begins with \((.*)\)', f['message'])
            wanted = sorted(x.strip().strip('"') for x in m[1].split(','))
            rows = self.c.run(f"select (select array_agg(attname order by attname) from unnest((indkey::int2[])[0:{len(wanted) - 1}]) k join pg_attribute on attrelid = indrelid and attnum = k)::text from pg_index where indrelid = to_regclass('\"{table}\"') and indpred is null")
            return table in b.tables and '{' + ','.join(wanted) + '}' not in {r[0].replace('"', '') for r in rows if r[0]}
        if rule == 'trigger-function-left-behind':
            fn = bare(re.match(r'(\S+)\(\)', f['message'])[1])
            return self.c.run(f"select count(*) from pg_proc p where proname = '{fn}' and not exists (select from pg_trigger where tgfoid = p.oid)")[0][0] != '0'
        if rule == 'trigger-reads-dropped-column':
            m = re.search(r'runs (\S+)\(\), which reads column (\S+):', f['message'])
            return self.c.run(f"select count(*) from pg_trigger t join pg_proc p on tgfoid = p.oid where proname = '{bare(m[1])}' and prosrc ~ '\\y{m[2]}\\y'")[0][0] != '0' and now is None
        return None

    def migration(self, findings, text, wrapped):
        """[(finding, verdict)]; raises Failed where a statement does not run"""
        c, out, waiting = self.c, [], []
        self.before = State(c)
        self.other.run('deallocate all')
        watched = {}
        for f in findings:
            m = re.search(r'that return (.+?) of ', f['message'])
            if f['rule'] == 'type-change-breaks-prepared-statements' and m and (bare(f['relation']), m[1].strip('"')) in self.before.columns:
                key = (bare(f['relation']), m[1].strip('"'))
                watched[key] = f'p{len(watched)}'
                self.other.run(f'prepare {watched[key]} as select "{key[1]}" from "{key[0]}"; execute {watched[key]}')
        lines = [0, *(m.end() for m in re.finditer('\n', text))]
        def place(f):
            return lines[f['line'] - 1] + f['column'] - 1

        if wrapped: c.run('begin')
        for offset, sql in statements(text):
            here = [f for f in findings if offset <= place(f) < offset + len(sql)]
            findings = [f for f in findings if f not in here]
            held = self.locks() if wrapped else {}
            for f in here:
                if f['rule'] == 'concurrently-in-transaction': out.append((f, self.refused_in_transaction(sql)))
                elif f['rule'] == 'if-not-exists-hides-invalid-index': out.append((f, self.stays_invalid(sql, wrapped)))
            asked = [(f, self.before_statement(f, sql, held)) for f in here if f['rule'] not in ('concurrently-in-transaction', 'if-not-exists-hides-invalid-index') and wrapped]
            out += [(f, v) for f, v in asked if v is not None]
            later = [f for f, v in asked if v is None]
            c.notices.clear()
            c.run(sql)
            notices, locks = list(c.notices), self.locks() if wrapped else {}
            for f in later:
                verdict = self.after_statement(f, sql, locks, held, notices)
                if verdict is None: waiting.append(f)
                else: out.append((f, verdict))
        if wrapped: c.run('commit')
        self.state = State(c)
        prepared = {}
        for key, name in watched.items():
            try:
                self.other.run('execute ' + name)
                prepared[key] = False
            except Failed as e:
                prepared[key] = True
        return out + [(f, self.after_migration(f, prepared)) for f in waiting]

    def refused_in_transaction(self, sql):
        c = Connection(self.server.url(self.database))
        try:
            c.run('begin')
            c.run(sql)
            return False
        except Failed as e:
            return e.sqlstate == '25001'
        finally:
            c.close()

    def stays_invalid(self, sql, wrapped):
        name = re.search(r'if\s+not\s+exists\s+(\S+)\s+on', sql, re.I)[1]
        plain = re.sub(r'\bconcurrently\b', '', sql, flags=re.I)
        invalid = f"select indisvalid from pg_index where indexrelid = to_regclass($${name}$$)"
        if self.c.run(invalid): return False  # there before
        self.c.run(plain)
        self.c.run(f"update pg_index set indisvalid = false where indexrelid = to_regclass($${name}$$)")
        self.c.run(sql)
        verdict = self.c.run(invalid) == [('f',)]
        self.c.run('drop index ' + name)
        return verdict


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    p.add_argument('--server', type=int, default=15)
    p.add_argument('folders', nargs='+')
    opt = p.parse_args()
    for folder in opt.folders:
        r = subprocess.run([opt.bin, '--color', 'never', 'check', '--server', str(opt.server), '--format', 'json', folder], capture_output=True, text=True)
        findings = collections.defaultdict(list)
        for f in json.loads(r.stdout)['findings']:
            if f['category'] != 'lock': findings[os.path.abspath(f['file'])].append(f)
        server, counts, wrong, failed, silent, open_ = Server(find_servers(ROOT)[opt.server]), collections.defaultdict(lambda: [0, 0]), [], [], 0, collections.Counter()
        try:
            judge = Judge(server)
            for path, text in migrations(folder):
                mine = findings[os.path.abspath(path)]
                silent += sum(f['rule'] in SILENT for f in mine)
                mine = [f for f in mine if f['rule'] not in SILENT and f['line'] <= text.count('\n') + 1]
                apart = re.search(r'\bconcurrently\b', re.sub(r'--.*', '', text), re.I) is not None
                try:
                    verdicts = judge.migration(mine, text, not apart)
                except Failed as e:
                    failed.append(f'{os.path.relpath(path, folder)}: {e.message[:90]}')
                    try: judge.c.run('rollback')
                    except Failed: pass
                    for _, sql in [(0, text)] if not apart else statements(text):
                        try: judge.c.run(sql)
                        except Failed: pass
                    continue
                for f, verdict in verdicts:
                    if verdict is None or isinstance(verdict, str): open_[f"{f['rule']} {verdict or ''}"] += 1
                    else: counts[f['rule']][0 if verdict else 1] += 1
                    if verdict is False: wrong.append(f"{os.path.relpath(path, folder)}:{f['line']} {f['rule']}: {f['message']}")
        finally:
            server.stop()
        total = [sum(v[i] for v in counts.values()) for i in (0, 1)]
        print(f'{folder}: {sum(total)} findings tried, {total[0]} right, {total[1]} not; {sum(open_.values())} not tried, {silent} about which a server says nothing; {len(failed)} migrations did not run')
        for rule, (good, bad) in sorted(counts.items()): print(f'     {rule:42} {good:5} right {bad:4} not')
        for line in wrong: print('     not:', line)
        for line, n in open_.items(): print(f'     not tried: {line} ({n})')
        for line in failed: print('     did not run:', line)


if __name__ == '__main__':
    main()
