#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds `contraflow rehearse` against an independent judge, over the migration histories of real projects.

  rehearse_histories.py --judge histories.py --mirror DIR --project NAME[,NAME…] --bin contraflow --work DIR [--limit N]

The judge (a script that replays each history and compares pg_dump's output; its module gives PROJECTS, LAYOUTS and files()) says for every
migration whether its hand-written down is exact, order, differs, fails or empty. Here each of them is rehearsed by itself on the judge's
schema before it, without rows (on made-up ones where it looks for some), and the outcome of `rollback.schema` must be the same. Needs the judge's server (PGHOST, PGPORT, PGUSER).
Exit 1: a verdict differs; `unknown` is none.
"""
import argparse, collections, importlib.util, json, os, re, subprocess, sys, time


def load(path):
    spec = importlib.util.spec_from_file_location('judge', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('judge', 'mirror', 'project', 'bin', 'work'):
        ap.add_argument('--' + name, required=True)
    ap.add_argument('--limit', type=int)
    ap.add_argument('--every', type=int, default=1, help='only each N-th migration')
    ap.add_argument('--only', help='only migrations whose name holds one of these, by commas')
    opt = ap.parse_args()
    judge = load(opt.judge)
    seen, wrong, slowest, started = collections.Counter(), [], 0, time.time()
    for name in opt.project.split(','):
        p = judge.PROJECTS[name]
        out, pairs = os.path.join(opt.work, name + '.json'), os.path.join(opt.work, name)
        if not os.path.exists(out):
            subprocess.run([sys.executable, opt.judge, '--mirror', opt.mirror, '--project', name, '--pairs', pairs, '--out', out, '--jobs', '1'] + (['--limit', str(opt.limit)] if opt.limit else []),
                           check=True, stdout=subprocess.DEVNULL)
        said = json.load(open(out))['projects'][0]
        git = os.path.join(opt.mirror, p['repo'].replace('/', '+'), 'repo')
        texts = {m.id: m for m in judge.LAYOUTS[p['layout']](judge.files(git, [p['path']] if isinstance(p['path'], str) else p['path']), p)}
        for record in said['migrations'][::opt.every]:
            before = os.path.join(pairs, f'{name}_{record["k"]:04d}', 'old.sql')
            if opt.only and not any(part in record['id'] for part in opt.only.split(',')):
                continue
            if record['up'] != 'ok' or not record['changes'] or record['down'] in (None, 'missing') or not os.path.exists(before):
                continue
            m = texts[record['id']]
            up, down = m.up, m.down
            for who, rx, to in p.get('subst', []):
                if who in m.id:
                    up, down = re.sub(rx, to, up), re.sub(rx, to, down)
            folder = os.path.join(opt.work, 'now')
            os.makedirs(folder, exist_ok=True)
            mark = '-- no-transaction\n' if m.alone else ''
            open(folder + '/up.sql', 'w').write(mark + up)
            open(folder + '/down.sql', 'w').write(mark + down)
            if p.get('prelude'):  # what the application itself runs first; the judge's schema leaves it out
                with open(folder + '/before.sql', 'w') as f:
                    f.write(p['prelude'] + ';\n' + open(before).read())
                before = folder + '/before.sql'
            t = time.time()
            # The judge's schema is a dump without rows; where a migration looks for some, made-up ones may do.
            for rows in (['--no-rows'], []):
                r = subprocess.run([opt.bin, 'rehearse', folder + '/up.sql', '--schema', before, *rows, '--format', 'json'], capture_output=True, text=True)
                try:
                    proofs = {x['id']: x for x in json.loads(r.stdout)['proofs']}
                except json.JSONDecodeError:
                    break
                if proofs.get('forward', {}).get('verdict') != 'unknown':
                    break
            slowest = max(slowest, time.time() - t)
            try:
                json.loads(r.stdout)
                got = proofs['rollback.schema']['outcome'] if 'rollback.schema' in proofs else 'forward: ' + proofs['forward']['verdict']
                why = proofs.get('rollback.schema', proofs.get('forward', {})).get('reason', '')
                if 'unknown' in (proofs.get('rollback.schema', {}).get('verdict'), proofs.get('forward', {}).get('verdict')):
                    got = 'unknown'
            except (json.JSONDecodeError, KeyError):
                got, why = 'no answer', r.stderr.strip()[:200]
            seen[record['down'], got] += 1
            if got != record['down']:
                wrong.append((name, record['id'], record['down'], got, why[:200], proofs.get('rollback.schema', {}).get('details', [])[:3] if got != 'no answer' else []))
                print(f'{name} {record["id"]}: the judge says {record["down"]}, rehearse says {got}: {why[:300]}', flush=True)
    total = sum(seen.values())
    agree = sum(n for (a, b), n in seen.items() if a == b)
    print(f'{total} migrations, {agree} the same verdict; slowest rehearsal {slowest:.1f} s; {time.time() - started:.0f} s')
    for (a, b), n in sorted(seen.items()):
        print(f'  judge {a:8} rehearse {b:10} {n}')
    for w in wrong:
        print('  ', *w)
    sys.exit(1 if any(w[3] != 'unknown' for w in wrong) else 0)


if __name__ == '__main__':
    main()
