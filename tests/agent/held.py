# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: checks that are counted, and a run on a server of its own."""
import argparse, os, pathlib, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'laws'))
import server as servers

FAILED = []


def check(name, holds, shown=''):
    if not holds:
        FAILED.append(name)
        print(f'FAIL  {name}  {str(shown)[:1500]}', flush=True)


def run(what, tests, needs=()):
    """calls tests(program, server, folder), which may return a figure to print; `needs` are pairs of what must hold and what is missing else; exit 77 where one
    does not hold or there is no server, 1 where a check failed"""
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    begun = time.monotonic()
    found = servers.find_servers(str(HERE.parent.parent))
    for holds, missing in [*needs, (15 in found, 'no PostgreSQL 15 server binaries')]:
        if not holds:
            print(f'{what}: {missing}')
            sys.exit(77)
    server = servers.Server(found[15])
    try:
        with tempfile.TemporaryDirectory(prefix='contraflow-agent-') as top:
            said = tests(program, server, pathlib.Path(top))
    finally:
        server.stop()
    if FAILED: sys.exit(f'{len(FAILED)} failed')
    print(f'{what}: all held{f"; {said}" if said else ""}, {time.monotonic() - begun:.1f} s')
