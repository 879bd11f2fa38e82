#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`apply_phase` and the tools that run a plan, from an assistant that may write every file of the project and more:  approved.py --bin PROGRAM

The person approves at a terminal of their own. Each attack has to leave the database as it is.
"""
import hashlib, json, os, subprocess, time

import held, life, mcp_test
from held import check


def attacks(program, server, top):
    p = life.Project(program, server, top, 'approved')
    p.make_plan()
    folder = top / p.plan
    columns = lambda: server.psql('approved', "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped").stdout.strip()
    hash_of = lambda: hashlib.sha256((folder / 'plan.json').read_bytes()).hexdigest()
    env = {k: v for k, v in p.env.items() if k.startswith(('XDG', 'SHOP'))}
    start = lambda: mcp_test.Session(program, top, top / 'state', env)
    before, plan = columns(), hash_of()

    def refused(name, said, word=''):
        text = json.dumps(said) if not isinstance(said, str) else said
        check(f'{name}: refused', isinstance(said, str) and word in text, text)
        check(f'{name}: nothing changed', columns() == before, columns())

    s = start()
    refused('no key, no approval', s.call('apply_phase', plan_hash=plan, phase='expand'), 'not approved')
    for hash in ['../../etc/passwd', 'x' * 64, '', plan[:-1]]: refused(f'hash {hash[:20]!r}', s.call('apply_phase', plan_hash=hash, phase='expand'))
    for name, value in {'force': True, 'yes': True, 'gate_override': 'please', 'database': p.url, 'approval': 'yes', 'target': p.url}.items():
        refused(f'argument {name}', s.call('apply_phase', plan_hash=plan, phase='expand', **{name: value}), 'no argument')
    s.end()

    code, said = p.approve('--phase', 'expand', '--phase', 'backfill')
    check('a person approves', code == 0, said)
    approvals, config = top / 'state/contraflow/approvals', top / 'config/contraflow'
    approval = approvals / f'{plan}.json'
    good = approval.read_text()
    s = start()
    refused('a phase that was not approved', s.call('apply_phase', plan_hash=plan, phase='contract'), 'not approved')

    # The assistant edits the approval.
    forged = json.loads(good)
    forged['approval'] = forged['approval'].replace('"backfill"', '"contract"')
    approval.write_text(json.dumps(forged))
    refused('an approval that was edited', s.call('apply_phase', plan_hash=plan, phase='contract'), 'not signed')
    # It makes a key of its own, signs with it, and puts it in the person's place.
    mine = top / 'mine'
    mine_env = p.env | {'XDG_CONFIG_HOME': str(mine / 'config'), 'XDG_STATE_HOME': str(mine / 'state')}
    code, said = life.at_terminal([program, 'approve', p.plan, '--phase', 'expand', '--phase', 'contract'], [('assphrase, at least', 'mine mine mine'), ('nce more', 'mine mine mine'), ('to approve', 'mine mine mine')], top, mine_env)
    check('the assistant has a key', code == 0, said)
    person = (config / 'approval.pub').read_bytes()
    approval.write_text((mine / f'state/contraflow/approvals/{plan}.json').read_text())
    refused('an approval with another key', s.call('apply_phase', plan_hash=plan, phase='expand'), 'not signed')
    (config / 'approval.pub').write_bytes((mine / 'config/contraflow/approval.pub').read_bytes())
    refused('a key that was exchanged during the session', s.call('apply_phase', plan_hash=plan, phase='expand'), 'not signed')
    (config / 'approval.pub').write_bytes(person)
    approval.write_text(good)

    # It edits the plan: the files, then plan.json to match.
    sql, original = folder / '1_expand.sql', (folder / '1_expand.sql').read_text()
    plan_json = (folder / 'plan.json').read_text()
    sql.write_text(original + '\nDROP TABLE users;\n\\! touch pwned\n')
    refused('edited SQL', s.call('rehearse', plan=p.plan), 'refresh')
    said = s.call('apply_phase', plan_hash=plan, phase='expand')
    check('edited SQL does not run', isinstance(said, dict) and said['outcome'] == 'refused' and columns() == before, said)
    matching = plan_json.replace(hashlib.sha256(original.encode()).hexdigest(), hashlib.sha256(sql.read_bytes()).hexdigest())
    check('the forgery is one', matching != plan_json)
    (folder / 'plan.json').write_text(matching)
    for tool, more in [('rehearse', {}), ('orm_patch', {}), ('generate_tests', {'out': 'tests_of_plan'})]:
        refused(f'{tool} of a forged plan', s.call(tool, plan=p.plan, **more), 'not written by contraflow')
    refused('a forged plan under the old hash', s.call('apply_phase', plan_hash=plan, phase='expand'), 'has this hash')
    refused('a forged plan under its own hash', s.call('apply_phase', plan_hash=hash_of(), phase='expand'), 'not approved')
    check('psql ran nothing', not (top / 'pwned').exists() and not list(top.rglob('pwned')))
    sql.write_text(original)
    (folder / 'plan.json').write_text(plan_json)

    # It leads the server to another database.
    (top / 'contraflow.toml').write_text((top / 'contraflow.toml').read_text().replace('env:SHOP_URL', 'dbname=production'))
    refused('another database', s.call('apply_phase', plan_hash=plan, phase='expand'), 'not what it was')
    s.end()
    other = server.url('postgres')
    (top / 'contraflow.toml').write_text((top / 'contraflow.toml').read_text().replace('dbname=production', 'env:SHOP_URL'))
    s = mcp_test.Session(program, top, top / 'state', env | {'SHOP_URL': other})
    said = s.call('apply_phase', plan_hash=plan, phase='expand')
    check('an approval is for its database', isinstance(said, dict) and said['outcome'] == 'refused' and columns() == before, said)
    s.end()

    # Out of the project: a folder for the tests elsewhere.
    s = start()
    for out in ['../elsewhere', '/tmp/elsewhere', '-x', p.plan]: refused(f'tests into {out}', s.call('generate_tests', plan=p.plan, out=out))
    # What was approved runs, tells its progress, and is recorded.
    status = s.call('status')
    check('status shows hash, approval and next step', status['plans'][0]['hash'] == plan and status['plans'][0]['approved'] and status['plans'][0]['next']['step'], status)
    s.send({'jsonrpc': '2.0', 'id': 'go', 'method': 'tools/call', 'params': {'name': 'apply_phase', 'arguments': {'plan_hash': plan, 'phase': 'expand'}, '_meta': {'progressToken': 'p1'}}})
    told = []
    while (answer := s.receive()).get('id') != 'go': told.append(answer)
    result = answer['result']['structuredContent']['result']
    check('the approved phase ran', result['outcome'] == 'done' and columns() == 'id,user_name,name', (result, columns()))
    steps = [one['params']['progress'] for one in told if one.get('method') == 'notifications/progress' and one['params']['progressToken'] == 'p1']
    check('progress was told, and grows', steps and steps == sorted(set(steps)), told)
    # contract without an approval, with one whose gate does not hold, and after it expired.
    check('contract waits for a person', 'not approved' in str(s.call('apply_phase', plan_hash=plan, phase='contract')))
    s.end()
    code, said = p.approve('--hours', '0.001')
    check('approved for 3.6 seconds', code == 0, said)
    time.sleep(4)
    s = start()
    check('an approval expires', 'expired' in str(s.call('apply_phase', plan_hash=plan, phase='backfill')))
    rehearsed = s.call('rehearse', plan=p.plan)
    check('a plan of our own is rehearsed on a copy of the configured schema', isinstance(rehearsed, dict) and rehearsed['proofs'] and rehearsed['steps'], rehearsed)
    # To cancel is to end what it started: the command, its sandbox, its copy of the plan.
    of_it = lambda: {pid: (parent, words) for pid, parent, words in (line.split(None, 2) for line in subprocess.run(['ps', '-eo', 'pid=,ppid=,args='], capture_output=True, text=True).stdout.splitlines())}

    def below(processes, parent):
        for pid, (above, words) in processes.items():
            if above != parent: continue
            yield pid, words
            yield from below(processes, pid)

    s.send({'jsonrpc': '2.0', 'id': 'long', 'method': 'tools/call', 'params': {'name': 'rehearse', 'arguments': {'plan': p.plan}, '_meta': {'progressToken': 9}}})
    while s.receive().get('params', {}).get('progress', 0) < 2: pass
    started = dict(below(of_it(), str(s.process.pid)))
    check('a server of its own is at work', any('postgres' in words for words in started.values()) and any(' rehearse ' in words for words in started.values()), started)
    s.send({'jsonrpc': '2.0', 'method': 'notifications/cancelled', 'params': {'requestId': 'long'}})
    end, left = time.monotonic() + 30, started
    while left and time.monotonic() < end:
        time.sleep(0.2)
        left = {pid: words for pid, words in started.items() if of_it().get(pid, ('', ''))[1] == words}
    check('nothing of it is left', not left, left)
    copies = {word.rsplit('/', 1)[0] for words in started.values() for word in words.split() if '/contraflow-plan-' in word}
    check('nor its copy of the plan', copies and not any(os.path.exists(one) for one in copies), copies)
    log = (top / 'state/contraflow/mcp-audit.jsonl').read_text()
    check('every attempt is in the audit file', log.count('apply_phase') >= 15, log.count('apply_phase'))
    check('no name of a person\'s row in any answer', 'n42' not in s.log)
    s.end()


held.run('approved phases', lambda program, server, folder: attacks(program, server, folder / 'project'))
