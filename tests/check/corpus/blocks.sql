-- DO blocks: what they run counts, whichever way they come to it.
DO $$ BEGIN ALTER TABLE app.users ADD COLUMN extra text; END $$
DO $$ BEGIN ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT gen_random_uuid(); END $$
DO $$ BEGIN ALTER TABLE app.users ALTER COLUMN age SET NOT NULL; END $$
DO $$ BEGIN IF true THEN CREATE INDEX users_nick ON app.users (nick); END IF; END $$
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'users_nick') THEN CREATE INDEX users_nick ON app.users (nick); END IF; END $$
DO $$ BEGIN CREATE TYPE colour AS ENUM ('red'); EXCEPTION WHEN duplicate_object THEN NULL; END $$
DO $$ BEGIN ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0); EXCEPTION WHEN duplicate_object THEN NULL; END $$
DO $$ BEGIN FOR i IN 1..1 LOOP ALTER TABLE app.orders ALTER COLUMN ref TYPE bigint; END LOOP; END $$
DO $$ BEGIN EXECUTE 'ALTER TABLE app.users ALTER COLUMN age TYPE bigint'; END $$
DO $$ BEGIN EXECUTE 'ALTER TABLE app.users ADD COLUMN extra text'; END $$
DO $$ BEGIN EXECUTE format('ALTER TABLE %I.%I ADD COLUMN extra text', 'app', 'users'); END $$
DO $$ BEGIN RAISE NOTICE 'nothing'; END $$
DO $$ BEGIN PERFORM 1; END $$
DO $$ DECLARE n integer; BEGIN SELECT count(*) INTO n FROM app.users; END $$
DO LANGUAGE plpgsql $$ BEGIN ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT VALID; END $$
DO $body$ BEGIN CASE WHEN true THEN REFRESH MATERIALIZED VIEW app.totals; ELSE NULL; END CASE; END $body$
DO $$ BEGIN BEGIN REINDEX TABLE app.users; END; END $$
DO $$ DECLARE n integer := 0; BEGIN WHILE n < 1 LOOP ALTER TABLE app.users ALTER COLUMN age TYPE bigint; n := 1; END LOOP; END $$
DO $$ BEGIN CREATE TABLE app.fresh (id integer); CREATE INDEX fresh_id ON app.fresh (id); ALTER TABLE app.fresh ADD CHECK (id > 0); END $$
CALL app.retype()
