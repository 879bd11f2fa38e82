#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hard requests on an awkward schema with about 9 MB a table, through the laws: requests/*.sql. Too long for `make test`.

  tests/laws/hard_requests.py --bin build/ci/contraflow [--only enum] [--jobs 3] [--cuts 2]

Each request becomes a golden in a temporary folder, which laws.py runs: forward, back from every phase, everything twice, resumed and undone from interruptions.
"""
import argparse, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, 'requests', name)) as f:
        return f.read()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--bin', required=True)
    ap.add_argument('--only', help='names that contain this; several with commas')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--cuts', type=int, default=2, help='interruptions a file')
    opt = ap.parse_args()
    schema, data = read('schema.sql'), read('data.sql')
    parts = re.split(r'^-- request: (\S+)\n', read('requests.sql'), flags=re.M)
    with tempfile.TemporaryDirectory(prefix='contraflow-requests-') as folder:
        for name, text in zip(parts[1::2], parts[2::2]):
            options = [f'cuts {opt.cuts}', *re.findall(r'^-- option: (.*)$', text, re.M)]
            edits = re.sub(r'^-- option: .*\n', '', text, flags=re.M).replace('{views off}', read('views_off.sql')).replace('{views on}', read('views_on.sql'))
            blocks = [('sql before', schema), ('sql edits', edits), ('sql data', data), ('options', '\n'.join(options) + '\n')]
            with open(os.path.join(folder, name + '.md'), 'w') as f:
                f.write(name + '\n\n' + ''.join(f'```{title}\n{body}```\n\n' for title, body in blocks))
        words = [sys.executable, os.path.join(HERE, 'laws.py'), '--bin', opt.bin, '--jobs', str(opt.jobs), *(['--only', opt.only] if opt.only else []), folder]
        return subprocess.run(words, env=dict(os.environ, UPDATE_GOLDEN='1')).returncode  # the overview is not asked for


if __name__ == '__main__':
    sys.exit(main())
