#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plan that contraflow wrote has no finding at failing severity: plans of some goldens are written and checked, both without and with the schema they start from.
Usage: plans.py --bin CONTRAFLOW GOLDEN…   Exit 77: no server binaries."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--bin", required=True)
parser.add_argument("goldens", nargs="+")
arguments = parser.parse_args()
failed = 0
for golden in map(pathlib.Path, arguments.goldens):
    blocks = dict(re.findall(r"```(sql before|sql after|options)\n(.*?)```", golden.read_text(encoding="utf-8"), re.S))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "before.sql").write_text(blocks["sql before"], encoding="utf-8")
        (folder / "after.sql").write_text(blocks["sql after"], encoding="utf-8")
        # Quotes group, as in a shell; one option with its value a line.
        options = [word.strip("'") for line in blocks.get("options", "").splitlines() if line.startswith("--") for word in line.split(" ", 1)]
        plan = subprocess.run([arguments.bin, "plan", "--from", folder / "before.sql", "--to", folder / "after.sql", "--out", folder / "plan", *options], capture_output=True, text=True)
        if plan.returncode == 3:
            print(plan.stderr, file=sys.stderr)
            sys.exit(77)
        if plan.returncode != 0:
            failed += 1
            print(f"FAIL  {golden.stem}: plan: {plan.stderr}")
            continue
        for schema in ([], ["--schema", str(folder / "before.sql")]):
            check = subprocess.run([arguments.bin, "check", folder / "plan", *schema], capture_output=True, text=True)
            good = check.returncode == 0
            failed += not good
            print(f"{'PASS' if good else 'FAIL'}  {golden.stem} {' '.join(schema[:1])}")
            if not good:
                print(check.stdout, check.stderr)
sys.exit(1 if failed else 0)
