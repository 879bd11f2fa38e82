#!/usr/bin/env python3
"""Writes a schema of N tables with indexes, foreign keys, views and functions as SQL, for the benchmarks.

  generate_schema.py N            the schema
  generate_schema.py N --changed  the same after a change of ten tables: a column, an index, a default, a view
"""
import sys


def table(number, changed):
    columns = ["id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "name text NOT NULL", "state integer NOT NULL DEFAULT 0",
               "amount numeric(12,2)", "created_at timestamptz NOT NULL DEFAULT now()"]
    if number > 0:
        columns.append(f"parent_id bigint REFERENCES t{number - 1}(id)")
    if changed:
        columns.append("note text DEFAULT 'none'")
    out = [f"CREATE TABLE t{number} (\n  " + ",\n  ".join(columns) + "\n);",
           f"CREATE INDEX t{number}_name ON t{number} (lower(name));",
           f"CREATE INDEX t{number}_open ON t{number} (created_at) WHERE state = 0;"]
    if changed:
        out.append(f"CREATE INDEX t{number}_note ON t{number} (note);")
    if number % 5 == 0:
        extra = ", note" if changed else ""
        out.append(f"CREATE VIEW v{number} AS SELECT id, name, amount{extra} FROM t{number} WHERE state > 0;")
    if number % 10 == 0:
        out.append(f"CREATE FUNCTION f{number}(wanted bigint) RETURNS text LANGUAGE sql STABLE AS $$SELECT name FROM public.t{number} WHERE id = wanted$$;")
    return "\n".join(out)


def main():
    count, changed = int(sys.argv[1]), "--changed" in sys.argv
    step = max(1, count // 10)
    for number in range(count):
        print(table(number, changed and number % step == 0 and number // step < 10))


main()
