-- Written first, then judged (docs/quality.md): statements of further kinds, of which the corpus had none.
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(60), ALTER COLUMN nick TYPE varchar(40), ALTER COLUMN legacy SET DEFAULT 'x'
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(60), ALTER COLUMN nick TYPE varchar(10)
ALTER TABLE app.users ADD COLUMN a1 integer, ADD COLUMN a2 integer GENERATED ALWAYS AS (age + 1) STORED
ALTER TABLE app.users ADD COLUMN a1 integer DEFAULT 3 CHECK (a1 > 0)
ALTER TABLE app.users ADD COLUMN a1 integer DEFAULT 3, ADD CONSTRAINT a1_pos CHECK (a1 > 0) NOT VALID
ALTER TABLE app.users DROP COLUMN payload, ADD COLUMN payload text
ALTER TABLE app.kinds ALTER k_numeric_10_2 TYPE numeric(12,2), ALTER k_varchar_20 TYPE varchar, ALTER k_time_3 TYPE time(6)
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING k_varchar_20
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING k_varchar_20::varchar(30)
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE text USING k_varchar_20::text
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE text USING (k_varchar_20)::varchar::text
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING trim(k_varchar_20)
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING k_varchar_20::text
ALTER TABLE app.kinds ALTER k_integer TYPE integer USING k_integer
ALTER TABLE app.kinds ALTER k_integer TYPE integer USING k_integer + 0
ALTER TABLE app.kinds ALTER k_integer TYPE oid USING k_integer::oid
ALTER TABLE app.kinds ALTER k_text TYPE text USING k_text COLLATE "C"
ALTER TABLE app.kinds ALTER k_text TYPE text COLLATE "POSIX"
ALTER TABLE app.users ALTER memo TYPE text COLLATE "C"
ALTER TABLE app.users ALTER memo SET DATA TYPE varchar COLLATE "C" USING memo
ALTER TABLE app.kinds ALTER k_varchar_array TYPE text[]
ALTER TABLE app.kinds ALTER k_varchar_array TYPE varchar(30)[]
ALTER TABLE app.kinds ALTER k_varchar_array TYPE varchar[]
ALTER TABLE app.kinds ALTER k_text_array TYPE varchar[]
ALTER TABLE app.kinds ALTER k_int_array TYPE text[] USING k_int_array::text[]
ALTER TABLE app.kinds ALTER k_int_array TYPE oid[] USING k_int_array::oid[]
ALTER TABLE app.kinds ALTER k_short TYPE varchar(25)
ALTER TABLE app.kinds ALTER k_short TYPE varchar(20)
ALTER TABLE app.kinds ALTER k_short TYPE varchar(10)
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE short
ALTER TABLE app.kinds ALTER k_text TYPE short
ALTER TABLE app.kinds ALTER k_loose TYPE integer USING k_loose::integer
ALTER TABLE app.kinds ALTER k_positive TYPE nested
ALTER TABLE app.kinds ALTER k_required TYPE text
ALTER TABLE app.kinds ALTER k_text TYPE required
ALTER TABLE app.kinds ALTER k_inet TYPE cidr
ALTER TABLE app.kinds ALTER k_cidr TYPE inet USING k_cidr::inet
ALTER TABLE app.kinds ALTER k_timestamp TYPE timestamptz USING k_timestamp AT TIME ZONE 'UTC'
ALTER TABLE app.kinds ALTER k_timestamptz TYPE timestamp USING k_timestamptz AT TIME ZONE 'Europe/Berlin'
ALTER TABLE app.kinds ALTER k_timestamp_3 TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER k_timestamp_3 TYPE timestamptz
ALTER TABLE app.kinds ALTER k_timestamp TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER k_interval_day TYPE interval
ALTER TABLE app.kinds ALTER k_interval TYPE interval day to second
ALTER TABLE app.kinds ALTER k_interval TYPE interval year to month
ALTER TABLE app.kinds ALTER k_interval_3 TYPE interval(6)
ALTER TABLE app.kinds ALTER k_interval_3 TYPE interval second(3)
ALTER TABLE app.kinds ALTER k_bit TYPE varbit
ALTER TABLE app.kinds ALTER k_varbit_8 TYPE bit varying
ALTER TABLE app.kinds ALTER k_numeric TYPE numeric(1000, 2)
ALTER TABLE app.kinds ALTER k_numeric_10_2 TYPE decimal(20, 2)
ALTER TABLE app.kinds ALTER k_numeric_10_2 TYPE numeric(10)
ALTER TABLE app.kinds ALTER k_numeric_10_2 TYPE dec
ALTER TABLE app.kinds ALTER k_name TYPE text
ALTER TABLE app.kinds ALTER k_name TYPE varchar
ALTER TABLE app.kinds ALTER k_regclass TYPE oid
ALTER TABLE app.kinds ALTER k_oid TYPE regproc USING k_oid::regproc
ALTER TABLE app.kinds ALTER k_xml TYPE text
ALTER TABLE app.kinds ALTER k_xml TYPE varchar(10)
ALTER TABLE app.kinds ALTER k_pair TYPE text USING (k_pair).b
ALTER TABLE app.kinds ALTER k_boolean TYPE integer USING CASE WHEN k_boolean THEN 1 ELSE 0 END
ALTER TABLE app.kinds ALTER COLUMN id TYPE bigint
ALTER TABLE ONLY app.kinds ALTER COLUMN id SET DATA TYPE int
ALTER TABLE IF EXISTS app.nothing_here ALTER COLUMN id TYPE bigint
ALTER TABLE app.orders ALTER COLUMN state TYPE varchar(40)
ALTER TABLE app.checked ALTER COLUMN sized TYPE text
ALTER TABLE app.derived ALTER COLUMN extra TYPE varchar(500)
ALTER TABLE app.logs_2024 ALTER COLUMN message SET NOT NULL
ALTER TABLE app.deep ALTER COLUMN v TYPE varchar(100)
ALTER TABLE app.remote ALTER COLUMN v TYPE varchar(5)
ALTER FOREIGN TABLE app.remote ADD COLUMN z uuid DEFAULT gen_random_uuid()
ALTER TABLE app."Order Items" ALTER COLUMN "select" TYPE varchar
ALTER TABLE app."Order Items" ADD COLUMN "Total" integer GENERATED ALWAYS AS ("Id" * 2) STORED
ALTER TABLE plain_names ALTER v TYPE varchar(11)
ALTER TABLE plain_names ALTER v TYPE varchar(9)
ALTER TABLE public.plain_names ADD UNIQUE (v)
ALTER TABLE users ALTER COLUMN email SET NOT NULL
ALTER TABLE app.users ADD COLUMN d1 timestamptz DEFAULT now() + interval '1 day'
ALTER TABLE app.users ADD COLUMN d1 timestamptz DEFAULT timezone('UTC', now())
ALTER TABLE app.users ADD COLUMN d1 date DEFAULT ('now'::text)::date
ALTER TABLE app.users ADD COLUMN d1 timestamptz DEFAULT statement_timestamp()
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT timeofday()
ALTER TABLE app.users ADD COLUMN d1 bigint DEFAULT (extract(epoch FROM now()) * 1000)::bigint
ALTER TABLE app.users ADD COLUMN d1 bigint DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT md5(random()::text)
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT md5('x')
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT current_setting('app.tenant', true)
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT CURRENT_USER
ALTER TABLE app.users ADD COLUMN d1 bigint DEFAULT txid_current()
ALTER TABLE app.users ADD COLUMN d1 inet DEFAULT inet_client_addr()
ALTER TABLE app.users ADD COLUMN d1 pg_lsn DEFAULT pg_current_wal_lsn()
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT to_char(now(), 'YYYY')
ALTER TABLE app.users ADD COLUMN d1 text[] DEFAULT ARRAY[]::text[]
ALTER TABLE app.users ADD COLUMN d1 text[] DEFAULT '{}'::text[] NOT NULL
ALTER TABLE app.users ADD COLUMN d1 jsonb DEFAULT jsonb_build_object('at', now())
ALTER TABLE app.users ADD COLUMN d1 jsonb DEFAULT jsonb_build_object('at', clock_timestamp())
ALTER TABLE app.users ADD COLUMN d1 text DEFAULT upper('abc') || 'x'
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT CASE WHEN random() > 2 THEN 1 END
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT CASE WHEN true THEN 1 ELSE random()::integer END
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT coalesce(1, random()::integer)
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT NULL
ALTER TABLE app.users ADD COLUMN d1 positive DEFAULT 3
ALTER TABLE app.users ADD COLUMN d1 positive
ALTER TABLE app.users ADD COLUMN d1 loose DEFAULT 3
ALTER TABLE app.users ADD COLUMN d1 five
ALTER TABLE app.users ADD COLUMN d1 element[]
ALTER TABLE app.users ADD COLUMN d1 element[] DEFAULT '{1}'
ALTER TABLE app.users ADD COLUMN d1 pair DEFAULT ROW(1, 'x')
ALTER TABLE app.users ADD COLUMN d1 mood DEFAULT 'ok'
ALTER TABLE app.users ADD COLUMN d1 mood[] DEFAULT '{ok}'
ALTER TABLE app.users ADD COLUMN d1 bigserial UNIQUE
ALTER TABLE app.users ADD COLUMN d1 smallserial
ALTER TABLE app.users ADD COLUMN d1 bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000)
ALTER TABLE app.users ADD COLUMN IF NOT EXISTS email text DEFAULT gen_random_uuid()::text
ALTER TABLE app.users ADD COLUMN IF NOT EXISTS email2 text DEFAULT gen_random_uuid()::text
ALTER TABLE app.users ADD COLUMN d1 integer UNIQUE
ALTER TABLE app.users ADD COLUMN d1 integer UNIQUE DEFERRABLE
ALTER TABLE app.users ADD COLUMN d1 integer REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT 1 REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN d1 integer DEFAULT NULL REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN d1 integer CHECK (d1 > 0)
ALTER TABLE app.users ADD COLUMN d1 text NOT NULL DEFAULT ''::text COLLATE "C"
ALTER TABLE app.users ADD COLUMN d1 integer CONSTRAINT d1_nn NOT NULL DEFAULT 0
ALTER TABLE app.logs ADD COLUMN d1 uuid DEFAULT gen_random_uuid()
ALTER TABLE app.logs ADD COLUMN d1 integer DEFAULT 0
ALTER TABLE app.hollow ADD COLUMN d1 uuid DEFAULT gen_random_uuid()
ALTER TABLE app.base ADD COLUMN d1 uuid DEFAULT gen_random_uuid()
ALTER TABLE app.generated ALTER COLUMN word SET STORAGE EXTERNAL
ALTER TABLE app.generated ALTER COLUMN word SET COMPRESSION lz4
ALTER TABLE app.generated ALTER COLUMN word SET COMPRESSION pglz
ALTER TABLE app.users ALTER COLUMN age SET STATISTICS 500
ALTER TABLE app.users ALTER COLUMN age SET (n_distinct = -0.5)
ALTER TABLE app.users SET (fillfactor = 70)
ALTER TABLE app.users SET (autovacuum_enabled = false, toast_tuple_target = 4080)
ALTER TABLE app.users ADD CONSTRAINT age_ck CHECK (age BETWEEN 0 AND 200) NO INHERIT
ALTER TABLE app.users ADD CONSTRAINT tok UNIQUE USING INDEX users_token
ALTER TABLE app.users DROP CONSTRAINT users_pkey CASCADE, ADD PRIMARY KEY USING INDEX users_rank_id
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD PRIMARY KEY USING INDEX checked_proven
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD PRIMARY KEY (already)
ALTER TABLE app.checked ADD UNIQUE USING INDEX checked_free
ALTER TABLE app.unindexed ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (v)
ALTER TABLE app.unindexed ADD EXCLUDE USING btree (id WITH =)
ALTER TABLE app.checked ALTER proven SET NOT NULL
ALTER TABLE app.checked ALTER pending SET NOT NULL
ALTER TABLE app.checked ALTER compared SET NOT NULL
ALTER TABLE app.checked ALTER twofold SET NOT NULL, ALTER pair_a SET NOT NULL, ALTER pair_b SET NOT NULL
ALTER TABLE app.checked ALTER negated SET NOT NULL
ALTER TABLE app.checked ALTER coalesced SET NOT NULL
ALTER TABLE app.checked ALTER either SET NOT NULL
ALTER TABLE app.checked ALTER already SET NOT NULL
ALTER TABLE app.checked ALTER proven SET NOT NULL, DROP CONSTRAINT proven_check
ALTER TABLE app.checked VALIDATE CONSTRAINT checked_pending
ALTER TABLE app.checked VALIDATE CONSTRAINT checked_pending, ALTER pending SET NOT NULL
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_order
ALTER TABLE app.invoices ADD FOREIGN KEY (user_id) REFERENCES app.users
ALTER TABLE app.invoices ADD FOREIGN KEY (user_id) REFERENCES app.users NOT VALID
ALTER TABLE app.items ADD CONSTRAINT self FOREIGN KEY (parent_id) REFERENCES app.items (id) ON DELETE CASCADE
ALTER TABLE app.logs ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES app.users (id)
ALTER TABLE app.logs ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES app.users (id) NOT VALID
ALTER TABLE app.logs_2024 ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES app.users (id) NOT VALID
ALTER TABLE app.logs ADD CONSTRAINT lv CHECK (level >= 0)
ALTER TABLE app.logs ADD CONSTRAINT lv CHECK (level >= 0) NOT VALID
ALTER TABLE app.shard_uses ADD FOREIGN KEY (shard_id) REFERENCES app.shards (id) NOT VALID
ALTER TABLE app.users RENAME CONSTRAINT users_pkey TO users_pk
ALTER TABLE app.users ADD CONSTRAINT nn NOT NULL age
ALTER TABLE app.users ADD CONSTRAINT nn NOT NULL age NOT VALID
ALTER TABLE app.users ADD NOT NULL email
ALTER TABLE app.users ADD CONSTRAINT ck CHECK (age > 0) NOT ENFORCED
ALTER TABLE app.invoices ADD FOREIGN KEY (user_id) REFERENCES app.users NOT ENFORCED
ALTER DOMAIN positive ADD CONSTRAINT lt CHECK (VALUE < 100000)
ALTER DOMAIN positive ADD CONSTRAINT lt CHECK (VALUE < 100000) NOT VALID
ALTER DOMAIN positive SET DEFAULT 7
ALTER DOMAIN unused ADD CHECK (VALUE > 0)
ALTER DOMAIN plain ADD CHECK (length(VALUE) < 1000)
ALTER TYPE mood ADD VALUE 'great' AFTER 'happy'
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'
ALTER TYPE part_row ALTER ATTRIBUTE label TYPE varchar(10) CASCADE
ALTER TYPE part_row ADD ATTRIBUTE extra text CASCADE
ALTER TYPE part_row RENAME ATTRIBUTE label TO caption CASCADE
CREATE INDEX ON app.users USING hash (email)
CREATE INDEX ON app.users USING brin (created_at) WITH (pages_per_range = 32)
CREATE INDEX ON app.hollow (n)
CREATE UNIQUE INDEX ON app.totals (total, user_id)
CREATE INDEX IF NOT EXISTS users_name2 ON app.users (name)
CREATE UNIQUE INDEX ON app.users (id) INCLUDE (email)
CREATE INDEX ON app.users (memo text_pattern_ops) WHERE memo IS NOT NULL
CREATE INDEX ON app.logs (user_id, at DESC)
ALTER INDEX app.users_name SET (fillfactor = 60)
ALTER INDEX app.users_name RENAME TO users_nm
ALTER INDEX app.users_lower_email ALTER COLUMN 1 SET STATISTICS 500
DROP INDEX app.users_name, app.users_lower_email
-- outside
REINDEX (VERBOSE) TABLE app.logs
CLUSTER app.users USING users_pkey
ALTER TABLE app.users CLUSTER ON users_pkey
ALTER TABLE app.clustered SET WITHOUT OIDS
-- outside
VACUUM (FULL off) app.users
-- outside
VACUUM FREEZE app.users
-- outside
VACUUM (TRUNCATE false, INDEX_CLEANUP off) app.users
ANALYZE app.users (age)
ALTER MATERIALIZED VIEW app.totals SET (fillfactor = 50)
ALTER MATERIALIZED VIEW app.totals RENAME COLUMN total TO sum
CREATE MATERIALIZED VIEW app.mv2 AS SELECT * FROM app.users
CREATE MATERIALIZED VIEW app.mv2 AS SELECT * FROM app.users WITH NO DATA
CREATE TABLE app.copy AS TABLE app.users WITH DATA
CREATE TABLE app.copy AS SELECT * FROM app.users FOR UPDATE
SELECT * INTO app.copy FROM app.users
CREATE TEMP TABLE copy AS SELECT * FROM app.users
CREATE TABLE app.child (LIKE app.users INCLUDING ALL)
CREATE TABLE app.child (CHECK (id > 0)) INHERITS (app.base)
CREATE TABLE app.child (id integer REFERENCES app.users (id), country integer REFERENCES app.countries)
CREATE UNLOGGED TABLE app.child AS SELECT 1 AS one
CREATE TABLE app.logs_def PARTITION OF app.logs DEFAULT
ALTER TABLE app.logs ATTACH PARTITION app.logs_bare DEFAULT
ALTER TABLE app.hollow ATTACH PARTITION app.hollow_ready FOR VALUES FROM (0) TO (1000)
TRUNCATE app.orders CASCADE
TRUNCATE app.users, app.orgs RESTART IDENTITY CASCADE
LOCK TABLE app.users IN SHARE MODE NOWAIT
COPY app.countries FROM '/dev/null'
COPY app.users TO '/dev/null'
COMMENT ON COLUMN app.users.email IS 'x'
GRANT SELECT ON app.users TO PUBLIC
ALTER TABLE app.users OWNER TO CURRENT_USER
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
CREATE RULE r AS ON INSERT TO app.unindexed DO ALSO NOTHING
CREATE CONSTRAINT TRIGGER ct AFTER INSERT ON app.users DEFERRABLE FOR EACH ROW EXECUTE FUNCTION noop_trigger()
CREATE OR REPLACE TRIGGER watched_touch AFTER UPDATE ON app.watched FOR EACH ROW EXECUTE FUNCTION noop_trigger()
CREATE STATISTICS s1 (dependencies) ON age, small FROM app.users
CREATE OR REPLACE VIEW app.active_users AS SELECT id, email, legacy, age FROM app.users
CREATE POLICY p ON app.users FOR SELECT USING (true)
ALTER SEQUENCE free_seq SET LOGGED
ALTER TABLE app.users DROP COLUMN email CASCADE
ALTER TABLE app.users DROP COLUMN IF EXISTS nothing
DROP EXTENSION IF EXISTS plpgsql_check
CREATE PUBLICATION pall FOR ALL TABLES
DO $$ BEGIN ALTER TABLE app.users ALTER COLUMN age TYPE bigint; END $$
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'zz') THEN ALTER TABLE app.users ADD CONSTRAINT zz CHECK (age > 0) NOT VALID; END IF; END $$
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'zz') THEN ALTER TABLE app.users ADD CONSTRAINT zz CHECK (age > 0); END IF; END $$
DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE 'CREATE INDEX ON app.users (memo)'; END LOOP; END $$
DO $$ BEGIN EXECUTE format('ALTER TABLE %I.%I ADD COLUMN zz integer', 'app', 'users'); END $$
DO $$ BEGIN EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN age TYPE bigint', 'app', 'users'); END $$
DO $$ BEGIN CREATE TABLE app.fresh (id integer); CREATE INDEX ON app.fresh (id); ALTER TABLE app.fresh ALTER id TYPE bigint; END $$
CREATE SCHEMA fresh CREATE TABLE t (id integer PRIMARY KEY) CREATE INDEX ON t (id)
UPDATE app.users SET age = 1
DELETE FROM app.items WHERE qty > 100
INSERT INTO app.countries SELECT 1000 + id, chr(200) || 'x', 'n' FROM app.users LIMIT 1
MERGE INTO app.countries c USING app.orgs o ON c.id = o.id WHEN MATCHED THEN UPDATE SET name = 'x'
WITH x AS (UPDATE app.users SET age = 2 RETURNING 1) SELECT count(*) FROM x
CREATE FUNCTION app.f1() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE app.users ALTER age TYPE bigint; END'
SET lock_timeout = '2s'
-- outside
ALTER DATABASE postgres SET lock_timeout = '2s'
ALTER TABLE app.users ALTER COLUMN active DROP NOT NULL
ALTER TABLE app.users ALTER COLUMN active DROP DEFAULT
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING kinds.k_varchar_20
ALTER TABLE app.kinds ALTER k_varchar_20 TYPE varchar(30) USING (k_varchar_20 COLLATE "default")
ALTER TABLE app.kinds ALTER k_text TYPE varchar(30) USING left(k_text, 30)
ALTER TABLE app.kinds ALTER k_text TYPE text USING coalesce(k_text, '')
ALTER TABLE app.kinds ALTER k_integer TYPE bigint USING k_integer::bigint
ALTER TABLE app.kinds ALTER k_timestamptz_3 TYPE timestamptz(6)
ALTER TABLE app.kinds ALTER k_timestamptz TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER k_timetz TYPE time
ALTER TABLE app.kinds ALTER k_time TYPE interval
ALTER TABLE app.kinds ALTER k_date TYPE timestamp
ALTER TABLE app.kinds ALTER k_char TYPE char(12)
ALTER TABLE app.kinds ALTER k_char TYPE bpchar
ALTER TABLE app.kinds ALTER k_char TYPE text
ALTER TABLE app.kinds ALTER k_char TYPE varchar(8)
ALTER TABLE app.kinds ALTER k_money TYPE numeric
ALTER TABLE app.kinds ALTER k_real TYPE double precision
ALTER TABLE app.kinds ALTER k_double TYPE real
ALTER TABLE app.kinds ALTER k_bytea TYPE text USING encode(k_bytea, 'hex')
ALTER TABLE app.kinds ALTER k_macaddr TYPE macaddr8
ALTER TABLE app.kinds ALTER k_jsonb TYPE json USING k_jsonb::json
ALTER TABLE app.kinds ALTER k_json TYPE text
ALTER TABLE app.kinds ALTER k_uuid TYPE text
ALTER TABLE app.kinds ALTER k_text TYPE uuid USING '00000000-0000-4000-8000-000000000001'::uuid
ALTER TABLE app.kinds ALTER k_int4range TYPE int8range USING int8range(lower(k_int4range), upper(k_int4range))
ALTER TABLE app.kinds ALTER k_tsvector TYPE text
ALTER TABLE app.kinds ALTER k_oid TYPE bigint
ALTER TABLE app.kinds ALTER k_oid TYPE integer USING k_oid::integer
ALTER TABLE app.kinds ALTER k_integer TYPE numeric(12, 0)
ALTER TABLE app.kinds ALTER k_bigint_array TYPE integer[]
ALTER TABLE app.kinds ALTER k_plain TYPE text
ALTER TABLE app.kinds ALTER k_plain TYPE varchar
ALTER TABLE app.kinds ALTER k_text TYPE plain
ALTER TABLE app.kinds ALTER k_integer TYPE loose
ALTER TABLE app.kinds ALTER k_integer TYPE five
ALTER TABLE app.kinds ALTER k_integer TYPE pending
ALTER TABLE app.kinds ALTER k_mood TYPE varchar(10)
ALTER TABLE app.kinds ALTER k_mood TYPE grade USING 'a'
ALTER TABLE app.kinds ALTER k_collated TYPE text
ALTER TABLE app.kinds ALTER k_collated TYPE varchar COLLATE "C"
ALTER TABLE app.kinds ALTER k_collated TYPE text COLLATE "POSIX"
ALTER TABLE app.typed ALTER a TYPE integer[]
ALTER TABLE app.typed ALTER p TYPE integer
ALTER TABLE app.typed ALTER n TYPE positive
ALTER TABLE app.typed ALTER l TYPE bigint
ALTER TABLE app.clustered ALTER v TYPE varchar(50)
ALTER TABLE app.orders ALTER placed_at TYPE timestamptz(3)
ALTER TABLE app.orders ALTER country_id TYPE bigint, ADD FOREIGN KEY (country_id) REFERENCES app.countries NOT VALID
ALTER TABLE app.orgs ALTER id TYPE integer
ALTER TABLE app.orgs ALTER slug TYPE varchar(500)
ALTER TABLE app.orgs ALTER title TYPE varchar(61)
ALTER TABLE app.invoices ALTER amount TYPE numeric(20, 4)
ALTER TABLE app.invoices ALTER amount TYPE numeric
ALTER TABLE app.users ALTER settings TYPE jsonb
ALTER TABLE app.users ALTER token TYPE text
ALTER TABLE app.users ALTER name TYPE text
ALTER TABLE app.users ALTER name TYPE varchar(49)
ALTER TABLE app.watched ALTER n TYPE numeric
ALTER TABLE app.shards ALTER v TYPE varchar(10)
ALTER TABLE app.shards ALTER v TYPE varchar
ALTER TABLE app.events ALTER body TYPE varchar
ALTER TABLE app.deep ALTER v SET NOT NULL
ALTER TABLE app.base ADD CONSTRAINT nn CHECK (n > 0)
ALTER TABLE app.base ADD CONSTRAINT nn CHECK (n > 0) NO INHERIT
ALTER TABLE ONLY app.base ADD CONSTRAINT nn CHECK (n > 0) NO INHERIT NOT VALID
ALTER TABLE app.base ALTER n SET NOT NULL
ALTER TABLE app.derived ALTER extra SET NOT NULL
ALTER TABLE app.ranges ADD EXCLUDE USING gist (spot WITH ~=) WHERE (room > 5)
ALTER TABLE app.ranges ADD UNIQUE (room), ADD CHECK (room > 0) NOT VALID
ALTER TABLE app.unlogged ADD CHECK (length(v) > 0)
ALTER TABLE app.secured ADD COLUMN t tsvector GENERATED ALWAYS AS (to_tsvector('simple', v)) STORED
ALTER TABLE app.secured ADD COLUMN t integer GENERATED ALWAYS AS (id * 2) VIRTUAL
ALTER TABLE app.secured ADD t2 uuid NOT NULL DEFAULT uuidv7()
ALTER TABLE app.secured ADD t2 uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
ALTER TABLE app.secured ADD t2 varchar(20) DEFAULT substr('abcdef', 2)
ALTER TABLE app.secured ADD t2 numeric DEFAULT pi()
ALTER TABLE app.secured ADD t2 interval DEFAULT age(now())
ALTER TABLE app.secured ADD t2 timestamptz DEFAULT 'now'
ALTER TABLE app.secured ADD t2 timestamptz DEFAULT date_trunc('day', clock_timestamp())
ALTER TABLE app.secured ADD t2 integer DEFAULT immutable_plpgsql(3)
ALTER TABLE app.secured ADD t2 integer DEFAULT stable_plpgsql()
ALTER TABLE app.secured ADD t2 integer DEFAULT volatile_plpgsql()
ALTER TABLE app.secured ADD t2 bigint DEFAULT next_code()
ALTER TABLE app.secured ADD t2 timestamptz DEFAULT app.now()
ALTER TABLE app.secured ADD t2 integer DEFAULT app.random()
ALTER TABLE app.secured ADD t2 integer DEFAULT nullif(1, 2)
ALTER TABLE app.secured ADD t2 integer DEFAULT greatest(1, (random() * 5)::integer)
ALTER TABLE app.secured ADD t2 text DEFAULT (ARRAY['a', 'b'])[1]
ALTER TABLE app.secured ADD t2 text DEFAULT format('%s-%s', 'a', now())
ALTER TABLE app.secured ADD t2 json DEFAULT json_build_array(1, 2)
ALTER TABLE app.secured ADD t2 xml DEFAULT xmlelement(name a)
ALTER TABLE app.secured ADD t2 text DEFAULT session_user
ALTER TABLE app.secured ADD t2 name DEFAULT current_schema()
ALTER TABLE app.secured ADD t2 integer DEFAULT pg_backend_pid()
ALTER TABLE app.unindexed ADD pk bigserial PRIMARY KEY
ALTER TABLE app.unindexed ADD CONSTRAINT c FOREIGN KEY (n) REFERENCES app.countries (id) NOT VALID, ADD CHECK (n > 0)
ALTER TABLE app.unindexed REPLICA IDENTITY NOTHING, SET (fillfactor = 90), ALTER v SET STATISTICS 100
ALTER TABLE app.unindexed ALTER v SET STORAGE MAIN, ALTER id SET NOT NULL
ALTER TABLE app.unindexed ENABLE ROW LEVEL SECURITY, ADD COLUMN z text
ALTER TABLE app.unindexed RENAME TO indexed
ALTER TABLE app.unindexed RENAME COLUMN v TO w
ALTER TABLE app.like_type OF part_row, ADD UNIQUE (label)
ALTER VIEW app.active_users ALTER COLUMN legacy SET DEFAULT 'x'
ALTER TABLE app.active_users RENAME TO lively_users
CREATE INDEX lower_idx ON app.watched (lower(v)) TABLESPACE other_space
CREATE UNIQUE INDEX ON app.watched (n) NULLS NOT DISTINCT
CREATE INDEX ON app.events (body)
CREATE INDEX ON app.shards_0 (v)
CREATE INDEX ON ONLY app.deep (v)
CREATE INDEX ON app.unlogged USING gin (to_tsvector('simple', v))
CREATE INDEX ON app."Order Items" ("Qty ""each""" DESC NULLS LAST)
CREATE INDEX ON plain_names (v)
CREATE INDEX ON app.plain_totals (user_id)
DROP INDEX IF EXISTS app.nothing_at_all
DROP INDEX app.users_settings CASCADE
-- outside
REINDEX (TABLESPACE other_space, CONCURRENTLY) TABLE app.watched
CLUSTER (VERBOSE) app.clustered USING clustered_pkey
CLUSTER app.totals USING totals_user
-- outside
VACUUM (FULL true, VERBOSE) app.watched, app.secured
-- outside
VACUUM FULL app.totals
-- outside
VACUUM (FULL 1) app.logs
-- outside
VACUUM (FULL false) app.watched
-- outside
VACUUM (ANALYZE, PROCESS_TOAST false) app.watched
REFRESH MATERIALIZED VIEW app.plain_totals
REFRESH MATERIALIZED VIEW app.totals WITH DATA
CREATE MATERIALIZED VIEW IF NOT EXISTS app.totals AS SELECT 1 AS one
CREATE TABLE IF NOT EXISTS app.users AS SELECT * FROM app.orders
CREATE TABLE app.nt (id integer PRIMARY KEY, user_id bigint REFERENCES app.users (id) ON DELETE CASCADE)
CREATE TABLE app.nt PARTITION OF app.hollow FOR VALUES FROM (1) TO (2)
CREATE TABLE app.nt PARTITION OF app.deep FOR VALUES FROM (4000) TO (5000) PARTITION BY LIST (b)
CREATE TABLE app.nt PARTITION OF app.deep DEFAULT
CREATE TABLE app.nt PARTITION OF app.events (CHECK (id > 0)) FOR VALUES IN (12, 13)
DROP TABLE IF EXISTS app.events_1, app.nothing
TRUNCATE app.events_1
TRUNCATE app.countries
LOCK app.orders IN ACCESS EXCLUSIVE MODE
LOCK TABLE ONLY app.base IN SHARE ROW EXCLUSIVE MODE
ALTER DOMAIN nested ADD CHECK (VALUE < 100000)
ALTER DOMAIN five SET NOT NULL
ALTER DOMAIN plain SET NOT NULL
ALTER DOMAIN short ADD CONSTRAINT s CHECK (VALUE <> '') NOT VALID
ALTER DOMAIN loose ADD CONSTRAINT s CHECK (VALUE > -5)
ALTER DOMAIN loose RENAME TO looser
ALTER DOMAIN positive VALIDATE CONSTRAINT positive_check
ALTER TYPE grade ADD VALUE IF NOT EXISTS 'a'
ALTER TYPE pair RENAME ATTRIBUTE a TO aa
ALTER TYPE pair DROP ATTRIBUTE a
ALTER TYPE mood RENAME TO moods
DO $$ BEGIN CALL app.retype(); END $$
DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_class WHERE relname = 'users') THEN ALTER TABLE app.users ADD CHECK (age > 0); END IF; END $$
DO $$ DECLARE t text := 'app.watched'; BEGIN EXECUTE 'CREATE INDEX ON ' || t || ' (n)'; END $$
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['app.watched', 'app.secured'] LOOP EXECUTE format('ALTER TABLE %s ADD COLUMN zz integer', t); END LOOP; END $$
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['app.watched', 'app.secured'] LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN id TYPE bigint', t); END LOOP; END $$
DO $$ BEGIN CREATE TEMP TABLE tt AS SELECT * FROM app.users; CREATE INDEX ON tt (id); END $$
DO LANGUAGE plpgsql 'BEGIN ALTER TABLE app.watched ALTER n SET NOT NULL; END'
DO $$ BEGIN WHILE false LOOP ALTER TABLE app.watched ALTER n SET NOT NULL; END LOOP; END $$
DO $$ BEGIN CASE 1 WHEN 1 THEN ALTER TABLE app.watched ALTER n SET NOT NULL; ELSE NULL; END CASE; END $$
DO $$ BEGIN RETURN; ALTER TABLE app.watched ALTER n SET NOT NULL; END $$
SELECT app.now()
CREATE SCHEMA AUTHORIZATION CURRENT_USER
ALTER SCHEMA app RENAME TO app2
ALTER TABLE app.newest ALTER pending SET NOT NULL
ALTER TABLE app.newest ADD CONSTRAINT k NOT NULL off NO INHERIT
ALTER TABLE app.newest ADD CHECK (twice > 0)
CREATE INDEX ON app.newest (base) INCLUDE (off)
ALTER TABLE app.newest ALTER base SET NOT NULL
ALTER TABLE app.orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.orders ALTER CONSTRAINT orders_user_id_fkey NOT ENFORCED
