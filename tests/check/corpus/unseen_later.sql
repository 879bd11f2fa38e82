-- Written on 2026-11-29 before looking at what check says of them, without those that the other files hold (docs/quality.md).
ALTER TABLE app.orders ALTER COLUMN state TYPE varchar(12)
ALTER TABLE app.orders ALTER COLUMN note TYPE text USING note
ALTER TABLE app.orders ALTER COLUMN note TYPE text USING (note || '')
ALTER TABLE app.orders ALTER COLUMN total TYPE numeric(12, 2) USING total::numeric(12, 2)
ALTER TABLE app.users ALTER COLUMN small TYPE integer, ALTER COLUMN small SET DEFAULT 0
ALTER TABLE app.users ALTER COLUMN settings TYPE jsonb USING settings::jsonb
ALTER TABLE app.orders ALTER COLUMN placed_at TYPE timestamptz(3)
ALTER TABLE app.users ALTER COLUMN active TYPE integer USING active::integer
ALTER TABLE app.users ADD COLUMN IF NOT EXISTS email text DEFAULT random()::text
ALTER TABLE IF EXISTS app.users ADD COLUMN IF NOT EXISTS extra uuid DEFAULT gen_random_uuid() NOT NULL
ALTER TABLE app.orders ADD COLUMN extra bigserial
ALTER TABLE app.orders ADD COLUMN extra integer DEFAULT 1 + 1, ADD COLUMN extra2 integer GENERATED ALWAYS AS (id + 1) STORED
ALTER TABLE app.orders ADD COLUMN extra date DEFAULT CURRENT_DATE NOT NULL
ALTER TABLE app.orders ADD COLUMN extra integer DEFAULT nextval('free_seq')
ALTER TABLE app.orders ADD COLUMN extra text DEFAULT upper('x') COLLATE "C"
ALTER TABLE app.orders ADD COLUMN extra text DEFAULT to_char(now(), 'YYYY')
ALTER TABLE app.orders ADD COLUMN extra integer DEFAULT stable_plpgsql()
ALTER TABLE app.orders ADD COLUMN extra integer DEFAULT volatile_plpgsql() NOT NULL
ALTER TABLE app.orders ADD COLUMN extra required DEFAULT 'q'
ALTER TABLE app.orders ADD COLUMN extra positive NOT NULL DEFAULT 1
ALTER TABLE app.orders ADD COLUMN extra integer UNIQUE DEFERRABLE
ALTER TABLE app.orders ADD COLUMN extra integer CHECK (extra IS NULL) NOT NULL DEFAULT 1
ALTER TABLE app.unindexed ADD COLUMN k bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
ALTER TABLE app.checked ALTER COLUMN proven SET NOT NULL, ALTER COLUMN twofold SET NOT NULL
ALTER TABLE app.checked ALTER COLUMN pending SET NOT NULL, VALIDATE CONSTRAINT checked_pending
ALTER TABLE app.users ALTER COLUMN email DROP NOT NULL, ALTER COLUMN email SET NOT NULL
ALTER TABLE app.orders ADD CONSTRAINT total_ok CHECK (total >= 0) NOT VALID, VALIDATE CONSTRAINT total_ok
ALTER TABLE app.orders ADD CONSTRAINT total_ok CHECK (true)
ALTER TABLE app.orders ADD CONSTRAINT o_user UNIQUE (user_id, id)
ALTER TABLE app.items ADD CONSTRAINT self FOREIGN KEY (qty) REFERENCES app.items (id) ON DELETE SET NULL NOT VALID
ALTER TABLE app.invoices ADD CONSTRAINT inv_order2 FOREIGN KEY (order_id) REFERENCES app.orders DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.base ALTER COLUMN v SET NOT NULL
ALTER TABLE ONLY app.derived ALTER COLUMN n SET NOT NULL
ALTER TABLE app.logs ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE app.shards ADD COLUMN n integer NOT NULL DEFAULT 0
ALTER TABLE app.shards DETACH PARTITION app.shards_1
CREATE TABLE app.quiet_8 PARTITION OF app.quiet FOR VALUES IN (8)
CREATE INDEX ON ONLY app.logs (user_id)
CREATE INDEX ON app.logs (user_id)
CREATE INDEX IF NOT EXISTS users_name ON app.users (name)
CREATE UNIQUE INDEX ON app.totals (user_id, total)
CREATE INDEX ON app.derived (n)
-- outside
CREATE INDEX CONCURRENTLY ON app.totals (total)
-- outside
DROP INDEX CONCURRENTLY app.orders_state
-- outside
VACUUM FULL app.countries
ALTER TYPE pair ADD ATTRIBUTE c text
ALTER TABLE app.generated ADD COLUMN tripled integer GENERATED ALWAYS AS (base * 3) STORED NOT NULL
ALTER TABLE app."Order Items" ALTER "Qty ""each""" SET NOT NULL
ALTER TABLE plain_names ALTER v TYPE varchar(5)
ALTER TABLE plain_names ALTER v TYPE text, ALTER n SET NOT NULL
ALTER TABLE public.users ADD CHECK (id > 0), ADD UNIQUE (email)
DO $do$ BEGIN ALTER TABLE app.users ALTER COLUMN age TYPE bigint; EXCEPTION WHEN OTHERS THEN NULL; END $do$
DO $do$ DECLARE c text := 'note'; BEGIN EXECUTE format('ALTER TABLE app.orders ALTER COLUMN %I SET NOT NULL', c); EXCEPTION WHEN not_null_violation THEN NULL; END $do$
DO $do$ BEGIN IF false THEN CREATE INDEX ON app.orders (note); END IF; END $do$
DO $do$ BEGIN FOR i IN 1..1 LOOP EXECUTE 'ALTER TABLE app.orders ADD COLUMN x' || i || ' integer'; END LOOP; END $do$
WITH gone AS (DELETE FROM app.unindexed RETURNING id) SELECT count(*) FROM gone
TRUNCATE app.countries CASCADE
CREATE TABLE app.made AS SELECT * FROM app.users
CREATE TABLE app.made (id integer PRIMARY KEY, order_id integer REFERENCES app.orders (id), CHECK (id > 0))
CREATE TABLE app.made PARTITION OF app.logs FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')
CREATE TABLE app.logs_other PARTITION OF app.logs DEFAULT
CREATE TABLE app.deep_3 PARTITION OF app.deep FOR VALUES FROM (4000) TO (MAXVALUE)
ALTER TABLE app.users SET (fillfactor = 90), ALTER COLUMN memo SET STORAGE EXTERNAL
ALTER TABLE app.users DISABLE TRIGGER ALL
ALTER TABLE app.users DROP COLUMN IF EXISTS nothing, DROP COLUMN token CASCADE
CREATE TRIGGER late AFTER TRUNCATE ON app.users FOR EACH STATEMENT EXECUTE FUNCTION noop_trigger()
ALTER TABLE app.ranges ADD CONSTRAINT one_room EXCLUDE USING gist (during WITH &&, seats WITH &&)
ALTER TABLE app.guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
