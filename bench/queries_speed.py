#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed of `contraflow queries TABLE` over a code base, cold (no cache) and warm, beside `rg -l TABLE` in the same run.

  queries_speed.py --bin CONTRAFLOW [--code DIR --table NAME] [--lines 1000000] [--runs 5]

Without --code a code base of so many lines is written (TypeScript, Go and Python in a git repository; one file in twenty has SQL, one in fifty of the table). Runs are interleaved;
the median of the elapsed times is told, and the CPU seconds (user + system) of the median run, which a busy machine disturbs less. Both read the tracked files alone."""
import argparse, os, random, resource, shutil, subprocess, sys, tempfile, time

WORDS = 'account amount branch cache client config context count created data delta error event field filter flag group handler index input items key label level limit list local map message model name node offset option order owner page parent path plan query range rate record result role rule scope score session size sort source stage state status step store table tag target task team text time token total trace type unit update user value version view window worker'.split()


def file_text(r, kind, number, lines):
    out = []
    while len(out) < lines:
        a, b, c = (r.choice(WORDS) for _ in range(3))
        if kind == 'ts':
            out += [f'export function {a}{b.title()}{number}({c}: string, options: {{ {b}: number }}) {{', f'  const {a} = {c}.trim().split("/").map((part) => part.length + {r.randrange(99)});',
                    f'  if ({a}.length > options.{b}) throw new Error("the {a} of a {b} is too long: " + {c});', f'  return {{ {a}, {b}: options.{b}, label: `{c} ${{{c}}}` }};', '}', '']
        elif kind == 'go':
            out += [f'func {a.title()}{b.title()}{number}x{len(out)}({c} string) (int, error) {{', f'\tif len({c}) == 0 {{', f'\t\treturn 0, fmt.Errorf("no {a} for {b}")', '\t}', f'\treturn len({c}) + {r.randrange(99)}, nil', '}', '']
        else:
            out += [f'def {a}_{b}_{number}({c}, limit={r.randrange(99)}):', f'    """The {a} of a {b}."""', f'    {a} = [x for x in {c} if x > limit]', f'    return {{"{b}": {a}, "{c}": len({a})}}', '']
    if number % 20 == 0:
        table = 'invoices' if number % 50 == 0 else r.choice(['payments', 'carts', 'parcels'])
        sql = f'SELECT id, total FROM {table} WHERE customer_id = $1 AND total > 0'
        out.append({'ts': f'export const q{number} = (db: any, id: number) => db.query(`{sql}`, [id]);', 'go': f'const q{number} = `{sql}`', 'py': f'Q{number} = "{sql}"'}[kind])
    head = {'ts': '', 'go': 'package a\n\nimport "fmt"\n\n', 'py': ''}[kind]
    return head + '\n'.join(out) + '\n', len(out)


def generate(folder, lines):
    r, total, number = random.Random(7), 0, 0
    while total < lines:
        number += 1
        kind = ('ts', 'ts', 'go', 'py')[number % 4]
        text, count = file_text(r, kind, number, r.randrange(60, 400))
        path = os.path.join(folder, f'part{number % 97}', f'unit{number}.{kind}')
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'w').write(text)
        total += count
    open(os.path.join(folder, 'schema.sql'), 'w').write(''.join(f'CREATE TABLE {t} (id bigint PRIMARY KEY, customer_id bigint, total bigint);\n' for t in ('invoices', 'payments', 'carts', 'parcels')))
    for command in (['init', '-q'], ['add', '-A'], ['-c', 'user.name=b', '-c', 'user.email=b@example.com', 'commit', '-qm', 'generated']):
        subprocess.run(['git', *command], cwd=folder, check=True)
    return total, number


def timed(arguments, folder, environment):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = subprocess.run(arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    elapsed, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode not in (0, 1):
        sys.exit(f'{arguments[0]} exits {run.returncode}: {run.stderr[:400]}')
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    p.add_argument('--code')
    p.add_argument('--table', default='invoices')
    p.add_argument('--schema', help='default: what queries finds, for a generated code base its schema.sql')
    p.add_argument('--lines', type=int, default=1_000_000)
    p.add_argument('--runs', type=int, default=5)
    a = p.parse_args()
    binary = os.path.realpath(a.bin)
    with tempfile.TemporaryDirectory(prefix='contraflow-bench-') as scratch:
        folder = a.code
        if not folder:
            folder = os.path.join(scratch, 'code')
            os.mkdir(folder)
            lines, files = generate(folder, a.lines)
            print(f'{lines} lines in {files} files')
        schema = ['--schema', a.schema or os.path.join(folder, 'schema.sql')] if a.schema or not a.code else []
        environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(scratch, 'cache'))
        queries = [binary, 'queries', a.table, '--format', 'json', *schema]
        what = {'cold': queries + ['--no-cache'], 'warm': queries}
        if shutil.which('rg'):
            what['rg -l'] = ['rg', '-l', a.table, '.']
        timed(queries, folder, environment)  # fills both caches: the schema's facts, the sites
        figures = {name: [] for name in what}
        for _ in range(a.runs):
            for name, command in what.items():
                figures[name].append(timed(command, folder, environment))
        median = {name: sorted(runs)[len(runs) // 2] for name, runs in figures.items()}
        for name, (elapsed, cpu) in median.items():
            ratio = f"  {elapsed / median['rg -l'][0]:.2f} x rg's time, {cpu / max(0.001, median['rg -l'][1]):.2f} x its CPU" if 'rg -l' in median and name != 'rg -l' else ''
            print(f'queries {name:6}' if name != 'rg -l' else 'ripgrep       ', f'{elapsed * 1000:7.0f} ms, {cpu * 1000:6.0f} ms of CPU{ratio}')


if __name__ == '__main__':
    main()
