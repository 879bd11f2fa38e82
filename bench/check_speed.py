#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed and memory of `contraflow check` beside squawk, on the same files, by turns in one run.

  bench/check_speed.py --bin build/release/contraflow [--squawk build/peers/…/squawk] [--runs 5]

wall: the median of the runs; cpu: processor time over wall time (2.0 is two cores busy); memory: the largest resident set.
"""
import argparse, os, statistics, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
from generate_migrations import statements


def once(words):
    before = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - before
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f'{words[0]} exited {code}')
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)
    return path


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--bin', required=True)
    p.add_argument('--squawk')
    p.add_argument('--runs', type=int, default=5)
    opt = p.parse_args()
    with tempfile.TemporaryDirectory(prefix='contraflow-bench-') as folder:
        small = os.path.join(folder, 'small')
        os.mkdir(small)
        many = [write(f'{small}/{i:04d}_change.sql', '\n'.join(statements(8, i * 8)) + '\n') for i in range(350)]
        inputs = {'1,000 statements': [write(folder + '/a.sql', '\n'.join(statements(1000)) + '\n')],
                  '50,000 statements': [write(folder + '/b.sql', '\n'.join(statements(50000)) + '\n')], '350 files of 8': many}
        print(f'{"":>20} {"contraflow ms":>14} {"cpu":>5} {"MB":>6} {"squawk ms":>11} {"cpu":>5} {"MB":>6} {"times as long":>14}')
        for name, paths in inputs.items():
            tools = {'contraflow': [opt.bin, 'check', '--server', '15', *paths]}
            if opt.squawk:
                tools['squawk'] = [opt.squawk, '--pg-version', '15.0', *paths]
            runs = {tool: [] for tool in tools}
            for _ in range(opt.runs):
                for tool, words in tools.items():
                    runs[tool].append(once(words))
            cells = []
            for tool in runs:
                wall, cpu = statistics.median(r[0] for r in runs[tool]), statistics.median(r[1] / r[0] for r in runs[tool])
                cells += [wall * 1000, cpu, max(r[2] for r in runs[tool])]
            line = f'{name:>20} {cells[0]:>14.1f} {cells[1]:>5.1f} {cells[2]:>6.0f}'
            if opt.squawk:
                line += f' {cells[3]:>11.1f} {cells[4]:>5.1f} {cells[5]:>6.0f} {cells[3] / cells[0]:>14.1f}'
            print(line, flush=True)


if __name__ == '__main__':
    main()
