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


def run(what, tests):
    """calls tests(program, server, folder); exit 77 where there is no server, 1 where a check failed"""
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    begun = time.monotonic()
    found = servers.find_servers(str(HERE.parent.parent))
    if 15 not in found:
        print(f'{what}: no PostgreSQL 15 server binaries')
        sys.exit(77)
    server = servers.Server(found[15])
    try:
        with tempfile.TemporaryDirectory(prefix='contraflow-agent-') as top:
            tests(program, server, pathlib.Path(top))
    finally:
        server.stop()
    if FAILED: sys.exit(f'{len(FAILED)} failed')
    print(f'{what}: all held, {time.monotonic() - begun:.1f} s')
