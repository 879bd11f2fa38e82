# SPDX-License-Identifier: Apache-2.0
"""Goldens: a sentence and fenced blocks (`sql before`, `sql after`, …) in one Markdown file. README.md says which blocks there are."""
import glob, gzip, os, re

FENCE = re.compile(r'^```([^\n]*)\n(.*?)^```$', re.M | re.S)
KNOWN = {'sql before', 'sql before-file', 'sql after', 'sql edits', 'sql data', 'sql traffic', 'sql next', 'sql next-check', 'sql back-check', 'text way-back', 'sql mend', 'sql check', 'sql obstacle', 'text stop', 'sql clear',
         'options', 'text plan', 'text refused'}


class Missing(Exception):
    """a file that the golden needs is not on this machine"""


class Golden:
    def __init__(self, path, root):
        self.path, self.name = path, os.path.basename(path)[:-3]
        with open(path) as f:
            self.text = f.read()
        self.blocks = {m[1].strip(): m[2] for m in FENCE.finditer(self.text)}
        if unknown := set(self.blocks) - KNOWN:
            raise SystemExit(f'{path}: unknown block {", ".join(sorted(unknown))}')
        if 'sql before-file' in self.blocks:
            self.before = _file(root, self.blocks['sql before-file'].strip())
        else:
            self.before = self.blocks.get('sql before', '')
        self.after = self.blocks['sql after'] if 'sql after' in self.blocks else self.before + '\n' + self.blocks['sql edits']
        self.data, self.traffic, self.check = (self.blocks.get('sql ' + k, '') for k in ('data', 'traffic', 'check'))
        self.next, self.next_check, self.back_check, self.mend = (self.blocks.get('sql ' + k, '') for k in ('next', 'next-check', 'back-check', 'mend'))
        self.stops = self.blocks.get('text way-back', '').splitlines()
        self.obstacle, self.stop, self.clear = self.blocks.get('sql obstacle', ''), self.blocks.get('text stop', '').splitlines(), self.blocks.get('sql clear', '')
        self.reasons, self.refused_from, self.next_after_purge = self.blocks.get('text refused', '').splitlines(), 99, False
        self.options, self.majors, self.cuts, self.refused, self.known, self.gap = [], range(0, 99), None, False, {}, None
        for line in self.blocks.get('options', '').splitlines():
            word, _, rest = line.partition(' ')
            if word == 'server':  # server >= 15
                self.majors = range(int(rest.split()[-1]), 99)
            elif word == 'cuts':  # at most so many interruptions a file
                self.cuts = int(rest)
            elif word == 'known':  # known 18 REASON: a miss that is known on this major; reported as skipped
                self.known[int(rest.split()[0])] = rest.split(' ', 1)[1]
            elif word == 'gap':  # gap REASON: an index is gone for a while, which the plan says
                self.gap = rest
            elif line == 'next after purge':  # the next version's writes, and the way back from there
                self.next_after_purge = True
            elif line.startswith('refused >= '):  # refused on these majors, with the reasons of `text refused`
                self.refused_from = int(line.split()[-1])
            elif line == 'refused':  # exit 1, nothing written, the reasons are the expected text
                self.refused = True
            elif line.strip():
                self.options += [word, rest] if rest else [word]

    @property
    def plan(self):
        return self.blocks.get('text plan')

    def update(self, plan):
        """writes the expected overview into the file"""
        block = f'```text plan\n{plan}```'
        if self.plan is None:
            text = self.text.rstrip('\n') + '\n\n' + block + '\n'
        else:
            text = re.sub(r'^```text plan\n.*?^```$', lambda _: block, self.text, flags=re.M | re.S)
        if text != self.text:
            with open(self.path, 'w') as f:
                f.write(text)


def _file(root, pattern):
    found = sorted(glob.glob(os.path.join(root, pattern)))
    if not found:
        raise Missing(pattern)
    with (gzip.open(found[0], 'rt') if found[0].endswith('.gz') else open(found[0])) as f:
        return f.read()
