#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known-bad migrations with the verdict that `contraflow review` must reach, each with a twin that is fine.

  tests/rehearse/catalogue.py --bin build/dev/contraflow [--only lock] tests/golden/rehearse
  UPDATE_GOLDEN=1 tests/rehearse/catalogue.py …      # rewrites the expected blocks

A golden is a sentence and fenced blocks: `sql before`, `sql migration`, `sql rollback`, `sql queries` (of the deployed version), `options` (words for the
command), `text expected`; and for the twin `sql fine`, `sql fine rollback`, `text fine`. Expected is what a person would look at: exit code, answers that are not
the good one, findings, proofs that are not proven, the rows that are in the way. Times and places are left out.
"""
import argparse, concurrent.futures, difflib, glob, json, os, re, subprocess, sys, tempfile

FENCE = re.compile(r'^```([^\n]*)\n(.*?)^```$', re.M | re.S)


def summary(r, answer):
    """the lines that a golden expects"""
    lines = [f'exit {r.returncode}']
    if answer is None:
        return '\n'.join(lines + [l for l in r.stderr.splitlines() if l.startswith('error')]) + '\n'
    for item in answer['items']:
        if not item['good']:
            lines.append(f'{item["id"]}: {item["answer"]}')
    for finding in answer['findings']:
        lines.append(' '.join(filter(None, (finding['severity'], finding['rule'], finding['relation']))))
    for proof in answer['rehearsal']['proofs']:
        if proof['verdict'] != 'proven':
            lines.append(' '.join(filter(None, ('proof', proof['id'], proof['verdict'], proof['outcome']))))
            if proof['id'] == 'preconditions':
                lines += ['  ' + detail for detail in proof['details']]
    traffic = answer['rehearsal']['traffic']
    if traffic:
        for run in traffic['runs']:
            over = run['longest_ms'] > traffic['budget_ms']
            lines.append(f'traffic {run["how"]}: {"stalls" if over else "within the budget"}, {"queries fail" if run["failed"] else "no query fails"}')
    return '\n'.join(lines) + '\n'


class Case:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)[:-3]
        with open(path) as f:
            self.text = f.read()
        self.blocks = {m[1].strip(): m[2] for m in FENCE.finditer(self.text)}

    def run(self, opt, fine):
        with tempfile.TemporaryDirectory(prefix='contraflow-rehearse-') as d:
            def put(name, block):
                if block not in self.blocks:
                    return None
                with open(os.path.join(d, name), 'w') as f:
                    f.write(self.blocks[block])
                return name
            put('before.sql', 'sql before')
            put('m.sql', 'sql fine' if fine else 'sql migration')
            put('m.rollback.sql', 'sql fine rollback' if fine else 'sql rollback')
            words = [opt.bin, '--color', 'never', 'review', 'm.sql', '--schema', 'before.sql', '--format', 'json']
            if put('queries.sql', 'sql queries'):
                words += ['--queries', 'queries.sql']
            words += self.blocks.get('options', '').split()
            if '--traffic' not in words:
                words += ['--stall-budget', '5000']  # whether a small table's lock is brief is a matter of the machine's load
            r = subprocess.run(words, cwd=d, capture_output=True, text=True, timeout=240)
            try:
                return summary(r, json.loads(r.stdout))
            except json.JSONDecodeError:
                return summary(r, None)

    def update(self, block, got):
        new = f'```{block}\n{got}```'
        if block in self.blocks:
            self.text = re.sub(r'^```' + block + r'\n.*?^```$', lambda _: new, self.text, flags=re.M | re.S)
        else:
            self.text = self.text.rstrip('\n') + '\n\n' + new + '\n'
        with open(self.path, 'w') as f:
            f.write(self.text)


def check(case, opt):
    problems = []
    for block, fine in (('text expected', False), ('text fine', True)):
        if fine and 'sql fine' not in case.blocks:
            continue
        got = case.run(opt, fine)
        if os.environ.get('UPDATE_GOLDEN'):
            case.update(block, got)
        elif got != case.blocks.get(block):
            problems += [f'{case.name}, {block}:'] + ['  ' + l for l in difflib.unified_diff((case.blocks.get(block) or '').splitlines(), got.splitlines(), 'expected', 'got', lineterm='', n=1)]
    return problems


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('folder')
    ap.add_argument('--bin', required=True)
    ap.add_argument('--only', default='')
    ap.add_argument('--jobs', type=int, default=2)
    opt = ap.parse_args()
    opt.bin = os.path.abspath(opt.bin)
    found = subprocess.run([opt.bin, 'doctor'], capture_output=True, text=True)
    if found.returncode == 3:
        print('SKIPPED: no PostgreSQL server here\n' + found.stdout)
        sys.exit(1 if os.environ.get('CI') else 77)
    cases = [Case(p) for p in sorted(glob.glob(opt.folder + '/*.md')) if any(o in os.path.basename(p) for o in opt.only.split(',')) and not p.endswith('README.md')]
    if not cases:
        sys.exit('no golden found')
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:
        for case, problems in zip(cases, pool.map(lambda c: check(c, opt), cases)):
            failed += bool(problems)
            print('\n'.join(problems) if problems else f'ok {case.name}', flush=True)
    print(f'{len(cases)} cases, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
