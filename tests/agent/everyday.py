#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`contraflow init` on three layouts, each then planned with what it wrote; `contraflow hook` as an assistant calls it:  everyday.py --bin PROGRAM"""
import json, os, pathlib, subprocess, tomllib

import held
from held import check

HERE = pathlib.Path(__file__).resolve().parent


LAYOUTS = {
    'prisma': ({'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n  url      = env("SHOP_DATABASE_URL")\n}\nmodel User {\n  id Int @id\n  email String\n  @@map("users")\n}\n',
                'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
                'prisma/migrations/20240101000000_init/migration.sql': 'CREATE TABLE "users" ("id" integer NOT NULL, "email" text NOT NULL, CONSTRAINT "users_pkey" PRIMARY KEY ("id"));\n',
                'node_modules/x/migrations/V1__other.sql': 'SELECT 1;', 'package.json': '{}'}, 'prisma/migrations', 'prisma', 'SHOP_DATABASE_URL'),
    'flyway': ({'src/main/resources/db/migration/V1__init.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n', 'src/main/resources/db/migration/V2__orders.sql': 'CREATE TABLE orders (id int PRIMARY KEY);\n',
                'docker-compose.yml': 'services:\n  app:\n    environment:\n      JDBC_URL: postgresql://app:hunter2secret@db/shop\n'}, 'src/main/resources/db/migration', 'flyway', 'JDBC_URL'),
    'plain': ({'db/migrations/001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n', 'db/migrations/002_nick.sql': 'ALTER TABLE users ADD nick text;\n', 'schema.sql': 'SELECT 1;\n',
               '.env': 'PORT=80\nDATABASE_URL=postgres://app:hunter2secret@localhost/shop\n'}, 'db/migrations', None, 'DATABASE_URL'),
}
LAYOUTS |= {
    # What real projects have: one history for each database; SQL of other kinds higher up; a history whose text its runner completes; several variables.
    'several': ({**{f'jdbc-{db}/src/main/resources/migrations/{db}/V{i}__x.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n' if i == 1 else f'CREATE TABLE t{i} (id int PRIMARY KEY);\n'
                    for db in ('h2', 'mysql', 'postgres') for i in range(1, 4)},
                 'db/postgresql/data-migrations/fill.sql': 'SELECT 1;\n', 'db/postgresql/data-migrations/more.sql': 'SELECT 1;\n', 'sql/report.sql': 'SELECT 1;\n', 'sql/other.sql': 'SELECT 1;\n',
                 '.env.sample': 'OTHER_URL=postgres://a:hunter2secret@x/y\nDATABASE_URL=postgres://a:hunter2secret@x/y\n'}, 'jdbc-postgres/src/main/resources/migrations/postgres', 'flyway', 'DATABASE_URL'),
}
LAYOUTS |= {
    'crates': ({**{f'crates/{name}/migrations/2024010{i}_x.up.sql': 'CREATE TABLE t (id int DEFAULT nosuch());\n' for name in ('client', 'kv') for i in (1, 2)},
                **{f'crates/{name}/migrations/2024010{i}_x.down.sql': 'DROP TABLE t;\n' for name in ('client', 'kv') for i in (1, 2)},
                'crates/server-postgres/migrations/20240101_users.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n', 'crates/server-postgres/migrations/20240102_nick.sql': 'ALTER TABLE users ADD nick text;\n',
                'crates/server-sqlite/migrations/20240101_users.sql': 'SELECT 1;\n', 'tests/migrations/001_a.sql': 'SELECT 1;\n'}, 'crates/server-postgres/migrations', None, 'DATABASE_URL'),
    'prisma and more': ({'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n', 'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
                         'prisma/migrations/20240101000000_init/migration.sql': 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n', 'db/postgresql/data-migrations/a.sql': 'SELECT 1;\n',
                         'db/postgresql/data-migrations/b.sql': 'SELECT 1;\n', 'db/clickhouse/migrations/a.sql': 'SELECT 1;\n', 'db/clickhouse/migrations/b.sql': 'SELECT 1;\n'}, 'prisma/migrations', 'prisma', 'DATABASE_URL'),
}


