CREATE INDEX users_nick ON app.users (nick)
CREATE INDEX ON app.users (nick)
CREATE UNIQUE INDEX users_nick ON app.users (nick)
CREATE INDEX IF NOT EXISTS users_nick ON app.users (nick)
CREATE INDEX IF NOT EXISTS users_name ON app.users (nick)
CREATE INDEX users_nick ON app.users (nick) WHERE active
CREATE INDEX users_nick ON app.users (nick) WHERE false
CREATE INDEX users_nick ON app.users (lower(nick))
CREATE INDEX users_nick ON app.users (nick DESC NULLS LAST, age) INCLUDE (name) WITH (fillfactor = 70)
CREATE INDEX users_nick ON app.users USING hash (nick)
CREATE INDEX users_tags ON app.users USING gin (tags)
CREATE INDEX users_created ON app.users USING brin (created_at)
CREATE INDEX ranges_seats ON app.ranges USING gist (seats)
CREATE INDEX users_nick ON ONLY app.users (nick)
CREATE INDEX users_nick ON app.users (nick) TABLESPACE other_space
CREATE UNIQUE INDEX users_nick ON app.users (nick) NULLS NOT DISTINCT
CREATE INDEX on_public ON users (email)
CREATE INDEX quoted ON app."Order Items" ("select")
CREATE INDEX logs_user ON app.logs (user_id)
CREATE INDEX logs_user ON ONLY app.logs (user_id)
CREATE UNIQUE INDEX logs_unique ON app.logs (id, at)
CREATE INDEX logs_2024_user ON app.logs_2024 (user_id)
CREATE INDEX hollow_v ON app.hollow (v)
CREATE INDEX base_v ON app.base (v)
CREATE INDEX totals_total ON app.totals (total)
CREATE INDEX active ON app.active_users (email)
CREATE INDEX remote_v ON app.remote (v)
CREATE INDEX CONCURRENTLY in_transaction ON app.users (nick)
DROP INDEX CONCURRENTLY app.users_settings
REINDEX TABLE CONCURRENTLY app.orders
-- outside
CREATE INDEX CONCURRENTLY users_nick ON app.users (nick)
-- outside
CREATE UNIQUE INDEX CONCURRENTLY users_nick ON app.users (nick)
-- outside
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_nick ON app.users (nick)
-- outside
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_name ON app.users (nick)
-- outside
CREATE UNIQUE INDEX CONCURRENTLY users_small ON app.users (small)
-- outside
CREATE INDEX CONCURRENTLY logs_user ON app.logs (user_id)
-- outside
CREATE INDEX CONCURRENTLY totals_total ON app.totals (total)
-- outside
DROP INDEX CONCURRENTLY app.users_name
-- outside
DROP INDEX CONCURRENTLY IF EXISTS app.missing
-- outside
DROP INDEX CONCURRENTLY app.logs_level
DROP INDEX app.users_name
DROP INDEX IF EXISTS app.users_name
DROP INDEX IF EXISTS app.missing
DROP INDEX app.users_name, app.users_token
DROP INDEX app.users_email_key
DROP INDEX app.orgs_slug_key
DROP INDEX app.orgs_slug_region_key
DROP INDEX app.logs_level
DROP INDEX app.totals_user
ALTER INDEX app.users_name RENAME TO users_by_name
ALTER INDEX IF EXISTS app.users_name RENAME TO users_by_name
ALTER TABLE app.users_name RENAME TO users_by_name
ALTER INDEX app.users RENAME TO people
ALTER INDEX app.users_name SET (fillfactor = 80)
ALTER INDEX app.users_name RESET (fillfactor)
ALTER INDEX app.users_name SET TABLESPACE other_space
ALTER INDEX app.users_name SET TABLESPACE pg_default
ALTER INDEX app.logs_level SET TABLESPACE other_space
ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE other_space
ALTER INDEX app.logs_level ATTACH PARTITION app.logs_2024_level_idx
ALTER INDEX app.users_name DEPENDS ON EXTENSION plpgsql
REINDEX INDEX app.users_name
REINDEX TABLE app.users
REINDEX (VERBOSE) TABLE app.users
REINDEX TABLE app.totals
-- outside
REINDEX TABLE app.logs
-- outside
REINDEX INDEX app.logs_level
-- outside
REINDEX SCHEMA app
-- outside
REINDEX SCHEMA CONCURRENTLY app
-- outside
REINDEX TABLE CONCURRENTLY app.users
-- outside
REINDEX (CONCURRENTLY) TABLE app.users
-- outside
REINDEX INDEX CONCURRENTLY app.users_name
-- outside
REINDEX (CONCURRENTLY, VERBOSE) INDEX app.users_name
-- outside
REINDEX (CONCURRENTLY false) INDEX app.users_name
REINDEX (TABLESPACE other_space) INDEX app.users_name
CLUSTER app.users USING users_name
CLUSTER app.clustered
CLUSTER VERBOSE app.clustered
CLUSTER app.users
-- outside
CLUSTER
ALTER TABLE app.users CLUSTER ON users_name
ALTER TABLE app.clustered SET WITHOUT CLUSTER
CREATE STATISTICS app.users_more ON age, small FROM app.users
CREATE STATISTICS app.users_expression (mcv) ON (lower(email)), age FROM app.users
CREATE STATISTICS IF NOT EXISTS users_stats ON age, small FROM app.users
ALTER STATISTICS users_stats SET STATISTICS 500
ALTER STATISTICS users_stats RENAME TO users_statistics
DROP STATISTICS users_stats
ANALYZE app.users
ANALYZE app.users (email)
-- outside
ANALYZE
-- outside
VACUUM app.users
-- outside
VACUUM ANALYZE app.users
-- outside
VACUUM (FREEZE) app.users
-- outside
VACUUM FULL app.users
-- outside
VACUUM (FULL, ANALYZE) app.users
-- outside
VACUUM (FULL false) app.users
-- outside
VACUUM (TRUNCATE false) app.users
