-- Creating.
CREATE TABLE app.fresh (id bigint PRIMARY KEY, v text UNIQUE, n integer CHECK (n > 0))
CREATE TABLE app.fresh (id bigserial PRIMARY KEY, token uuid DEFAULT gen_random_uuid())
CREATE TABLE IF NOT EXISTS app.users (id bigint PRIMARY KEY)
CREATE TABLE app.fresh (id bigint PRIMARY KEY, user_id bigint REFERENCES app.users (id))
CREATE TABLE app.fresh (id bigint PRIMARY KEY, user_id bigint REFERENCES app.users (id), country_id integer REFERENCES app.countries (id))
CREATE TABLE app.fresh (LIKE app.users)
CREATE TABLE app.fresh (LIKE app.users INCLUDING ALL)
CREATE TABLE app.fresh (extra text) INHERITS (app.base)
CREATE TABLE app.fresh OF part_row
CREATE TABLE app.fresh AS SELECT * FROM app.users
CREATE TABLE app.fresh AS SELECT * FROM app.users WITH NO DATA
CREATE TABLE app.fresh AS TABLE app.users
SELECT * INTO app.fresh FROM app.users
CREATE TEMPORARY TABLE fresh AS SELECT * FROM app.users
CREATE UNLOGGED TABLE app.fresh (id integer)
CREATE FOREIGN TABLE app.far (id integer) SERVER elsewhere
CREATE TABLE app.fresh (id bigint, at timestamptz) PARTITION BY RANGE (at)
CREATE VIEW app.some_users AS SELECT id FROM app.users
CREATE OR REPLACE VIEW app.active_users AS SELECT id, email, legacy, name FROM app.users WHERE active
CREATE MATERIALIZED VIEW app.more_totals AS SELECT user_id, count(*) FROM app.orders GROUP BY 1
CREATE MATERIALIZED VIEW app.more_totals AS SELECT user_id, count(*) FROM app.orders GROUP BY 1 WITH NO DATA
CREATE RECURSIVE VIEW app.counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 10
-- Dropping and emptying.
DROP TABLE app.unindexed
DROP TABLE IF EXISTS app.unindexed
DROP TABLE IF EXISTS app.missing
DROP TABLE app.orders
DROP TABLE app.orders CASCADE
DROP TABLE app.items
DROP TABLE app.users CASCADE
DROP TABLE app.unindexed, app.unlogged
DROP TABLE app.logs
DROP TABLE app.logs_2024
DROP TABLE app.events_1
DROP TABLE app.shards
DROP TABLE app.shard_uses
DROP TABLE app.base
DROP TABLE app.base CASCADE
DROP TABLE app.derived
DROP FOREIGN TABLE app.remote
DROP VIEW app.active_users
DROP MATERIALIZED VIEW app.totals
DROP SCHEMA app CASCADE
DROP OWNED BY app
TRUNCATE app.unindexed
TRUNCATE TABLE app.items, app.invoices
TRUNCATE app.users
TRUNCATE app.users CASCADE
TRUNCATE ONLY app.base
TRUNCATE app.logs
TRUNCATE app.items RESTART IDENTITY
LOCK TABLE app.users
LOCK TABLE app.users IN ACCESS EXCLUSIVE MODE
LOCK TABLE app.users IN SHARE MODE
LOCK TABLE app.users IN ROW EXCLUSIVE MODE
LOCK app.users, app.orders IN EXCLUSIVE MODE NOWAIT
-- Storage.
ALTER TABLE app.users SET (fillfactor = 80)
ALTER TABLE app.users SET (autovacuum_enabled = false)
ALTER TABLE app.users SET (autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = false)
ALTER TABLE app.users RESET (fillfactor)
ALTER TABLE app.users SET (parallel_workers = 4)
ALTER TABLE app.users SET (user_catalog_table = true)
ALTER TABLE app.users SET (toast_tuple_target = 4096)
ALTER TABLE app.users SET WITHOUT OIDS
ALTER TABLE app.invoices SET UNLOGGED
ALTER TABLE app.unlogged SET LOGGED
ALTER TABLE app.unlogged SET UNLOGGED
ALTER TABLE app.invoices SET LOGGED
ALTER TABLE app.users SET LOGGED
ALTER TABLE app.logs SET UNLOGGED
ALTER TABLE app.users SET TABLESPACE other_space
ALTER TABLE app.users SET TABLESPACE pg_default
ALTER TABLE app.logs SET TABLESPACE other_space
ALTER TABLE app.users SET ACCESS METHOD heap
ALTER TABLE app.users SET ACCESS METHOD DEFAULT
ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE other_space
ALTER MATERIALIZED VIEW app.totals SET TABLESPACE other_space
ALTER MATERIALIZED VIEW app.totals SET (fillfactor = 70)
ALTER MATERIALIZED VIEW app.totals CLUSTER ON totals_user
ALTER MATERIALIZED VIEW ALL IN TABLESPACE pg_default SET TABLESPACE other_space
REFRESH MATERIALIZED VIEW app.totals
REFRESH MATERIALIZED VIEW CONCURRENTLY app.totals
REFRESH MATERIALIZED VIEW CONCURRENTLY app.plain_totals
REFRESH MATERIALIZED VIEW app.totals WITH NO DATA
-- Owners, schemas, privileges, comments, identity of rows.
ALTER TABLE app.users OWNER TO app
ALTER TABLE app.users SET SCHEMA public
ALTER TABLE app.orders SET SCHEMA public
ALTER SCHEMA app OWNER TO app
GRANT SELECT ON app.users TO reader
GRANT SELECT ON ALL TABLES IN SCHEMA app TO reader
GRANT SELECT (email) ON app.users TO reader
REVOKE ALL ON app.users FROM reader
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader
COMMENT ON TABLE app.users IS 'all the people'
COMMENT ON COLUMN app.users.email IS 'where to write'
COMMENT ON CONSTRAINT users_email_key ON app.users IS 'one each'
COMMENT ON INDEX app.users_name IS 'by name'
COMMENT ON DOMAIN positive IS 'above zero'
ALTER TABLE app.users REPLICA IDENTITY FULL
ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_rank_id
ALTER TABLE app.users REPLICA IDENTITY NOTHING
ALTER TABLE app.users REPLICA IDENTITY DEFAULT
REASSIGN OWNED BY app TO manager
-- Inheritance and types of rows.
ALTER TABLE app.stranger INHERIT app.base
ALTER TABLE app.derived NO INHERIT app.base
ALTER TABLE app.like_type OF part_row
ALTER TABLE app.of_type NOT OF
-- Row security, triggers, rules.
ALTER TABLE app.guarded ENABLE ROW LEVEL SECURITY
ALTER TABLE app.secured DISABLE ROW LEVEL SECURITY
ALTER TABLE app.secured FORCE ROW LEVEL SECURITY
ALTER TABLE app.secured NO FORCE ROW LEVEL SECURITY
CREATE POLICY all_of_it ON app.secured USING (true)
ALTER POLICY guarded_own ON app.guarded USING (true)
ALTER POLICY guarded_own ON app.guarded RENAME TO own
DROP POLICY guarded_own ON app.guarded
CREATE TRIGGER touch BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION noop_trigger()
CREATE OR REPLACE TRIGGER watched_touch BEFORE UPDATE OF v ON app.watched FOR EACH ROW EXECUTE FUNCTION noop_trigger()
CREATE CONSTRAINT TRIGGER touch AFTER INSERT ON app.users DEFERRABLE FOR EACH ROW EXECUTE FUNCTION noop_trigger()
CREATE TRIGGER touch AFTER INSERT ON app.logs FOR EACH ROW EXECUTE FUNCTION noop_trigger()
ALTER TABLE app.watched DISABLE TRIGGER watched_touch
ALTER TABLE app.watched ENABLE TRIGGER watched_touch
ALTER TABLE app.watched DISABLE TRIGGER ALL
ALTER TABLE app.watched ENABLE REPLICA TRIGGER watched_touch
ALTER TABLE app.watched DISABLE RULE watched_quiet
ALTER TRIGGER watched_touch ON app.watched RENAME TO touched
DROP TRIGGER watched_touch ON app.watched
DROP TRIGGER IF EXISTS missing ON app.watched
CREATE RULE quiet AS ON DELETE TO app.users DO ALSO NOTHING
DROP RULE watched_quiet ON app.watched
CREATE EVENT TRIGGER watch_all ON ddl_command_end EXECUTE FUNCTION noop_event()
ALTER EVENT TRIGGER watch_drops DISABLE
DROP EVENT TRIGGER watch_drops
-- Sequences, publications, functions, settings.
CREATE SEQUENCE app.numbers
CREATE SEQUENCE app.numbers OWNED BY app.users.age
ALTER SEQUENCE free_seq RESTART WITH 100
ALTER SEQUENCE free_seq AS bigint MAXVALUE 1000000
ALTER SEQUENCE app.items_id_seq OWNED BY NONE
ALTER SEQUENCE app.items_id_seq AS bigint
ALTER SEQUENCE app.items_id_seq RENAME TO item_numbers
DROP SEQUENCE free_seq
DROP SEQUENCE app.items_id_seq
DROP SEQUENCE app.items_id_seq CASCADE
SELECT setval('app.items_id_seq', 100000)
CREATE PUBLICATION more FOR TABLE app.users
CREATE PUBLICATION everything FOR ALL TABLES
ALTER PUBLICATION changes ADD TABLE app.users
ALTER PUBLICATION changes SET TABLE app.users, app.items
ALTER PUBLICATION changes DROP TABLE app.orders
DROP PUBLICATION changes
CREATE OR REPLACE FUNCTION immutable_sql(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2'
CREATE FUNCTION app.later() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE app.users ALTER age TYPE bigint; END $$
CREATE PROCEDURE app.also_later() LANGUAGE sql AS $$ VACUUM FULL app.users $$
ALTER FUNCTION immutable_sql(integer) OWNER TO app
ALTER FUNCTION immutable_sql(integer) VOLATILE
DROP FUNCTION trivial_sql()
CREATE EXTENSION IF NOT EXISTS plpgsql
ALTER ROLE app SET lock_timeout = '1s'
SET lock_timeout = '5s'
SET LOCAL statement_timeout = 0
SELECT 1
SELECT count(*) FROM app.users
EXPLAIN ALTER TABLE app.users ADD COLUMN extra text
EXPLAIN ANALYZE CREATE TABLE app.fresh AS SELECT * FROM app.users
-- Data.
INSERT INTO app.unindexed VALUES (1, 'a', 1)
INSERT INTO app.unindexed SELECT id, email, age FROM app.users
UPDATE app.users SET legacy = ''
UPDATE app.users SET legacy = '' WHERE id = 1
UPDATE app.users SET legacy = o.note FROM app.orders o WHERE o.user_id = app.users.id
DELETE FROM app.items
DELETE FROM app.items WHERE qty > 3
MERGE INTO app.unindexed u USING app.users s ON s.id = u.id WHEN MATCHED THEN UPDATE SET v = s.email
SELECT * FROM app.users FOR UPDATE
WITH gone AS (DELETE FROM app.items RETURNING *) SELECT count(*) FROM gone