def init(program, server, top):
    for name, (files, migrations, layout, variable) in LAYOUTS.items():
        root = top / name
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        env = {k: v for k, v in os.environ.items() if not k.startswith(('PG', 'CONTRAFLOW'))} | {f'XDG_{k}_HOME': str(top / k.lower()) for k in ('CACHE', 'STATE', 'CONFIG')}

        def run(*words, code=0, more={}):
            done = subprocess.run([program, *words], cwd=root, env=env | more, capture_output=True, text=True)
            check(f'{name}: {" ".join(words)[:60]}: exit {code}', done.returncode == code, done.stdout + done.stderr)
            return done.stdout + done.stderr

        said = run('init')
        text = (root / 'contraflow.toml').read_text()
        config = tomllib.loads(text)
        check(f'{name}: migrations', config['project']['migrations'] == migrations, text)
        check(f'{name}: layout', config['project'].get('layout') == layout, text)
        check(f'{name}: the variable', config['database']['url'] == f'env:{variable}', text)
        check(f'{name}: no password', 'hunter2secret' not in text + said, text + said)
        run('init', code=2)
        run('init', '--force')
        run('check', migrations, '--fail-on', 'never')
        # It works: a plan from a live database that the variable names, in the runner's layout.
        server.psql('postgres', f'CREATE DATABASE init_{name.split()[0]}_{len(name)}')
        server.psql(f'init_{name.split()[0]}_{len(name)}', 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);')
        run('plan', '--do', 'add users.tier text', '--out', 'plan', '--sandbox-url', server.url('postgres'), more={variable: server.url(f'init_{name.split()[0]}_{len(name)}')})
        check(f'{name}: the plan is of its layout', json.loads((root / 'plan/plan.json').read_text())['layout'] == (layout or 'psql'))
        check(f'{name}: context works', 'email text' in run('context', 'users', more={variable: server.url(f'init_{name.split()[0]}_{len(name)}')}))
    open_ended = top / 'open_ended'
    (open_ended / 'db/migration').mkdir(parents=True)
    for i in (1, 2): (open_ended / f'db/migration/V{i}__x.sql').write_text('CREATE TABLE ${schema}.t' + f'{i} (id int);\n')
    done = subprocess.run([program, 'init', str(open_ended)], capture_output=True, text=True)
    check('a history with placeholders is found, and what is missing is said', done.returncode == 0 and tomllib.loads((open_ended / 'contraflow.toml').read_text())['project'] == {'migrations': 'db/migration', 'layout': 'flyway'}
          and 'placeholder ${schema} has no value' in done.stderr, done.stderr)
    empty = top / 'empty'
    empty.mkdir()
    done = subprocess.run([program, 'init', str(empty)], capture_output=True, text=True)
    check('an empty project is told', done.returncode == 0 and 'no migrations were found' in done.stderr and tomllib.loads((empty / 'contraflow.toml').read_text())['project'] == {}, done.stderr)


def doctor(program, server, top):
    root = top / 'doctored'
    root.mkdir()
    (root / 'contraflow.toml').write_text('[database]\nurl = "env:SHOP_URL"\n')

    def look(*words, path=os.environ['PATH'], url=server.url('postgres')):
        done = subprocess.run([program, 'doctor', '--format', 'json', *words], cwd=root, env={**os.environ, 'PATH': path, 'SHOP_URL': url, 'XDG_CACHE_HOME': str(top / 'doctor_cache')}, capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout), done.stdout + done.stderr

    code, found, _ = look()
    check('doctor: the sandbox and the configured database', code == 0 and found['sandbox']['ready'] and found['database']['version'].startswith('15') and found['sandbox']['major'] == 15, found)
    code, found, said = look('--no-sandbox', url='postgresql://app:hunter2secret@127.0.0.1:1/shop')
    check('doctor: a database that does not answer is told, without its password', 'problem' in found['database'] and any('does not answer' in line for line in found['advice']) and 'hunter2secret' not in said, found)
    (top / 'bare').mkdir()
    code, found, _ = look('--no-sandbox', '--no-database', path=str(top / 'bare'))
    check('doctor: what to install', 'database' not in found and any('apt-get install postgresql-client' in line for line in found['advice']) and any('pg_prove' in line for line in found['advice']), found)


