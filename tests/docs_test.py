#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the command blocks of the tutorial and the how-tos as a reader would:  docs_test.py --bin PROGRAM

A block is ```sh; `exit=N` or `exit=any` behind it says how its last command ends, `not-run` leaves it out. The blocks of a page run one after another in one shell's folder.
"""
import argparse, os, pathlib, re, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'laws'))
import server as servers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    begun = time.monotonic()
    found = servers.find_servers(str(HERE.parent))
    if 15 not in found:
        print('docs: no PostgreSQL 15 server binaries')
        sys.exit(77)
    server, failed, count = servers.Server(found[15]), 0, 0
    try:
        with tempfile.TemporaryDirectory(prefix='contraflow-docs-') as top:
            top = pathlib.Path(top)
            (top / 'bin').mkdir()
            (top / 'bin/contraflow').symlink_to(program)
            for page in ('tutorial', 'how-to'):
                name = 'docs_' + page.replace('-', '_')
                server.psql('postgres', f'CREATE DATABASE {name}')
                folder = top / page
                folder.mkdir()
                shutil.copytree(HERE.parent / 'examples', folder / 'examples')
                env = {k: v for k, v in os.environ.items() if not k.startswith(('PG', 'CONTRAFLOW', 'ANTHROPIC'))}
                env |= {'PATH': f'{top}/bin:{env["PATH"]}', 'DATABASE_URL': server.url(name), 'NO_COLOR': '1', **{f'XDG_{k}_HOME': str(top / k.lower()) for k in ('CACHE', 'STATE', 'CONFIG')}}
                blocks = re.findall(r'^```sh([^\n]*)\n(.*?)^```$', (HERE.parent / f'docs/{page}.md').read_text(), re.M | re.S)
                where = str(folder)
                for words, block in blocks:
                    if 'not-run' in words: continue
                    wanted = re.search(r'exit=(\w+)', words)
                    run = subprocess.run(['bash', '-e', '-c', f'cd {where}\ntrap \'pwd > {top}/where\' EXIT\n{block}'], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
                    count += 1
                    good = (run.returncode in (0, 1)) if wanted and wanted[1] == 'any' else run.returncode == int(wanted[1] if wanted else 0)
                    where = (top / 'where').read_text().strip()
                    if not good:
                        failed += 1
                        print(f'FAIL  docs/{page}.md: exit {run.returncode}\n{block}{run.stdout[-1500:]}{run.stderr[-1500:]}', flush=True)
            # What the pages promise at their ends.
            run = subprocess.run([program, 'next', str(top / 'tutorial/shop/migrations/next'), '--target', server.url('docs_tutorial')], capture_output=True, text=True, cwd=top)
            if 'done' not in run.stdout: failed += 1; print('FAIL  the tutorial does not end in done', run.stdout, run.stderr)
            plans = len(list((top / 'how-to').glob('*/plan.json')))
            if plans != 9: failed += 1; print(f'FAIL  {plans} plans of the how-tos')
    finally:
        server.stop()
    if failed: sys.exit(f'{failed} failed')
    print(f'docs: {count} blocks ran, {time.monotonic() - begun:.1f} s')


main()
