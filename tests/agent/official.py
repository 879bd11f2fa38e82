#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow mcp` by the official SDK's client and by the inspector's command line:  official.py --bin PROGRAM  (build/mcp: tools/setup.d/mcp.sh)"""
import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time

import life
from held import FAILED, check, servers

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    begun = time.monotonic()
    modules = HERE.parent.parent / 'build/mcp/node_modules'
    found = servers.find_servers(str(HERE.parent.parent))
    for missing, why in [(not shutil.which('node'), 'node is missing'), (15 not in found, 'no PostgreSQL 15 server binaries'),
                         (not (modules / '@modelcontextprotocol/sdk').is_dir(), 'npm could not be reached when tools/setup.d/mcp.sh ran: no build/mcp')]:
        if missing:
            print('official client:', why)
            sys.exit(77)
    server = servers.Server(found[15])
    try:
        with tempfile.TemporaryDirectory(prefix='contraflow-official-') as top:
            p = life.Project(program, server, pathlib.Path(top) / 'project', 'official')
            p.make_plan()
            (p.top / 'app.sql').write_text('SELECT user_name FROM users;\n')
            git = ['git', '-C', str(p.top), '-c', 'user.name=t', '-c', 'user.email=t@t']
            for words in (['init', '-q'], ['add', '-A'], ['commit', '-qm', 'x']): subprocess.run(git + words, check=True)
            done = subprocess.run(['node', str(HERE / 'official_client.mjs'), str(modules), program, str(p.top), p.plan], cwd=p.top, env=p.env, capture_output=True, text=True, timeout=200)
            check('the official client', done.returncode == 0 and done.stdout.startswith('held '), done.stdout + done.stderr[-1500:])
            inspector = modules / '.bin/mcp-inspector'

            def inspect(*words):
                run = subprocess.run([str(inspector), '--cli', program, 'mcp', '--root', str(p.top), *words], cwd=p.top, env=p.env, capture_output=True, text=True, timeout=60)
                try:
                    return json.loads(run.stdout)
                except ValueError:
                    return run.stdout + run.stderr

            if inspector.exists():
                tools = inspect('--method', 'tools/list')
                check('the inspector lists the tools', isinstance(tools, dict) and len(tools['tools']) == 10, tools)
                called = inspect('--method', 'tools/call', '--tool-name', 'check_migration', '--tool-arg', 'sql=DROP TABLE users;')
                check('the inspector calls one', isinstance(called, dict) and 'drop-table' in json.dumps(called), called)
                prompts = inspect('--method', 'prompts/list')
                check('the inspector lists the prompts', isinstance(prompts, dict) and len(prompts['prompts']) == 3, prompts)
            else:
                check('the inspector is there', False, inspector)
    finally:
        server.stop()
    if FAILED: sys.exit(f'{len(FAILED)} failed')
    print(f'official client: all held ({done.stdout.strip()}), {time.monotonic() - begun:.1f} s')


main()
