#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""action.yml without GitHub: it follows GitHub's schema of actions, and its shell steps run as the runner runs them, with the runner's variables; apt-get, sudo and
curl are recorders:  action_test.py --bin PROGRAM

Exit 77: check-jsonschema or PyYAML is missing (tools/setup.d/pre_commit.sh).
"""
import argparse, json, os, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / 'build/pre-commit/bin'
FAILED = []


def check(what, holds, shown=''):
    if not holds: FAILED.append(what)
    print(('ok    ' if holds else 'FAIL  ') + what + ('' if holds else f': {shown}'), flush=True)


class Runner:
    """as actions/runner does it: expressions are replaced in `env` and `if`, each script is a file for `bash --noprofile --norc -eo pipefail`"""

    def __init__(self, action, program, top):
        self.action, self.top = action, top
        self.bin = top / 'bin'
        self.bin.mkdir()
        (self.bin / 'contraflow').symlink_to(program)
        for name in ('sudo', 'apt-get', 'curl'):
            body = 'exec "$@"' if name == 'sudo' else 'exit 0' if name == 'apt-get' else 'while [ $# -gt 1 ]; do [ "$1" = --output ] && : >"$2"; shift; done'
            (self.bin / name).write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"$CALLS"\n{body}\n')
            (self.bin / name).chmod(0o755)

    def run(self, **inputs):
        """exit code of the first step that fails, what was printed, the outputs, calls of the recorders"""
        given = {name: spec.get('default', '') for name, spec in self.action['inputs'].items()} | {k.replace('_', '-'): v for k, v in inputs.items()}
        missing = [name for name, spec in self.action['inputs'].items() if spec.get('required') and not given[name]]
        assert not missing, missing
        fill = lambda text: re.sub(r'\$\{\{ *inputs\.([a-z-]+) *\}\}', lambda m: given[m[1]], str(text))
        temp, outputs, calls = self.top / 'temp', self.top / 'output', self.top / 'calls'
        for file in (outputs, calls): file.write_text('')
        temp.mkdir(exist_ok=True)
        said, code = '', 0
        for step in self.action['runs']['steps']:
            if 'if' in step:
                name, value = re.fullmatch(r"inputs\.([a-z-]+) != '(.*)'", step['if']).groups()
                if given[name] == value: continue
            script = self.top / 'step.sh'
            script.write_text(step['run'])
            env = {'PATH': f'{self.bin}:/usr/bin:/bin', 'HOME': str(self.top), 'RUNNER_TEMP': str(temp), 'GITHUB_OUTPUT': str(outputs), 'GITHUB_WORKSPACE': str(self.top / 'work'), 'CI': 'true', 'GITHUB_ACTIONS': 'true', 'CALLS': str(calls)}
            done = subprocess.run(['bash', '--noprofile', '--norc', '-eo', 'pipefail', str(script)], cwd=self.top / 'work', env=env | {k: fill(v) for k, v in step.get('env', {}).items()}, capture_output=True, text=True)
            said += done.stdout + done.stderr
            code = done.returncode
            if code: break
        return code, said, dict(line.split('=', 1) for line in outputs.read_text().splitlines()), calls.read_text().splitlines()


def tests(program, action, top):
    work = top / 'work'
    (work / 'db/migrations').mkdir(parents=True)
    (work / 'db/migrations/001_index.sql').write_text('CREATE INDEX ON users (email);\n')
    (work / 'other.sql').write_text("SET lock_timeout = '1s';\nALTER TABLE users ADD COLUMN n integer;\n")
    (work / 'old.sql').write_text("ALTER TABLE users ADD COLUMN n integer DEFAULT 7;\n")
    runner = Runner(action, program, top)
    for step in action['runs']['steps']:
        check(f'{step["name"]}: a shell, and no expression within the script', step['shell'] == 'bash' and '${{' not in step['run'])

    code, said, outputs, calls = runner.run(paths='db/migrations other.sql')
    check('an unsafe migration fails the job and annotates', code == 1 and '::error file=db/migrations/001_index.sql,line=1,col=1,title=create-index-blocks-writes::' in said, (code, said))
    sarif = json.loads(pathlib.Path(outputs['sarif']).read_text()) if 'sarif' in outputs else {}
    check('the SARIF file is an output', sarif.get('version') == '2.1.0' and any(r['ruleId'] == 'create-index-blocks-writes' for r in sarif['runs'][0]['results']), outputs)
    check('the outputs that action.yml declares are set', all(re.search(r'steps\.check\.outputs\.(\w+)', o['value'])[1] in outputs for o in action['outputs'].values()), outputs)
    check('nothing is installed where no package is named', calls == [], calls)
    code, said, *_ = runner.run(paths='other.sql')
    check('a harmless one passes', code == 0 and '::error' not in said, (code, said))
    code, said, outputs, _ = runner.run(paths='db/migrations', fail_on='never')
    check('fail-on never', code == 0 and '::error' in said and 'sarif' in outputs, (code, said))
    code, said, *_ = runner.run(paths='db/migrations', server='15')
    check('server', code == 1, (code, said))
    code, said, *_ = runner.run(paths='db/migrations', server='9')
    check('a server that is none is wrong usage', code == 2, (code, said))
    code, said, *_ = runner.run(paths='nowhere')
    check('no such folder', code == 2 and 'nowhere' in said, (code, said))
    for evil in ('db; touch pwned', '$(touch pwned)', '`touch pwned`', '"; touch pwned; "', 'other.sql\n touch pwned', '*.sql'):
        runner.run(paths=evil, server='$(touch pwned)', fail_on='$(touch pwned)')
        check(f'paths {evil!r} are no script', not list(top.rglob('pwned')))

    (work / 'contraflow_1_amd64.deb').write_text('')
    code, said, _, calls = runner.run(paths='other.sql', package='contraflow_1_amd64.deb')
    check('a package of the project is installed', code == 0 and f'apt-get install -y -qq --no-install-recommends {work}/contraflow_1_amd64.deb' in calls and 'sudo apt-get update -qq' in calls, calls)
    code, said, _, calls = runner.run(paths='other.sql', package='https://example.com/c.deb?x=$(touch pwned)')
    check('one of a URL is fetched first', code == 0 and calls[0].startswith('curl --fail') and calls[0].endswith('https://example.com/c.deb?x=$(touch pwned)') and f'apt-get install -y -qq --no-install-recommends {top}/temp/contraflow.deb' in calls, calls)
    (runner.bin / 'apt-get').write_text('#!/bin/sh\nexit 100\n')
    code, said, outputs, _ = runner.run(paths='other.sql', package='contraflow_1_amd64.deb')
    check('what cannot be installed ends it', code == 100 and 'sarif' not in outputs, (code, said))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    program = os.path.abspath(parser.parse_args().bin)
    if not (TOOLS / 'check-jsonschema').exists():
        print('action: check-jsonschema is missing (tools/setup.d/pre_commit.sh)')
        return 77
    schema = subprocess.run([TOOLS / 'check-jsonschema', '--builtin-schema', 'vendor.github-actions', ROOT / 'action.yml'], capture_output=True, text=True)
    check("action.yml follows GitHub's schema", schema.returncode == 0, schema.stdout + schema.stderr)
    # PyYAML came with pre-commit.
    action = json.loads(subprocess.run([TOOLS / 'python', '-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))', ROOT / 'action.yml'], check=True, capture_output=True, text=True).stdout)
    with tempfile.TemporaryDirectory(prefix='contraflow-action-') as top:
        tests(program, action, pathlib.Path(os.path.realpath(top)))
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
