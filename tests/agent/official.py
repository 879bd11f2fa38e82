#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow mcp` by the official SDK's client and by the inspector's command line:  official.py --bin PROGRAM  (build/mcp: tools/setup.d/mcp.sh)"""
import json, pathlib, shutil, subprocess

import held, life, tokens
from held import check

HERE = pathlib.Path(__file__).resolve().parent
MODULES = HERE.parent.parent / 'build/mcp/node_modules'
TOKENIZER = HERE.parent.parent / 'build/formats/node_modules'
MOST_TOKENS = 2000  # of all tool descriptions together
CODE = "export const names = (pool: any, id: number) => pool.query('SELECT * FROM users WHERE id = $1', [id]);\n"


def tests(program, server, top):
    spent = []
    p = life.Project(program, server, top / 'project', 'official')
    p.make_plan()
    (p.top / 'app.sql').write_text('SELECT user_name FROM users;\n')
    (p.top / 'src').mkdir()
    (p.top / 'src/users.ts').write_text(CODE)
    git = ['git', '-C', str(p.top), '-c', 'user.name=t', '-c', 'user.email=t@t']
    for words in (['init', '-q'], ['add', '-A'], ['commit', '-qm', 'x']): subprocess.run(git + words, check=True)
    done = subprocess.run(['node', str(HERE / 'official_client.mjs'), str(MODULES), program, str(p.top), p.plan], cwd=p.top, env=p.env, capture_output=True, text=True, timeout=200)
    check('the official client', done.returncode == 0 and done.stdout.startswith('held '), done.stdout + done.stderr[-1500:])
    patch = subprocess.run(['git', '-C', str(p.top), 'apply', '-'], input=(p.top / 'orm.diff').read_text() if (p.top / 'orm.diff').exists() else '', capture_output=True, text=True)
    check('the diff of orm_patch applies', patch.returncode == 0, patch.stderr)
    code = (p.top / 'src/users.ts').read_text()
    check('the code names the columns that it had', 'SELECT id, user_name FROM users WHERE' in code, code)
    inspector = MODULES / '.bin/mcp-inspector'

    def inspect(*words):
        run = subprocess.run([str(inspector), '--cli', program, 'mcp', '--root', str(p.top), *words], cwd=p.top, env=p.env, capture_output=True, text=True, timeout=60)
        try:
            return json.loads(run.stdout)
        except ValueError:
            return run.stdout + run.stderr

    if inspector.exists():
        tools = inspect('--method', 'tools/list')
        check('the inspector lists the tools', isinstance(tools, dict) and len(tools['tools']) == 10, tools)
        # What a client hands to the model of each tool.
        shown = json.dumps([{key: tool[key] for key in ('name', 'description', 'inputSchema')} for tool in tools['tools']])
        spent = tokens.count(TOKENIZER, [shown])[0]
        check(f'tool descriptions below {MOST_TOKENS} tokens', 0 < max(spent) < MOST_TOKENS, spent)
        called = inspect('--method', 'tools/call', '--tool-name', 'check_migration', '--tool-arg', 'sql=DROP TABLE users;')
        check('the inspector calls one', isinstance(called, dict) and 'drop-table' in json.dumps(called), called)
        prompts = inspect('--method', 'prompts/list')
        check('the inspector lists the prompts', isinstance(prompts, dict) and len(prompts['prompts']) == 3, prompts)
    else:
        check('the inspector is there', False, inspector)
    return done.stdout.strip() + (f', tool descriptions {spent[0]} tokens (o200k_base), {spent[1]} (cl100k_base)' if spent else '')


held.run('official client', tests, [(shutil.which('node'), 'node is missing'), ((MODULES / '@modelcontextprotocol/sdk').is_dir(), 'npm could not be reached when tools/setup.d/mcp.sh ran: no build/mcp'),
                                        (TOKENIZER.is_dir(), 'npm could not be reached when tools/setup.d/formats.sh ran: no build/formats')])
