#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far above real tokenizers the estimate of `contraflow context` lies:  tokens.py --bin PROGRAM --node_modules DIR SCHEMA.sql…

Slices of several budgets, text and JSON, of tables of each schema, counted by gpt-tokenizer (npm) in the encodings o200k_base and cl100k_base. The ratio is
estimate : real; below 1 the estimate would be too low. A long look by hand, not part of the tests: docs/quality.md has the figures.
"""
import argparse, json, pathlib, re, subprocess, sys, tempfile

COUNT = """
import { createRequire } from 'module';
const require = createRequire(process.argv[2] + '/x.js');
const encodings = ['o200k_base', 'cl100k_base'].map(name => require('gpt-tokenizer/encoding/' + name));
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map(text => encodings.map(e => e.encode(text).length))));
"""


def count(modules, texts):
    """for each text the tokens in o200k_base and in cl100k_base"""
    with tempfile.NamedTemporaryFile('w', suffix='.mjs') as script:
        script.write(COUNT)
        script.flush()
        return json.loads(subprocess.run(['node', script.name, str(modules)], input=json.dumps(texts), capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--bin', required=True)
    parser.add_argument('--node_modules', required=True)
    parser.add_argument('schemas', nargs='+')
    options = parser.parse_args()
    lowest = 9
    for schema in options.schemas:
        tables = re.findall(r'(?im)^create table (?:if not exists )?(?:public\.)?([a-z_0-9]+)', pathlib.Path(schema).read_text())
        texts, estimates = [], []
        for table in tables[:: max(1, len(tables) // 12)][:12]:
            for budget in (600, 2000, 8000):
                for form in ('text', 'json'):
                    run = subprocess.run([options.bin, 'context', table, '--schema', schema, '--no-code', '--budget', str(budget), '--format', form], capture_output=True, text=True)
                    if run.returncode: continue
                    texts.append(run.stdout)
                    estimates.append(json.loads(run.stdout)['tokens'] if form == 'json' else int(re.search(r'about (\d+)', run.stderr)[1]))
        real = count(options.node_modules, texts)
        for i, name in enumerate(('o200k_base', 'cl100k_base')):
            ratios = sorted(e / r[i] for e, r in zip(estimates, real))
            lowest = min(lowest, ratios[0])
            print(f'{pathlib.Path(schema).name:24} {name:12} {len(ratios):4} slices  lowest {ratios[0]:.2f}  median {ratios[len(ratios) // 2]:.2f}  highest {ratios[-1]:.2f}')
    sys.exit(lowest < 1)


if __name__ == '__main__':
    main()
