# SPDX-License-Identifier: Apache-2.0
"""What a database is, by PostgreSQL's own words: pg_dump where it can read the server, and the catalog functions everywhere.

Neither knows anything of contraflow's reader. The state is a dict {title: text}; two states are equal or the difference is shown.
"""
import os, re, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
JOURNAL = False  # True: schema contraflow is a run's journal, no part of the state
CATALOG = open(os.path.join(HERE, 'catalog.sql')).read()
CONTENTS = open(os.path.join(HERE, 'contents.sql')).read()


def dump(server, db):
    """{title: text} per entry of pg_dump, or None where this pg_dump is older than the server"""
    r = subprocess.run(['pg_dump', '--schema-only', *(['--exclude-schema=contraflow'] if JOURNAL else []), '-d', db], env=server.env(), capture_output=True, text=True)
    if r.returncode:
        if 'server version mismatch' in r.stderr:
            return None
        raise RuntimeError('pg_dump: ' + r.stderr[:300])
    text = re.sub(r'^\\(un)?restrict .*\n', '', r.stdout, flags=re.M)  # random since August 2025
    parts = re.split(r'^--\n-- (.*)\n--\n', text, flags=re.M)
    entries = {}
    for title, body in zip(parts[1::2], parts[2::2]):
        # SET default_tablespace / default_table_access_method belong to whichever entry comes first
        body = '\n'.join(l for l in body.split('\n') if not re.match(r'SET default_\w+ = ', l)).strip()
        entries['dump ' + title] = (entries.get('dump ' + title, '') + '\n' + body).strip()
    return entries


def without_journal(query):
    """the three places where a schema is chosen"""
    if not JOURNAL:
        return query
    for old, new in (("nspname <> 'information_schema'", "nspname not in ('information_schema', 'contraflow')"), ("'^(pg_|information_schema$)'", "'^(pg_|information_schema$|contraflow$)'"),
                     ('from pg_sequences order', "from pg_sequences where schemaname <> 'contraflow' order")):
        query = query.replace(old, new)
    return query


def state(server, db, dumped=True):
    """dumped=False: the catalog functions alone, for the many states in between"""
    entries = (dump(server, db) or {}) if dumped else {}
    for line in server.psql(db, without_journal(CATALOG)).stdout.split('\x1e\n'):
        if line:
            title, _, text = line.partition('\x1f')
            entries['catalog ' + title] = text
    return entries


def contents(server, db):
    """a line per table (rows, checksum that sees neither the order of rows nor of columns) and per sequence"""
    return server.psql(db, without_journal(CONTENTS)).stdout.splitlines()


LISTED = re.compile(r'(CREATE STATISTICS .* ON )(.*)( FROM (.*?))(;?(?: \S+(?: -?\d+)?)?)$|(ALTER PUBLICATION .* ADD TABLE ONLY (.*?) \()(.*?)(\).*)$', re.M)


def top_level(text):
    """what stands between commas that no parenthesis or quote encloses"""
    out, depth, quote = [''], 0, ''
    for c in text:
        if quote:
            quote = '' if c == quote else quote
        elif c in '\'"':
            quote = c
        else:
            depth += (c == '(') - (c == ')')
        if c == ',' and not depth and not quote:
            out.append('')
        else:
            out[-1] += c
    return [word.strip() for word in out]


def without_list_order(text, tables):
    """statistics objects and publications keep columns by number, so list them as they stand in their table: where that order is said to differ, so may theirs, and nothing else"""
    def sort(m):
        table, words = (m[4], m[2]) if m[1] else (m[7], m[8])
        if identifiers(table) not in {identifiers(other) for other in tables}:
            return m[0]
        words = ', '.join(sorted(top_level(words)))
        return m[1] + words + m[3] + m[5] if m[1] else m[6] + words + m[9]
    return LISTED.sub(sort, text)


def without_column_order(entries, tables):
    """the state in which the named tables' columns have no order"""
    out, names = {}, {identifiers(table) for table in tables}
    for title, text in entries.items():
        m = re.match(r'dump Name: (.*); Type: (?:TABLE|FOREIGN TABLE); Schema: (.*?)(?:; Owner: .*)?$', title)
        if m and (m[2], m[1]) in names:
            text = '\n'.join(sorted(l.rstrip(',') for l in text.split('\n')))
        if re.match(r'dump .*; Type: (STATISTICS|PUBLICATION TABLE);|catalog statistics ', title):
            text = without_list_order(text, tables)
        m = re.match(r'catalog column order (.*)$', title)
        if not (m and identifiers(m[1]) in names):
            out[title] = text
    return out


def unproven(entries, constraints):
    """the state in which nobody knows whether the named (constraint, table) are validated"""
    out = dict(entries)
    for title, text in entries.items():
        for name, table in constraints:
            if title == f'dump Name: {table} {name}; Type: FK CONSTRAINT' or title.startswith(f'dump Name: {table} {name}; Type: FK CONSTRAINT;'):
                out[title] = text.replace(' NOT VALID;', ';')
            elif title.startswith('catalog constraint ') and title.endswith(f'{table} {name}'):
                out[title] = re.sub(r'^f [tf] ', 'f ? ', text.replace(' NOT VALID', ''))
    return out


def owned(entries, tables):
    """the state in which nobody knows whether NOT NULL of the named partitions is their own beside their parent's (18 and later): no dump shows it"""
    out, names = dict(entries), {identifiers(table) for table in tables}
    for title, text in entries.items():
        m = re.match(r'catalog constraint ((?:"(?:[^"]|"")*"|[^" ])*) ', title)
        if m and identifiers(m[1]) in names:
            out[title] = re.sub(r'^(n [tf]) [tf] (?=[1-9])', r'\1 ? ', text)
    return out


def identifiers(name):
    """what a qualified name is made of: keywords are quoted by one program and not by another"""
    return tuple(quoted.replace('""', '"') if quoted else bare for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^".]+)', name))


def difference(want, got, tables=()):
    """None, or what differs in a few lines"""
    if not any(t.startswith('dump ') for t in got):
        want = {t: text for t, text in want.items() if t.startswith('catalog ')}
    if want == got:
        return None
    if tables:
        want, got = without_column_order(want, tables), without_column_order(got, tables)
    lines = []
    for title in sorted(set(want) | set(got)):
        if want.get(title) != got.get(title):
            a, b = (want.get(title) or '(nothing)').split('\n'), (got.get(title) or '(nothing)').split('\n')
            lines += [f'    {title}', *(f'      want {l}' for l in a if l not in b), *(f'      got  {l}' for l in b if l not in a)]
            if not set(a) ^ set(b):
                lines += ['      the same lines in another order']
    return '\n'.join(lines[:24]) or None
