#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plan's life by `contraflow next` and `status`, each command of it run as it is printed; approvals by a person at a terminal:  life.py --bin PROGRAM"""
import json, os, pty, select, shlex, subprocess, time

import held
from held import check

PASSPHRASE = 'correct horse battery'


def at_terminal(words, answers, cwd, env):
    """exit code and output of a command with a terminal of its own, on which a person types"""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(words[0], words, env)
    said, left, end = b'', list(answers), time.monotonic() + 30
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.1)[0]: continue
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part: break
        said += part
        for pair in [one for one in left if one[0].encode() in said]:
            left.remove(pair)
            time.sleep(0.05)  # echo is off from here on
            os.write(fd, pair[1].encode() + b'\n')
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode(errors='replace')


class Project:
    def __init__(self, program, server, top, name='shop'):
        self.program, self.top = program, top
        server.psql('postgres', f'CREATE DATABASE {name}')
        server.psql(name, "CREATE TABLE users (id bigint PRIMARY KEY, user_name text NOT NULL); INSERT INTO users SELECT g, 'n' || g FROM generate_series(1, 100) g; ANALYZE;")
        self.url = server.url(name)
        (top / 'db').mkdir(parents=True)
        (top / 'schema.sql').write_text('CREATE TABLE users (id bigint PRIMARY KEY, user_name text NOT NULL);\n')
        (top / 'contraflow.toml').write_text('[project]\nmigrations = "db"\n[database]\nurl = "env:SHOP_URL"\n')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(('PG', 'CONTRAFLOW'))}
        self.env |= {'SHOP_URL': self.url, 'PATH': f'{os.path.dirname(program)}:{os.environ["PATH"]}', **{f'XDG_{k}_HOME': str(top / k.lower()) for k in ('CACHE', 'STATE', 'CONFIG')}}

    def run(self, words, code=0):
        done = subprocess.run([self.program, *words], cwd=self.top, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
        if code is not None: check(f'{" ".join(words)[:80]}: exit {code}', done.returncode == code, (done.returncode, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def next(self, *words):
        return json.loads(self.run(['next', '--format', 'json', *words]))['next']

    def approve(self, *words, passphrase=PASSPHRASE):
        return at_terminal([self.program, 'approve', self.plan, *words], [('assphrase, at least', PASSPHRASE), ('nce more', PASSPHRASE), ('to approve', passphrase)], self.top, self.env)

    def make_plan(self):
        self.run(['plan', '--from', self.url, '--do', 'rename users.user_name to name', '--out', 'db/20260408120000_names', '--name', 'names'])
        self.plan = 'db/20260408120000_names'


def life(program, server, top):
    p = Project(program, server, top)
    check('no plan yet', p.next()['step'] == 'plan')
    p.make_plan()
    (folder := top / p.plan)
    seen = []
    for _ in range(12):
        step = p.next()
        seen.append(step['step'])
        if step['step'] == 'done': break
        words = shlex.split(step['command'])
        check(f'{step["step"]}: a command of this program', words[0] == 'contraflow', step)
        if words[1] in ('rehearse', 'review'): words += ['--schema', 'schema.sql', '--rows', 'users=50']
        if words[1] == 'approve':
            # The test's server has nothing but tiny tables; what the review wants, a person decides.
            code, said = p.approve()
            check('a person approves what the review does not like', code == 0, said)
            continue
        if words[1] == 'apply': words += ['--yes', '--gate-override', 'a test'] if step['step'] != 'apply' else ['--yes']
        p.run(words[1:], code=None if words[1] in ('rehearse', 'review') else 0)
    check('the whole life, in order', [s for s in seen if s not in ('approve', 'purge')][:5] == ['rehearse', 'review', 'apply', 'apply', 'deploy'] and seen[-1] == 'done', seen)
    status = p.run(['status'])
    for word in ('names', 'rehearsal', 'review', 'done: every phase', 'complete'): check(f'status says {word}', word in status, status)
    all_json = json.loads(p.run(['status', '--format', 'json']))
    check('status in JSON has folders', all_json['folders'][0]['next']['step'] == 'done' and all_json['plans'][0]['state'] == 'complete', all_json)
    offline = p.next('--offline')
    check('offline it says that nobody was asked', offline['step'] in ('apply', 'approve') and 'not asked' in json.dumps(offline), offline)
    sql = folder / '1_expand.sql'
    sql.write_text(sql.read_text() + '\nSELECT 1;\n')
    check('an edit comes first', p.next(p.plan)['step'] == 'edit')
    sql.write_text(sql.read_text().removesuffix('\nSELECT 1;\n'))
    (folder / 'evidence.json').write_text('{"version": 1, "plan_sha256": "x"}')
    check('evidence of another plan does not count', p.next(p.plan, '--offline')['step'] == 'rehearse')
    (folder / 'evidence.json').write_text('no json')
    check('evidence that cannot be read does not count', p.next(p.plan, '--offline')['step'] == 'rehearse')
    del p.env['SHOP_URL']
    check('without a database status says what the folders say', 'names' in p.run(['status']))


def hazards(program, server, top):
    p = Project(program, server, top, 'shop3')
    p.run(['plan', '--from', p.url, '--do', 'index users(user_name)', '--out', 'db/1_index', '--name', 'index'])
    sql = top / 'db/1_index/1_expand.sql'
    sql.write_text(sql.read_text().replace('CREATE INDEX CONCURRENTLY', 'CREATE INDEX'))
    check('edited', p.next()['step'] == 'edit')
    p.run(['plan', '--refresh', 'db/1_index'])
    step = p.next()
    check('then check says what is wrong', step['step'] == 'check' and 'create-index-blocks-writes' in json.dumps(step) and step['command'].startswith('contraflow check '), step)
    p.run(shlex.split(step['command'])[1:], code=1)
    sql.write_text(sql.read_text().replace('CREATE INDEX users', 'CREATE INDEX CONCURRENTLY users'))
    p.run(shlex.split(p.next()['command'])[1:])
    check('mended, it is to be rehearsed', p.next()['step'] == 'rehearse')


def approvals(program, server, top):
    p = Project(program, server, top, 'shop2')
    p.make_plan()
    said = p.run(['approve', p.plan], code=2)
    check('no terminal, no approval', 'needs a person at a terminal' in said, said)
    code, said = p.approve()
    check('approved', code == 0 and 'approved' in said, said)
    check('what is typed is not shown', PASSPHRASE not in said, said)
    key = top / 'config/contraflow/approval.key'
    check('the key is its owner\'s, and encrypted', key.stat().st_mode & 0o77 == 0 and 'ENCRYPTED' in key.read_text())
    check('purge is not approved along', '"purge"' not in next((top / 'state/contraflow/approvals').iterdir()).read_text())
    code, said = p.approve(passphrase='wrong passphrase')
    check('a wrong passphrase signs nothing', code == 1 and 'not the key' in said, said)
    code, said = p.approve('--revoke')
    check('revoked', code == 0 and not list((top / 'state/contraflow/approvals').iterdir()), said)
    (top / 'config/contraflow/approval.pub').chmod(0o666)
    code, said = p.approve()
    check('a key that others may write counts for nothing', code == 1 and 'others may write' in said, said)


def tests(program, server, folder):
    life(program, server, folder / 'life')
    hazards(program, server, folder / 'hazards')
    approvals(program, server, folder / 'approvals')


if __name__ == '__main__':
    held.run('life of a plan', tests)
