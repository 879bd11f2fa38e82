# SPDX-License-Identifier: Apache-2.0
"""The corpus: corpus/*.sql. A statement is a line, and the lines after it that begin with a blank. A comment line says what the next
statements have in common; `-- outside` before a statement: it runs without a transaction."""
import glob, os

HERE = os.path.dirname(os.path.abspath(__file__))


class Case:
    def __init__(self, topic, text, outside):
        self.topic, self.text, self.outside = topic, text, outside


def load(folder=os.path.join(HERE, 'corpus')):
    cases, seen = [], set()
    for path in sorted(glob.glob(os.path.join(folder, '*.sql'))):
        topic, outside, first = os.path.basename(path)[:-4], False, len(cases)
        for line in open(path).read().split('\n'):
            if line[:1] in (' ', '\t') and len(cases) > first:
                cases[-1].text += '\n' + line
            elif line == '-- outside':
                outside = True
            elif line and not line.startswith('--'):
                cases.append(Case(topic, line, outside))
                outside = False
    for case in cases:
        if case.text in seen:
            raise SystemExit(f'corpus: twice: {case.text}')
        seen.add(case.text)
    return cases


def schema(major):
    """{'schema': sql, 'rows': sql} for a server of that major"""
    def read(kind):
        return ''.join(open(p).read() for p in [f'{HERE}/{kind}.sql', *(f'{HERE}/{kind}_{v}.sql' for v in range(15, major + 1))] if os.path.exists(p))
    return {'schema': read('schema'), 'rows': read('rows')}
