#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How well does `contraflow queries` find the queries of a code base? Three measures that know nothing of its scanner, and a sample to label by hand.

  measure.py calls    --code DIR --sites SITES.json             every `.model.method(` of Prisma's client in the text of the files, which reported site is it?
  measure.py mentions --code DIR --sites SITES.json             every FROM, JOIN, INTO, UPDATE, USING before a table of the schema, is there a site over it with that table?
  measure.py columns  --sites SITES.json                        tables and columns of each complete statement, as the server (PGHOST, PGDATABASE …) sees them
  measure.py sample   --code DIR --sites SITES.json --seed N    100 random sites with what is said of them, to be read and labelled
  measure.py draw     --code DIR --kind sql|prisma --seed N     100 random places of the text that look like SQL or like a call, the scanner not asked: to be labelled first and compared afterwards

SITES.json is what `contraflow queries --no-cache --format json` printed for DIR. `calls` and `mentions` print what no site covers, to be read: comments and
prose among it are no misses. `columns` makes of each statement a function with a body BEGIN ATOMIC, which the server parses, and reads pg_depend: columns that a
statement names. (A whole row counts there as the table alone, and all columns of a table as used by ON CONFLICT DO UPDATE.)"""
import argparse, json, os, random, re, subprocess

METHODS = ('findMany findFirst findFirstOrThrow findUnique findUniqueOrThrow count aggregate groupBy create createMany createManyAndReturn update updateMany '
           'updateManyAndReturn upsert delete deleteMany').split()


def tracked(root, endings, skip):
    out = subprocess.run(['git', 'ls-files', '-z'] + ['*.' + e for e in endings], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in out.split('\0'):
        path = os.path.join(root, name)
        if name and os.path.isfile(path) and not (skip and re.search(skip, name)):
            yield name, open(path, 'rb').read()


def shown(name, text, begin, end):
    around = re.sub(rb'\s+', b' ', text[max(0, begin - 60):end + 40]).decode('utf8', 'replace')
    print(f'not covered  {name}:{text.count(10, 0, begin) + 1}: {around}')


def by_file(sites, prisma):
    out = {}
    for site in sites:
        if (site['origin'] == 'prisma') == prisma:
            out.setdefault(site['file'], []).append(site)
    return out


def models(root):
    text = b''.join(t for _, t in tracked(root, ['prisma'], None)).decode()
    return [(m[0], (re.search(r'@@map\("([^"]+)"', m[1]) or [None, m[0]])[1]) for m in re.findall(r'^(?:model|view)\s+(\w+)\s*\{(.*?)^\}', text, re.M | re.S)]


def calls(a, sites):
    names = '|'.join(sorted((m[0].lower() + m[1:] for m, _ in models(a.code)), key=len, reverse=True))
    pattern = re.compile((r'\.\s*(' + names + r')\b\s*[!?]?\s*\.\s*(' + '|'.join(METHODS) + r')\s*(?:<[^()]*>)?\(').encode())
    reported, total, missed, seen = by_file(sites, True), 0, 0, set()
    for name, text in tracked(a.code, ['ts', 'tsx', 'js', 'jsx', 'mjs', 'cjs', 'mts'], a.skip):
        for m in pattern.finditer(text):
            total += 1
            over = [s for s in reported.get(name, []) if s['begin'] <= m.end() - 1 <= s['end'] and re.sub(r'[\s!?]', '', s['call']).endswith(f'{m[1].decode()}.{m[2].decode()}')]
            if over:
                seen.add((name, over[0]['begin']))
            else:
                missed += 1
                shown(name, text, m.start(), m.end())
    print(f'{total} calls by their text, {missed} not covered; {sum(map(len, reported.values()))} sites reported, {sum(map(len, reported.values())) - len(seen)} of them no such text')


def mentions(a, sites):
    tables = {t for _, t in models(a.code)} | {u['name'] for s in sites for u in s['tables'] if u['known']}
    if a.tables:
        tables |= set(open(a.tables).read().split())
    pattern = re.compile(rb'\b(?:FROM|JOIN|INTO|UPDATE|USING|from|join|into|update)(?:\s+only|\s+ONLY)?\s+(?:\\?"?public\\?"?\.)?[\\"`]*(' +
                         b'|'.join(re.escape(t.encode()) for t in sorted(tables, key=len, reverse=True)) + rb')(?![\w.])')
    reported, total, covered, low = by_file(sites, False), 0, 0, 0
    for name, text in tracked(a.code, ['ts', 'tsx', 'js', 'mjs', 'py', 'go', 'java', 'rb', 'sql'], a.skip):
        for m in pattern.finditer(text):
            total += 1
            over = [s for s in reported.get(name, []) if s['begin'] <= m.start(1) <= s['end'] and any(u['name'] == m[1].decode() for u in s['tables'])]
            covered += bool(over)
            low += bool(over) and all(s['confidence'] == 'low' for s in over)
            if not over:
                shown(name, text, m.start(), m.end())
    print(f'{total} mentions of tables by their text, {covered} covered, {low} of them by sites of low confidence alone')


def columns(a, sites):
    cases = list({s['statement']: s for s in sites if s['origin'] in ('raw_sql', 'sql_file') and s['confidence'] != 'low' and s.get('statement') and
                  s['operation'] in ('select', 'insert', 'update', 'delete')}.values())
    script = []
    for i, site in enumerate(cases):
        statement = site['statement'].rstrip().rstrip(';')
        script.append(f"""\\echo CASE {i}