def hook(program, top):
    root = top / 'hooked'
    root.mkdir()
    (root / 'contraflow.toml').write_text('[database]\nurl = "env:SHOP_URL"\n[agent]\nprotected = ["postgresql://x@replica.example/shop", "env:OTHER_URL"]\n')
    (root / 'ddl.sql').write_text('DROP TABLE users;\n')
    (root / 'wipe.sh').write_text('psql "$SHOP_URL" -f ddl.sql\n')
    (root / '.env').write_text('SHOP=postgresql://app:hunter2secret@db.example/shop\nTEST=postgresql://localhost/test\n')
    (root / 'package.json').write_text(json.dumps({'scripts': {'migrate': 'prisma migrate deploy', 'test': 'vitest'}}))

    def call(tool_input, tool='Bash', raw=None):
        done = subprocess.run([program, 'hook'], cwd=root, env={**os.environ, 'SHOP_URL': 'postgresql://app:hunter2secret@db.example/shop'}, capture_output=True, text=True,
                              input=raw if raw is not None else json.dumps({'tool_name': tool, 'tool_input': tool_input, 'cwd': str(root)}))
        return done.returncode, done.stderr

    for command in ['psql $SHOP_URL -c "DROP TABLE users"', 'psql $OTHER_URL -f ddl.sql', 'psql -h replica.example -f ddl.sql', 'psql postgresql://app:hunter2secret@db.example/shop -c "ALTER TABLE x ADD y int"', 'prisma migrate deploy',
                    "psql $SHOP_URL <<'EOF'\nDROP TABLE users;\nEOF", 'echo "DROP TABLE users" | psql $SHOP_URL', 'PGHOST=db.example psql shop -c "DROP TABLE users"', 'export PGHOST=db.example; psql -c "DROP TABLE users"', 'PGSERVICE=prod psql -c "DROP TABLE users"',
                    'docker exec -i app psql -h db.example -c "DROP TABLE users"', "docker compose exec app sh -c 'psql $SHOP_URL -c \"DROP TABLE users\"'", 'npx prisma db execute --file ddl.sql', 'npx prisma@6 migrate dev', 'npm run migrate', 'sh wipe.sh',
                    "bash -lc 'psql $SHOP_URL -f ddl.sql'", 'DB=$SHOP_URL; psql $DB -c "DROP TABLE users"', 'source .env && psql $SHOP -c "DROP TABLE users"', 'psql $(printenv SHOP_URL) -c "DROP TABLE users"', 'SQL="DROP TABLE users"; psql $SHOP_URL -c "$SQL"',
                    'ssh bastion "psql -h db.example -c \'DROP TABLE users\'"', 'psql $SHOP_URL -c "SELECT * INTO copy FROM users"', 'echo "DROP TABLE users" >new.sql; psql $SHOP_URL -f new.sql', 'python3 -c "import os, psycopg; psycopg.connect(os.environ[\'SHOP_URL\']).execute(\'DROP TABLE users\')"',
                    'alembic upgrade head', 'python manage.py migrate']:
        code, said = call({'command': command})
        check(f'blocked: {command}', code == 2 and 'contraflow plan' in said, (code, said))
    for command in ["psql $SHOP_URL <<'EOF'\nSELECT 1;\nEOF", 'echo "SELECT 1" | psql $SHOP_URL', 'psql $SHOP_URL -c "\\d users"', 'source .env && psql $TEST -c "DROP TABLE users"', 'npm test', 'git commit -m "prisma migrate deploy"', 'grep -rn "DROP TABLE" .',
                    "cat > notes.md <<'EOF'\npsql $SHOP_URL -c 'DROP TABLE users'\nEOF", 'npx prisma generate', 'python manage.py showmigrations', 'docker exec db psql -U postgres -d test -c "CREATE TABLE x ()"', 'contraflow apply db/x --phase expand', 'pg_dump $SHOP_URL -s >schema.sql']:
        code, said = call({'command': command})
        check(f'let through: {command}', code == 0 and said == '', (code, said))
    code, said = call({'query': 'create issue about tables'}, 'mcp__tracker__search')
    check('a search that is no SQL is let through', code == 0, said)
    (root / 'contraflow.toml').rename(root / 'kept.toml')
    (root / 'contraflow.toml').write_text('[database\n')
    check('closed where the configuration cannot be read', call({'command': 'ls'})[0] == 2)
    (root / 'kept.toml').rename(root / 'contraflow.toml')
    code, said = call({'sql': 'ALTER TABLE users ADD x int'}, 'mcp__postgres__query')
    check('a tool that runs SQL is blocked', code == 2, said)
    for tool, given in [('Bash', {'command': 'ls'}), ('Bash', {'command': 'psql $SHOP_URL -c "SELECT 1"'}), ('Bash', {'command': 'psql postgresql://localhost/test -f ddl.sql'}), ('Edit', {'file_path': 'x.sql', 'new_string': 'DROP TABLE x'}),
                        ('mcp__contraflow__check_migration', {'sql': 'DROP TABLE x'})]:
        code, said = call(given, tool)
        check(f'let through: {tool} {given}', code == 0 and said == '', (code, said))
    for raw in ['', 'no json', '[]', '{}']:
        check(f'closed on {raw!r}', call(None, raw=raw)[0] == 2)
    # Cursor's form: the command at the top, the input of a tool as text, an answer in JSON.
    cursor = lambda **given: (lambda done: (done.returncode, json.loads(done.stdout or 'null')))(subprocess.run([program, 'hook'], cwd=root, env={**os.environ, 'SHOP_URL': 'postgresql://app:hunter2secret@db.example/shop'}, capture_output=True, text=True, input=json.dumps({'cwd': str(root), **given})))
    code, said = cursor(hook_event_name='beforeShellExecution', command='psql $SHOP_URL -c "DROP TABLE users"')
    check('Cursor: denied', code == 2 and said['permission'] == 'deny' and 'contraflow plan' in said['agent_message'], said)
    code, said = cursor(hook_event_name='beforeShellExecution', command='psql $SHOP_URL -c "SELECT 1"')
    check('Cursor: allowed', code == 0 and said == {'permission': 'allow'}, said)
    code, said = cursor(hook_event_name='beforeMCPExecution', tool_name='query', tool_input='{"sql": "DROP TABLE users"}', command='npx some-server')
    check('Cursor: a tool of a server', code == 2 and said['permission'] == 'deny', said)
    code, said = cursor(hook_event_name='beforeMCPExecution', tool_name='search', tool_input='{"query": "drop me a line"}', command='npx some-server')
    check('Cursor: another tool', code == 0 and said['permission'] == 'allow', said)
    code, said = cursor(hook_event_name='BeforeTool', tool_name='run_shell_command', tool_input={'command': 'prisma migrate deploy'})
    check('Gemini CLI: denied', code == 2, said)
    code, said = cursor(hook_event_name='BeforeTool', tool_name='run_shell_command', tool_input={'command': 'ls'})
    check('Gemini CLI: allowed', code == 0 and said == {}, said)
    os.mkfifo(root / 'pipe')
    check('a pipe for a file is not waited for', call({'command': 'psql $SHOP_URL -f pipe'})[0] == 2)
    hooks = json.loads((HERE.parent.parent / 'share/contraflow/assistants/cursor-hooks.json').read_text())
    check('Cursor\'s configuration', hooks['version'] == 1 and all(hooks['hooks'][event][0]['command'] == 'contraflow hook' for event in ('beforeShellExecution', 'beforeMCPExecution')))
    settings = json.loads((HERE.parent.parent / 'share/contraflow/assistants/claude-code-settings.json').read_text())
    check('the ready configuration calls it', settings['hooks']['PreToolUse'][0]['hooks'][0]['command'] == 'contraflow hook')
    check('and the server', json.loads((HERE.parent.parent / 'share/contraflow/assistants/mcp.json').read_text())['mcpServers']['contraflow']['args'] == ['mcp'])


def tests(program, server, folder):
    doctor(program, server, folder)
    hook(program, folder)
    init(program, server, folder)


held.run('everyday', tests)
