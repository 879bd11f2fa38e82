#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The formats of `check` that other programs read, held against what those document, on files with awkward names and findings of every kind:

  tests/check/formats.py --bin build/ci/contraflow

SARIF 2.1.0: its official JSON Schema (tools/setup.d/formats.sh fetches it; with a server the SARIF of `review` and, in Markdown, what `fix` says, too). GitHub annotations: the grammar of workflow commands. GitLab code quality: its
documented fields. JUnit: well-formed XML whose counts are right. Markdown: at most 65,536 characters, nothing of a name as markup.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile, urllib.parse
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = ROOT + '/build/formats/node_modules'
MIGRATIONS = {
    'db/plain.sql': 'ALTER TABLE users ALTER COLUMN email SET NOT NULL;\nCREATE INDEX ON users (email);\nCREATE INDEX ON users (email);\n',
    'db/ä b,c%:d.sql': "ALTER TABLE \"we<b>ird|`x`\" ALTER c TYPE text;\nALTER TABLE t ADD COLUMN x uuid DEFAULT gen_random_uuid();\r\n",
    'db/<script>.sql': 'DROP TABLE "@everyone";\nUPDATE users SET a = 1;\nSELECT \'unterminated;\n',
    "db/it's.sql": 'BEGIN;\nALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (y);\n',
}