PREPARE p{i} AS {statement};
DO $contraflow$ DECLARE types text; BEGIN
  SELECT coalesce(string_agg(format_type(x, NULL), ',' ORDER BY n), '') INTO types FROM pg_prepared_statements, unnest(parameter_types) WITH ORDINALITY u(x, n) WHERE name = 'p{i}';
  EXECUTE 'CREATE FUNCTION pg_temp.f{i}(' || types || ') RETURNS void LANGUAGE sql BEGIN ATOMIC ' || $statement$ {statement} $statement$ || '; END';
END $contraflow$;
SELECT CASE WHEN d.refobjsubid > 0 THEN 'COLUMN ' || c.relname || '.' || a.attname ELSE 'TABLE ' || c.relname END FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm')
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.objid = (SELECT oid FROM pg_proc WHERE proname = 'f{i}' AND pronamespace = pg_my_temp_schema());
DEALLOCATE ALL;
""")
    run = subprocess.run(['psql', '-XqAt'], input='\n'.join(script), capture_output=True, text=True)
    seen, at = {}, None
    for line in run.stdout.splitlines():
        word, _, name = line.partition(' ')
        if word == 'CASE':
            at = int(name)
        elif word in ('COLUMN', 'TABLE'):
            entry = seen.setdefault(at, (set(), set()))
            entry[0].add(name.split('.')[0])
            if word == 'COLUMN':
                entry[1].add(name)
    same = tables = extra_tables = lost_tables = columns_ = extra = lost = 0
    for i, (server_tables, server_columns) in sorted(seen.items()):
        said_tables = {u['name'] for u in cases[i]['tables'] if u['known']}
        said = {f"{u['name']}.{c}" for u in cases[i]['tables'] if u['known'] for c in u['columns']}
        tables += len(said_tables & server_tables)
        extra_tables += len(said_tables - server_tables)
        lost_tables += len(server_tables - said_tables)
        columns_ += len(said & server_columns)
        extra += len(said - server_columns)
        lost += len(server_columns - said)
        if said == server_columns and said_tables == server_tables:
            same += 1
        else:
            print(f"differs  {cases[i]['file']}:{cases[i]['line']}: said too much {sorted(said - server_columns)[:5]}, too little {sorted(server_columns - said)[:5]}")
    print(f'{len(cases)} statements, {len(seen)} accepted by the server, {same} exactly the same; tables {tables} same, {extra_tables} too many, {lost_tables} missing; '
          f'columns {columns_} same, {extra} too many, {lost} missing')


def sample(a, sites):
    chosen = [s for s in sites if s['origin'] in a.origin.split(',') and s['confidence'] != 'low']
    random.Random(a.seed).shuffle(chosen)
    for i, site in enumerate(chosen[:a.count]):
        text = open(os.path.join(a.code, site['file']), 'rb').read()[site['begin']:site['end']].decode('utf8', 'replace')
        short = re.sub(r'\s+', ' ', text)[:600]
        print(f"#{i} {site['file']}:{site['line']} {site['confidence']}\n   {short}")
        for use in site['tables']:
            names = 'all' if use['all_columns'] or use['select_star'] else ', '.join(use['columns'])
            print(f"   -> {use['operation']} {use['name']} ({names}){' nested' if use['nested'] else ''}{' unfiltered' if use['unfiltered'] else ''}")


# Wider than what any scanner takes: prose, comments and other databases' SQL are among them.
LOOKS_LIKE = {
    'sql': (r'\.(ts|tsx|mts|js|jsx|mjs|cjs|py|go|java|rb|sql)$', re.compile(r'\bselect\s[^;]{1,600}?\bfrom\s|\binsert\s+into\s|\bupdate\s+[^;]{1,80}?\sset\s|\bdelete\s+from\s|\btruncate\s|\bmerge\s+into\s', re.I)),
    'prisma': (r'\.(ts|tsx|mts|js|jsx|mjs|cjs)$', re.compile(r'\.\s*\w+\s*[!?]?\s*\.\s*(' + '|'.join(METHODS) + r')\s*(<[^()]*>)?\(')),
}


def draw(a, _):
    endings, pattern = LOOKS_LIKE[a.kind]
    places = []
    for name in sorted(subprocess.run(['git', 'ls-files', '-z'], cwd=a.code, capture_output=True, text=True, check=True).stdout.split('\0')):
        path = os.path.join(a.code, name)
        if re.search(endings, name) and '/migrations/' not in '/' + name and os.path.isfile(path):
            text = open(path, 'rb').read().decode('utf8', 'replace')
            places += [(name, text, m.start()) for m in pattern.finditer(text)]
    print(f'{len(places)} places')
    random.Random(a.seed).shuffle(places)
    for i, (name, text, at) in enumerate(places[:a.count]):
        print(f"#{i} {name}:{text.count(chr(10), 0, at) + 1} " + re.sub(r'\s+', ' ', text[max(0, at - 100):at]) + '«' + re.sub(r'\s+', ' ', text[at:at + 400]) + '»')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', choices=['calls', 'mentions', 'columns', 'sample', 'draw'])
    p.add_argument('--code', default='.')
    p.add_argument('--sites', help='needed for all but draw')
    p.add_argument('--kind', choices=sorted(LOOKS_LIKE), default='sql', help='for draw')
    p.add_argument('--skip', default='/migrations?/.*sql$', help='files to leave out, a regular expression')
    p.add_argument('--tables', help='file with names of tables, where no schema.prisma names them')
    p.add_argument('--origin', default='raw_sql,sql_file', help='for sample: or prisma')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--count', type=int, default=100)
    a = p.parse_args()
    if a.what != 'draw' and not a.sites:
        p.error('--sites is missing')
    {'calls': calls, 'mentions': mentions, 'columns': columns, 'sample': sample, 'draw': draw}[a.what](a, json.load(open(a.sites))['sites'] if a.sites else [])


if __name__ == '__main__':
    main()
