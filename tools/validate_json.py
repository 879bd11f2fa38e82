#!/usr/bin/env python3
"""Checks JSON files against a JSON Schema. Usage: validate_json.py SCHEMA FILE…  Exit 77: python3-jsonschema is missing."""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed", file=sys.stderr)
    sys.exit(77)

schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
failed = False
for name in sys.argv[2:]:
    document = json.loads(pathlib.Path(name).read_text(encoding="utf-8"))
    for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
        failed = True
        print(f"{name}: /{'/'.join(map(str, error.absolute_path))}: {error.message}")
sys.exit(1 if failed else 0)