class Formats:
    def __init__(self, program):
        self.program, self.failed, self.skipped = os.path.abspath(program), [], []

    def run(self, *words, command='check'):
        env = {k: v for k, v in os.environ.items() if not k.startswith(('CONTRAFLOW_', 'GIT_'))}
        return subprocess.run([self.program, '--color', 'never', command, *words], capture_output=True, text=True, env=env)

    def expect(self, what, good, seen=''):
        if not good:
            self.failed.append(what)
        print(('ok    ' if good else 'FAIL  ') + what + ('' if good else f': {seen}'), flush=True)

    def every_rule(self):
        """the bad examples of all rules' pages"""
        os.makedirs('rules', exist_ok=True)
        folder = ROOT + '/src/lint/rules'
        for name in sorted(os.listdir(folder)):
            if name.endswith('.md'):
                for i, block in enumerate(re.findall(r'```sql[^\n]*\n(.*?)```', open(f'{folder}/{name}').read(), re.S)):
                    with open(f'rules/{name[:-3]}_{i:02}.sql', 'w') as f:
                        f.write(block)

    def sarif(self):
        if not os.path.isdir(MODULES + '/@microsoft/jest-sarif') or not shutil.which('node'):
            self.skipped.append('SARIF: tools/setup.d/formats.sh fetches its schema (npm)')
            return
        files = []
        for name, words in (('all', ['db', '--all']), ('rules', ['rules', '--each', '--all']), ('none', ['empty.sql']), ('absolute', [os.path.abspath('db/plain.sql')]), ('dot', ['./db/plain.sql'])):
            r = self.run(*words, '--format', 'sarif')
            files.append(f'{name}.sarif')
            with open(files[-1], 'w') as f:
                f.write(r.stdout)
        r = subprocess.run(['node', ROOT + '/tests/check/sarif_schema.cjs', MODULES, *files], capture_output=True, text=True)
        self.expect('SARIF of check follows the schema of the standard', r.returncode == 0, r.stdout + r.stderr)
        document = json.load(open('rules.sarif'))['runs'][0]
        rules = document['tool']['driver']['rules']
        self.expect('SARIF: every result points at its rule', all(rules[x['ruleIndex']]['id'] == x['ruleId'] for x in document['results']))
        seen = {x['ruleId'] for x in document['results']}
        self.expect('SARIF: most rules were found somewhere', len(seen) > 0.8 * len(rules), sorted({x['id'] for x in rules} - seen))
        prints = [x['partialFingerprints']['contraflow/v1'] for x in document['results']]
        self.expect('SARIF: fingerprints tell findings apart', len(prints) == len(set(prints)))
        uris = {x['locations'][0]['physicalLocation']['artifactLocation']['uri'] for x in json.load(open('all.sarif'))['runs'][0]['results']}
        self.expect('SARIF: URIs are the files', {urllib.parse.unquote(u) for u in uris} == set(MIGRATIONS), uris)

    def review_sarif(self):
        with open('before.sql', 'w') as f:
            f.write('CREATE TABLE users (id bigint PRIMARY KEY, email text);\n')
        r = self.run('db/one.sql', '--schema', 'before.sql', '--format', 'sarif', command='review')
        if r.returncode == 3:
            self.skipped.append('SARIF of review, Markdown of fix: no PostgreSQL server here')
            return
        with open('review.sarif', 'w') as f:
            f.write(r.stdout)
        if os.path.isdir(MODULES + '/@microsoft/jest-sarif'):
            v = subprocess.run(['node', ROOT + '/tests/check/sarif_schema.cjs', MODULES, 'review.sarif'], capture_output=True, text=True)
            self.expect('SARIF of review follows the schema of the standard', v.returncode == 0, v.stdout + v.stderr)
            self.expect('SARIF of review has results', json.load(open('review.sarif'))['runs'][0]['results'] != [])
        r = self.run('db/one.sql', '--schema', 'before.sql', '--format', 'markdown', '--out', 'plan', command='fix')
        self.expect('Markdown of fix: what is unsafe, the steps, the proof', r.returncode == 0 and '### contraflow fix: a safe plan' in r.stdout and 'set-not-null-scans-table' in r.stdout
                    and '| phase | step | how |' in r.stdout and '✅ | proven: the plan ends in the schema' in r.stdout and 'Plan: `plan`' in r.stdout, r.stdout + r.stderr)
        r = self.run('db/refused.sql', '--schema', 'before.sql', '--format', 'markdown', '--out', 'refused', command='fix')
        self.expect('Markdown of fix: a refusal', r.returncode == 1 and '### contraflow fix: refused' in r.stdout and '**refused**' in r.stdout and not os.path.exists('refused'), r.stdout + r.stderr)

    def github(self):
        known = {'file', 'line', 'endLine', 'col', 'endColumn', 'title'}  # the properties that workflow commands have
        whole = json.loads(self.run('db', '--all', '--format', 'json').stdout)['findings']
        lines = self.run('db', '--all', '--format', 'github').stdout.splitlines()
        self.expect('GitHub: a command a finding', len(lines) == len(whole), (len(lines), len(whole)))
        good, level = True, {'error': 'error', 'warning': 'warning', 'info': 'notice'}
        undo = lambda t: t.replace('%2C', ',').replace('%3A', ':').replace('%0A', '\n').replace('%0D', '\r').replace('%25', '%')
        for line, finding in zip(lines, whole):
            m = re.fullmatch(r'::(error|warning|notice) ([^:]*)::(.*)', line)
            properties = dict(part.split('=', 1) for part in m[2].split(',')) if m else {}
            if not (m and m[1] == level[finding['severity']] and set(properties) <= known and undo(properties['file']) == finding['file'] and int(properties['line']) == finding['line']
                    and int(properties['col']) == finding['column'] and properties['title'] == finding['rule'] and undo(m[3]).startswith(finding['message'])):
                good = False
                self.expect('GitHub: ' + line[:200], False, finding)
        self.expect('GitHub: every command says what the finding says, escaped', good)

    def gitlab(self):
        whole = json.loads(self.run('rules', '--each', '--all', '--format', 'json').stdout)['findings']
        issues = json.loads(self.run('./rules', '--each', '--all', '--format', 'gitlab').stdout)
        self.expect('GitLab: an issue a finding', len(issues) == len(whole) > 100, (len(issues), len(whole)))
        self.expect('GitLab: the documented fields', all(isinstance(x['description'], str) and x['description'] and isinstance(x['check_name'], str) and isinstance(x['fingerprint'], str) and x['severity'] in
                                                         ('info', 'minor', 'major', 'critical', 'blocker') and isinstance(x['location']['lines']['begin'], int) and x['location']['lines']['begin'] >= 1 for x in issues))
        self.expect('GitLab: paths as the repository has them', all(not x['location']['path'].startswith(('/', './')) and os.path.isfile(x['location']['path']) for x in issues))
        self.expect('GitLab: each fingerprint once', len({x['fingerprint'] for x in issues}) == len(issues))
        again = json.loads(self.run('rules', '--each', '--all', '--format', 'gitlab').stdout)
        self.expect('GitLab: the same fingerprints without ./', [x['fingerprint'] for x in issues] == [x['fingerprint'] for x in again])

    def junit(self):
        suite = ElementTree.fromstring(self.run('db', '--all', '--format', 'junit').stdout).find('testsuite')
        cases = suite.findall('testcase')
        self.expect('JUnit: counts', int(suite.get('tests')) == len(cases) and int(suite.get('failures')) == len([c for c in cases if c.find('failure') is not None]), ElementTree.tostring(suite)[:300])

    def markdown(self):
        out = self.run('db', '--all', '--format', 'markdown').stdout
        prose = re.sub(r'(?ms)^```.*?^```$|`[^`\n]*`', '', out)
        self.expect('Markdown: names open no tags and mention nobody', '<script>' not in prose and '<b>' not in prose and not re.search(r'(?<!\\)@everyone', prose), prose)
        self.expect('Markdown: folds close', out.count('<details>') == out.count('</details>') > 0)
        with open('many.sql', 'w') as f:
            f.writelines(f'CREATE INDEX i{i} ON users (email);\n' for i in range(3000))
        out = self.run('many.sql', '--format', 'markdown').stdout
        self.expect('Markdown: a comment of at most 65,536 characters that says what it leaves out', 30000 < len(out) <= 65536 and 'left out' in out and out.count('<details>') == out.count('</details>'), len(out))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    test = Formats(p.parse_args().bin)
    with tempfile.TemporaryDirectory(prefix='contraflow-formats-') as folder:
        os.chdir(folder)
        os.chmod(folder, 0o755)
        for name, text in {**MIGRATIONS, 'empty.sql': ''}.items():
            os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
            with open(name, 'w', newline='') as f:
                f.write(text)
        test.every_rule()
        for part in (test.sarif, test.github, test.gitlab, test.junit, test.markdown):
            part()
        with open('db/one.sql', 'w') as f:
            f.write("UPDATE users SET email = 'x' WHERE email IS NULL;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;\n")
        with open('db/refused.sql', 'w') as f:
            f.write('DELETE FROM users WHERE id = 3;\nCREATE INDEX ON users (email);\n')
        test.review_sarif()
        os.chdir('/')
    for text in test.skipped:
        print('SKIPPED: ' + text)
    return 1 if test.failed else 77 if test.skipped else 0


if __name__ == '__main__':
    sys.exit(main())
