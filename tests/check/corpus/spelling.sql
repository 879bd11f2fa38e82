-- The same things said otherwise: names of types, quoting, case, comments.
ALTER TABLE APP.USERS ALTER COLUMN AGE TYPE BIGINT
alter table "app"."users" alter column "age" type pg_catalog.int8
ALTER TABLE app.users ALTER COLUMN age TYPE pg_catalog.int4
ALTER TABLE /* here */ app.users -- and there
  ALTER COLUMN age /* the age */ TYPE bigint
ALTER TABLE app.users
  ADD COLUMN extra uuid
  NOT NULL
  DEFAULT gen_random_uuid()
ALTER TABLE app.users ALTER COLUMN score TYPE float
ALTER TABLE app.users ALTER COLUMN score TYPE float(53)
ALTER TABLE app.users ALTER COLUMN score TYPE float(10)
ALTER TABLE app.users ALTER COLUMN balance TYPE dec(10, 2)
ALTER TABLE app.users ALTER COLUMN nick TYPE character varying (30)
ALTER TABLE app.users ALTER COLUMN code TYPE nchar(5)
ALTER TABLE app.users ALTER COLUMN code TYPE character(6)
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamp without time zone
ALTER TABLE app.users ALTER COLUMN created_at TYPE timestamp with time zone
ALTER TABLE app.users ALTER COLUMN created_at TYPE timestamp(6) with time zone
ALTER TABLE app.users ALTER COLUMN active TYPE bool
ALTER TABLE app.users ALTER COLUMN small TYPE int2
ALTER TABLE app.users ALTER COLUMN tags TYPE text ARRAY
ALTER TABLE app.users ALTER COLUMN tags TYPE text[4]
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE bit varying(9)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE "char"
ALTER TABLE app.users ADD COLUMN extra pg_catalog.timestamptz DEFAULT pg_catalog.clock_timestamp()
ALTER TABLE app.users ADD COLUMN extra text DEFAULT U&'d\0061ta'
ALTER TABLE app.users ADD COLUMN extra text DEFAULT E'random()'
ALTER TABLE app.users ADD COLUMN extra text DEFAULT 'gen_random_uuid()'
ALTER TABLE app.users ADD COLUMN "random" integer DEFAULT 1
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT '5'::text::integer
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CAST('5' AS integer)
ALTER TABLE app.users ADD COLUMN extra date DEFAULT date '2024-01-01' + 1
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT timestamptz 'now'
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT CAST(random() AS real)
ALTER TABLE app.users ADD COLUMN extra jsonb DEFAULT '{"a": 1}'::jsonb || '{"b": 2}'::jsonb
ALTER TABLE app.users ADD COLUMN extra jsonb DEFAULT ('{"a": 1}'::jsonb -> 'a')
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT (ARRAY[1, 2, 3])[2]
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT (ROW(1, 'a')::pair).a
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT 'a' LIKE 'b%'
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT 'a' ~* 'A'
ALTER TABLE app.users ADD COLUMN extra xml DEFAULT xmlelement(name a)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT (xmlserialize(CONTENT xmlelement(name a) AS text))
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT coalesce(1, random()::integer)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (false AND random() > 0.5)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (NOT (true OR random() > 0.5))
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CASE WHEN false THEN random()::integer ELSE 2 END
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CASE 1 WHEN 2 THEN random()::integer ELSE 2 END
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT abs(NULL * random())
ALTER TABLE app.users ADD COLUMN extra text DEFAULT current_catalog
ALTER TABLE app.users ADD COLUMN extra text DEFAULT (current_schema)
ALTER TABLE app.users ADD COLUMN extra inet DEFAULT inet_client_addr()
ALTER TABLE app.users ADD COLUMN extra text DEFAULT quote_literal(42)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT encode(sha256('a'), 'hex')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT pg_size_pretty(10::bigint)
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT pg_table_size('app.users')
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT currval('free_seq')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT array_to_string(ARRAY['a', 'b'], ',')
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT to_timestamp(0)
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT make_timestamptz(2024, 1, 1, 0, 0, 0)
ALTER TABLE app.users ADD COLUMN extra interval DEFAULT age(now(), now())
ALTER TABLE app.users ADD COLUMN extra interval DEFAULT age(date '2024-01-01')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT random_normal()::text
ALTER TABLE app.users ADD COLUMN extra bytea DEFAULT gen_random_uuid()::text::bytea
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT (SELECT 1)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT age
-- USING says how.
ALTER TABLE app.users ALTER COLUMN age TYPE bigint USING age::bigint
ALTER TABLE app.users ALTER COLUMN age TYPE integer USING age
ALTER TABLE app.users ALTER COLUMN age TYPE integer USING age + 0
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40) USING (nick)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(10) USING left(nick, 10)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40) USING code
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40) USING CAST(nick AS varchar)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(14, 2) USING balance::numeric(14, 2)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(14, 2) USING balance::numeric
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(14, 2) USING balance
ALTER TABLE app.users ALTER COLUMN memo TYPE text USING memo::varchar
ALTER TABLE app.users ALTER COLUMN memo TYPE text USING memo::varchar(100)
ALTER TABLE app.users ALTER COLUMN memo TYPE varchar USING memo::text
ALTER TABLE app.users ALTER COLUMN memo TYPE text COLLATE "C" USING memo
ALTER TABLE app.users ALTER COLUMN mood TYPE text USING (CASE mood WHEN 'ok' THEN 'fine' ELSE mood::text END)
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamp USING updated_at
-- Other objects, which no table waits for.
CREATE SCHEMA more
CREATE SCHEMA more CREATE TABLE things (id integer PRIMARY KEY) CREATE INDEX ON things (id)
DROP SCHEMA IF EXISTS missing
CREATE ROLE somebody
CREATE COLLATION app.german (provider = icu, locale = 'de')
CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer)
CREATE TEXT SEARCH CONFIGURATION app.words (COPY = simple)
CREATE CAST (grade AS integer) WITH INOUT
CREATE OPERATOR app.-? (FUNCTION = volatile_add, LEFTARG = integer, RIGHTARG = integer)
CREATE USER MAPPING FOR app SERVER elsewhere
CREATE SERVER nearby FOREIGN DATA WRAPPER nowhere
CREATE DOMAIN more_plain AS text NOT NULL DEFAULT ''
CREATE TYPE span AS RANGE (SUBTYPE = integer)
CREATE SUBSCRIPTION incoming CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)
ALTER DATABASE template1 SET statement_timeout = '10s'
NOTIFY changes
LISTEN changes
DISCARD PLANS
SAVEPOINT here
PREPARE look AS SELECT * FROM app.users
SELECT pg_notify('a', 'b')
SELECT pg_advisory_xact_lock(1)
SELECT set_config('lock_timeout', '1s', false)
SELECT trivial_sql()
SELECT nextval('free_seq')
COPY app.users TO STDOUT
ALTER VIEW app.active_users SET (security_barrier = true)
ALTER VIEW app.active_users ALTER COLUMN legacy SET DEFAULT ''
ALTER VIEW app.active_users OWNER TO app
ALTER FOREIGN TABLE app.remote DROP COLUMN v
ALTER FOREIGN TABLE app.remote RENAME TO far
ALTER SERVER elsewhere OPTIONS (ADD host 'x')
CREATE OR REPLACE FUNCTION noop_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
INSERT INTO app.countries VALUES (900, 'ZZ', 'x') ON CONFLICT (id) DO NOTHING
CREATE TABLE IF NOT EXISTS app.fresh (id integer PRIMARY KEY, org bigint REFERENCES app.orgs)
CREATE TABLE app.fresh (id integer, EXCLUDE USING hash (id WITH =))
ALTER TABLE app.users ADD COLUMN extra integer, ADD COLUMN extra integer
ALTER TABLE app.missing ADD COLUMN extra integer
ALTER TABLE app.users DROP COLUMN missing
ALTER TABLE app.users ALTER COLUMN missing TYPE bigint
ALTER TABLE app.users ALTER COLUMN age TYPE missing_type
CREATE INDEX ON app.users (missing)
DROP TABLE app.missing
