# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for check_fuzz into the folder: the corpus of tests/check, and texts of the kind that breaks readers."""
import hashlib, os, sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'check'))
import corpus

AWKWARD = [b'', b'\0', b"SELECT 'unterminated", b'SELECT "unterminated', b'/* no end', b'$$ no end', b'$a$ $b$ $a', b"SELECT E'\\", b"U&'\\00", b'SELECT \xff\xfe;', b'\xef\xbb\xbfSELECT 1;',
           b'ALTER TABLE "a\0b" ADD c int;', b'SELECT ' + b'(' * 3000 + b'1' + b')' * 3000 + b';', b'SELECT ' + b'NOT ' * 5000 + b'true;', b'SELECT ' + b'1+' * 5000 + b'1;',
           b"INSERT INTO t VALUES ('" + b'x' * 60000 + b"');", b'-- contraflow: allow\nALTER TABLE t ADD c int;', b'-- contraflow: allow rename-table because\n', b'-- contraflow: allow-file x y\n',
           b'BEGIN;' * 500, b'SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT; ROLLBACK;', b'COPY t FROM stdin;\n1\t2\n\\.\nALTER TABLE t ADD c int;', b'COPY t FROM stdin;\n1', b'\\i x\n\\if true\n\\endif',
           b'DO $$ BEGIN EXECUTE format(\'ALTER TABLE %I ADD c int\', x); END $$;', b'DO $$ BEGIN ' + b'IF true THEN ' * 200 + b'END $$;', b'DO $$ DO $a$ DO $b$ BEGIN END $b$ $a$ $$;',
           b'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT f() $$; ALTER TABLE t ADD c int DEFAULT f(); SELECT f();',
           b'CREATE DOMAIN a AS b; CREATE DOMAIN b AS a; ALTER TABLE t ADD c a;', b'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN CALL p(); END $$; CALL p();',
           b'-- migrate:up\nALTER TABLE t ADD c int;\n-- migrate:down\nDROP TABLE t;', b'-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n']
CONFIGS = [b'[check]\nserver = "14..17"\nfail_on = "warning"\nenable = ["prefer-text"]\nallow = ["db/*: rename-table"]\n', b'[project]\nmigrations = "x"\n[database]\nurl = "env:X"\n', b'[check', b'a = 1979-05-27']


def main(folder):
    seeds = [bytes([0x20]) + case.text.encode() + b';' for case in corpus.load()[::7]]
    seeds += [bytes([i % 32]) + text for i, text in enumerate(AWKWARD)] + [b'\x20' + text for text in AWKWARD] + [b'\xc0' + text for text in CONFIGS]
    topics = {}
    for case in corpus.load():
        topics.setdefault(case.topic, []).append(case.text)
    seeds += [b'\x00' + ';\n'.join(texts[:60]).encode() + b';\n' for texts in topics.values()]
    for seed in seeds:
        with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()), 'wb') as f:
            f.write(seed)


main(sys.argv[1])
