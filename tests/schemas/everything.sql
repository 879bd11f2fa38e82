-- Every kind of object that PostgreSQL 13 and later know, with awkward names. Needs a superuser. What later majors add
-- is in everything_14.sql, everything_15.sql and everything_18.sql.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'contraflow reader') THEN
    CREATE ROLE "contraflow reader";
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'contraflow "writer"=/x') THEN
    CREATE ROLE "contraflow ""writer""=/x";
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- another test was faster
END
$$;

CREATE SCHEMA app;
CREATE SCHEMA "Odd.Schema ""🚦""" AUTHORIZATION "contraflow reader";
COMMENT ON SCHEMA app IS 'the application''s';
GRANT USAGE ON SCHEMA app TO "contraflow reader" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO "contraflow reader";
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "contraflow reader" GRANT USAGE ON SEQUENCES TO "contraflow ""writer""=/x";

-- types
CREATE TYPE app.order_state AS ENUM ('new', 'it''s paid', 'Shipped 🚚', '');
ALTER TYPE app.order_state ADD VALUE 'packed' BEFORE 'Shipped 🚚';
COMMENT ON TYPE app.order_state IS 'states of an order';
CREATE DOMAIN app.positive AS numeric(10, 2) DEFAULT 1 NOT NULL CONSTRAINT "is > 0" CHECK (VALUE > 0);
COMMENT ON CONSTRAINT "is > 0" ON DOMAIN app.positive IS 'no refunds';
CREATE DOMAIN app.code AS text COLLATE "C" CHECK (VALUE ~ '^[a-z]+$');
ALTER DOMAIN app.code ADD CONSTRAINT short CHECK (length(VALUE) < 100) NOT VALID;
CREATE TYPE app.address AS (street text COLLATE "C", "No." int, tags text[]);
COMMENT ON TYPE app.address IS 'where people live';
COMMENT ON COLUMN app.address."No." IS 'house number';
REVOKE USAGE ON TYPE app.address FROM PUBLIC;
CREATE FUNCTION app.float_gap(a double precision, b double precision) RETURNS double precision
  LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a - b';
CREATE TYPE app.float_range AS RANGE (subtype = double precision, subtype_diff = app.float_gap);
CREATE TYPE app.text_range AS RANGE (subtype = text, collation = "C");
CREATE TYPE app.int_span;
CREATE FUNCTION app.int_span_canonical(app.int_span) RETURNS app.int_span
  LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE app.int_span AS RANGE (subtype = int, canonical = app.int_span_canonical);
CREATE TYPE app.shell_only;
CREATE TYPE app.my_int;
CREATE FUNCTION app.my_int_in(cstring) RETURNS app.my_int LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION app.my_int_out(app.my_int) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE app.my_int (
  INPUT = app.my_int_in, OUTPUT = app.my_int_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4,
  CATEGORY = 'N', DEFAULT = '42', DELIMITER = ';'
);

-- operators, classes, casts
CREATE FUNCTION app.my_int_lt(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION app.my_int_le(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4le';
CREATE FUNCTION app.my_int_eq(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION app.my_int_ne(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ne';
CREATE FUNCTION app.my_int_ge(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4ge';
CREATE FUNCTION app.my_int_gt(app.my_int, app.my_int) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4gt';
CREATE FUNCTION app.my_int_cmp(app.my_int, app.my_int) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE OPERATOR app.< (
  FUNCTION = app.my_int_lt, LEFTARG = app.my_int, RIGHTARG = app.my_int, COMMUTATOR = OPERATOR(app.>),
  NEGATOR = OPERATOR(app.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR app.<= (FUNCTION = app.my_int_le, LEFTARG = app.my_int, RIGHTARG = app.my_int);
CREATE OPERATOR app.= (
  FUNCTION = app.my_int_eq, LEFTARG = app.my_int, RIGHTARG = app.my_int, COMMUTATOR = OPERATOR(app.=),
  NEGATOR = OPERATOR(app.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR app.<> (
  FUNCTION = app.my_int_ne, LEFTARG = app.my_int, RIGHTARG = app.my_int, COMMUTATOR = OPERATOR(app.<>),
  NEGATOR = OPERATOR(app.=)
);
CREATE OPERATOR app.>= (
  FUNCTION = app.my_int_ge, LEFTARG = app.my_int, RIGHTARG = app.my_int, NEGATOR = OPERATOR(app.<)
);
CREATE OPERATOR app.> (
  FUNCTION = app.my_int_gt, LEFTARG = app.my_int, RIGHTARG = app.my_int, COMMUTATOR = OPERATOR(app.<)
);
COMMENT ON OPERATOR app.= (app.my_int, app.my_int) IS 'equal';
CREATE FUNCTION app.my_int_negate(app.my_int) RETURNS app.my_int LANGUAGE internal IMMUTABLE STRICT AS 'int4um';
CREATE OPERATOR app.@- (FUNCTION = app.my_int_negate, RIGHTARG = app.my_int);
CREATE OPERATOR CLASS app.my_int_ops DEFAULT FOR TYPE app.my_int USING btree AS
  OPERATOR 1 app.<, OPERATOR 2 app.<=, OPERATOR 3 app.=, OPERATOR 4 app.>=, OPERATOR 5 app.>,
  FUNCTION 1 app.my_int_cmp(app.my_int, app.my_int);
COMMENT ON OPERATOR CLASS app.my_int_ops USING btree IS 'sorted';
CREATE OPERATOR FAMILY app."odd family" USING btree;
ALTER OPERATOR FAMILY app."odd family" USING btree ADD
  OPERATOR 1 app.< (app.my_int, app.my_int), FUNCTION 1 (app.my_int, app.my_int) app.my_int_cmp(app.my_int, app.my_int);
CREATE CAST (app.my_int AS integer) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (integer AS app.my_int) WITH INOUT AS ASSIGNMENT;
CREATE FUNCTION app.state_code(app.order_state) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (app.order_state AS integer) WITH FUNCTION app.state_code(app.order_state);
COMMENT ON CAST (app.order_state AS integer) IS 'lossy';

-- collation, conversion, language, transform, access method
CREATE COLLATION app.plain (provider = libc, locale = 'C');
CREATE COLLATION app."ignore case" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
COMMENT ON COLLATION app.plain IS 'bytes';
CREATE DEFAULT CONVERSION app.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE LANGUAGE "PL/Odd" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
COMMENT ON LANGUAGE "PL/Odd" IS 'plpgsql by another name';
CREATE TRANSFORM FOR integer LANGUAGE sql (
  FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal)
);
CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD btree_again TYPE INDEX HANDLER bthandler;

-- text search
CREATE TEXT SEARCH PARSER app.words (
  START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline
);
CREATE TEXT SEARCH TEMPLATE app.plain (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY app."stop words" (TEMPLATE = app.plain, stopwords = 'english', accept = false);
CREATE TEXT SEARCH CONFIGURATION app.search (PARSER = app.words);
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR asciiword, word WITH app."stop words", english_stem;
ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR int WITH simple;
COMMENT ON TEXT SEARCH CONFIGURATION app.search IS 'how we search';

-- foreign data
CREATE FOREIGN DATA WRAPPER "odd wrapper" OPTIONS (debug 'true', "A b" 'it''s');
CREATE SERVER remote TYPE 'x' VERSION '1.0' FOREIGN DATA WRAPPER "odd wrapper" OPTIONS (host 'nowhere');
GRANT USAGE ON FOREIGN SERVER remote TO "contraflow reader";
CREATE USER MAPPING FOR PUBLIC SERVER remote OPTIONS (password 'secret');
CREATE USER MAPPING FOR "contraflow reader" SERVER remote;
CREATE FOREIGN TABLE app.far (
  id integer OPTIONS (column_name 'ID') NOT NULL, note text DEFAULT 'x', CHECK (id > 0)
) SERVER remote OPTIONS (table_name 'Far');
COMMENT ON FOREIGN TABLE app.far IS 'not here';

-- tables
CREATE SEQUENCE app."free sequence" AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 100 START 50 CACHE 5 CYCLE;
GRANT USAGE ON SEQUENCE app."free sequence" TO "contraflow reader";
CREATE TABLE app.users (
  id bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000 INCREMENT BY 10) PRIMARY KEY,
  email varchar(320) COLLATE "C" NOT NULL CONSTRAINT "unique email" UNIQUE DEFERRABLE INITIALLY DEFERRED,
  "Full ""Name""" text DEFAULT 'it''s me',
  state app.order_state DEFAULT 'new',
  home app.address,
  amount app.positive,
  small app.my_int DEFAULT '7',
  doubled numeric GENERATED ALWAYS AS (length(email) * 2) STORED,
  created timestamptz(3) DEFAULT now(),
  "users; drop table x" boolean DEFAULT true,
  picture bytea,
  gone integer,
  friends bigint[] DEFAULT '{1,2}'
) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_vacuum_threshold = 99);
ALTER TABLE app.users DROP COLUMN gone;
ALTER TABLE app.users ALTER picture SET STORAGE EXTERNAL;
ALTER TABLE app.users ALTER email SET STATISTICS 500;
ALTER TABLE app.users ALTER email SET (n_distinct = -0.5);
ALTER TABLE app.users REPLICA IDENTITY FULL;
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.users FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE app.users IS E'people\n-- and "more"';
COMMENT ON COLUMN app.users.email IS 'where to write';
COMMENT ON CONSTRAINT users_pkey ON app.users IS 'the key';
COMMENT ON INDEX app.users_pkey IS 'the key''s index';
COMMENT ON SEQUENCE app.users_id_seq IS 'numbers of people';
GRANT SELECT, INSERT ON app.users TO "contraflow ""writer""=/x" WITH GRANT OPTION;
GRANT SELECT (email, id), UPDATE (email) ON app.users TO PUBLIC;
GRANT USAGE ON SEQUENCE app.users_id_seq TO "contraflow reader";
REVOKE TRUNCATE ON app.users FROM CURRENT_USER;

CREATE TABLE "Odd.Schema ""🚦"""."select" (
  id serial,
  "user" bigint NOT NULL REFERENCES app.users ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE,
  email text,
  period app.float_range,
  during tsrange,
  payload jsonb,
  CONSTRAINT "pk of select" PRIMARY KEY (id) INCLUDE (email),
  CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (id > 0)
);
ALTER TABLE "Odd.Schema ""🚦"""."select" OWNER TO "contraflow reader";
ALTER TABLE "Odd.Schema ""🚦"""."select"
  ADD CONSTRAINT late CHECK (email <> '') NO INHERIT NOT VALID;
CREATE UNIQUE INDEX users_email ON app.users (email);
ALTER TABLE "Odd.Schema ""🚦"""."select"
  ADD CONSTRAINT "fk by email" FOREIGN KEY (email) REFERENCES app.users (email) MATCH FULL NOT VALID;
CREATE UNIQUE INDEX select_user ON "Odd.Schema ""🚦"""."select" ("user", id);
ALTER TABLE "Odd.Schema ""🚦"""."select" ALTER "user" SET NOT NULL, REPLICA IDENTITY USING INDEX select_user;
ALTER TABLE "Odd.Schema ""🚦"""."select" CLUSTER ON select_user;
CREATE UNLOGGED TABLE app.scratch (a integer, b integer DEFAULT nextval('app."free sequence"')) USING heap_again;
CREATE TABLE app.of_address OF app.address (PRIMARY KEY ("No."), street WITH OPTIONS DEFAULT 'x');
CREATE TABLE app.parent_a (id integer NOT NULL, a text, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE app.parent_b (id integer, b text);
CREATE TABLE app.child (c text, a text DEFAULT 'own') INHERITS (app.parent_b, app.parent_a);
CREATE TABLE app.no_columns ();

-- partitions
CREATE TABLE app.events (
  id bigint NOT NULL, at timestamptz NOT NULL, kind text, PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00')
  PARTITION BY RANGE (id);
CREATE TABLE app.events_2025_a PARTITION OF app.events_2025 FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE app.events_2025_rest PARTITION OF app.events_2025 DEFAULT;
CREATE TABLE app.events_old (kind text DEFAULT 'old', id bigint NOT NULL, at timestamptz NOT NULL);
ALTER TABLE app.events ATTACH PARTITION app.events_old FOR VALUES FROM (MINVALUE) TO ('2025-01-01 00:00:00+00');
CREATE TABLE app.listed (k text) PARTITION BY LIST (lower(k) COLLATE "C");
CREATE TABLE app.listed_a PARTITION OF app.listed FOR VALUES IN ('a', NULL);
CREATE TABLE app.hashed (k integer PRIMARY KEY) PARTITION BY HASH (k);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (modulus 2, remainder 0);
CREATE INDEX events_kind ON app.events (kind text_pattern_ops DESC NULLS LAST);
CREATE INDEX events_only ON ONLY app.events (lower(kind));
CREATE TABLE app.event_notes (
  event bigint, at timestamptz, note text, FOREIGN KEY (event, at) REFERENCES app.events
);
CREATE TABLE app.event_log (event bigint, at timestamptz) PARTITION BY RANGE (at);
ALTER TABLE app.event_log ADD CONSTRAINT log_fk FOREIGN KEY (event, at) REFERENCES app.events;
CREATE TABLE app.event_log_1 PARTITION OF app.event_log DEFAULT;

-- indexes, statistics
CREATE INDEX "users by name" ON app.users USING btree (lower("Full ""Name""") COLLATE "C" DESC, created) INCLUDE (state)
  WITH (fillfactor = 50) WHERE "users; drop table x" AND state <> 'new';
ALTER INDEX app."users by name" ALTER COLUMN 1 SET STATISTICS 77;
CREATE INDEX users_small ON app.users (small app.my_int_ops);
CREATE INDEX select_payload ON "Odd.Schema ""🚦"""."select" USING gin (payload jsonb_path_ops);
COMMENT ON INDEX app.users_small IS 'tiny';
CREATE STATISTICS app."users stats" (ndistinct, dependencies) ON email, created FROM app.users;
ALTER STATISTICS app."users stats" SET STATISTICS 42;
COMMENT ON STATISTICS app."users stats" IS 'correlated';

-- routines
CREATE FUNCTION app.full_name(u app.users, sep text DEFAULT ' ', VARIADIC rest text[] DEFAULT '{}') RETURNS text
  LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 7 SET work_mem = '8MB' AS $f$SELECT u.email || sep$f$;
COMMENT ON FUNCTION app.full_name(app.users, text, text[]) IS 'a name';
CREATE FUNCTION app.outs(a integer, OUT b integer, INOUT c text, OUT d app.order_state)
  LANGUAGE sql AS 'SELECT 1, $2, ''new''::app.order_state';
CREATE FUNCTION app.rows(n integer) RETURNS TABLE (x integer, "y z" text) LANGUAGE plpgsql ROWS 5 AS
  'BEGIN RETURN QUERY SELECT 1, ''a''; END';
CREATE FUNCTION app.users_of(app.order_state) RETURNS SETOF app.users LANGUAGE sql SECURITY DEFINER LEAKPROOF AS
  'SELECT * FROM app.users WHERE state = $1';
CREATE FUNCTION app.odd() RETURNS integer LANGUAGE "PL/Odd" AS 'BEGIN RETURN 1; END';
REVOKE EXECUTE ON FUNCTION app.odd() FROM PUBLIC;
CREATE PROCEDURE app.tidy(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN n := 1; END';
COMMENT ON PROCEDURE app.tidy(integer) IS 'tidies';
CREATE FUNCTION app.my_rank() RETURNS bigint LANGUAGE internal WINDOW AS 'window_rank';
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION app.ddl_happened() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app."f; drop"("A b" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- aggregates
CREATE FUNCTION app.add_up(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION app.add_two(bigint, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE FUNCTION app.take_off(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE FUNCTION app.finish(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE AGGREGATE app.total(integer) (
  SFUNC = app.add_up, STYPE = bigint, SSPACE = 16, FINALFUNC = app.finish, FINALFUNC_MODIFY = SHAREABLE,
  COMBINEFUNC = app.add_two, INITCOND = '0', MSFUNC = app.add_up, MINVFUNC = app.take_off, MSTYPE = bigint,
  MINITCOND = '0', MFINALFUNC = app.finish, PARALLEL = SAFE
);
COMMENT ON AGGREGATE app.total(integer) IS 'sums';
CREATE AGGREGATE app.how_many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE FUNCTION app.smaller_of(app.my_int, app.my_int) RETURNS app.my_int LANGUAGE internal IMMUTABLE STRICT AS 'int4smaller';
CREATE AGGREGATE app.smallest(app.my_int) (SFUNC = app.smaller_of, STYPE = app.my_int, SORTOP = OPERATOR(app.<));
CREATE AGGREGATE app.my_percentile(double precision ORDER BY anyelement) (
  SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA
);
CREATE AGGREGATE app.my_hypothetical(VARIADIC "any" ORDER BY VARIADIC "any") (
  SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL
);

-- views and what hangs on them
CREATE VIEW app.active WITH (security_barrier = true) AS
  SELECT u.id, u.email, u."Full ""Name""", s.payload
  FROM app.users u LEFT JOIN "Odd.Schema ""🚦"""."select" s ON s."user" = u.id WHERE u.state <> 'new';
COMMENT ON VIEW app.active IS 'who is here';
COMMENT ON COLUMN app.active.email IS 'mail';
GRANT SELECT (id) ON app.active TO "contraflow reader";
CREATE VIEW app.simple AS SELECT id, state FROM app.users WITH CASCADED CHECK OPTION;
ALTER VIEW app.simple ALTER COLUMN state SET DEFAULT 'packed';
CREATE VIEW app.over_view AS SELECT a.*, app.full_name(u.*) AS name FROM app.active a JOIN app.users u USING (id);
CREATE MATERIALIZED VIEW app.summary AS SELECT state, count(*) AS n FROM app.users GROUP BY state WITH NO DATA;
CREATE UNIQUE INDEX summary_state ON app.summary (state);
ALTER MATERIALIZED VIEW app.summary ALTER COLUMN n SET STATISTICS 9;
COMMENT ON MATERIALIZED VIEW app.summary IS 'counts';
CREATE RULE "log it" AS ON UPDATE TO app.users WHERE old.email <> new.email
  DO ALSO (INSERT INTO app.parent_b VALUES (1, 'x;y'); DELETE FROM app.parent_a WHERE a = old.email);
CREATE RULE tell AS ON DELETE TO app.users DO ALSO NOTIFY "users changed";
CREATE RULE to_users AS ON DELETE TO app.active DO INSTEAD DELETE FROM app.users WHERE id = old.id;
ALTER TABLE app.users DISABLE RULE "log it";
COMMENT ON RULE "log it" ON app.users IS 'tells';
CREATE TRIGGER "Touch me" BEFORE UPDATE OF email, state ON app.users
  FOR EACH ROW WHEN (old.email IS DISTINCT FROM new.email) EXECUTE FUNCTION app.touch('a', 'b''c');
ALTER TABLE app.users ENABLE ALWAYS TRIGGER "Touch me";
COMMENT ON TRIGGER "Touch me" ON app.users IS 'touches';
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON app.users DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER by_statement AFTER INSERT ON app.users REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app.touch();
ALTER TABLE app.users DISABLE TRIGGER by_statement;
CREATE TRIGGER on_view INSTEAD OF INSERT ON app.over_view FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER on_events AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER no_change BEFORE UPDATE ON app.parent_a FOR EACH ROW
  EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE POLICY "own rows" ON app.users AS RESTRICTIVE FOR UPDATE TO "contraflow reader", CURRENT_USER
  USING (email = CURRENT_USER) WITH CHECK (state <> 'new');
CREATE POLICY all_rows ON app.users USING (app.state_code(state) = 1);
COMMENT ON POLICY all_rows ON app.users IS 'everything';

-- database-wide
CREATE EVENT TRIGGER "on ddl" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
  EXECUTE FUNCTION app.ddl_happened();
ALTER EVENT TRIGGER "on ddl" ENABLE REPLICA;
CREATE PUBLICATION "some tables" FOR TABLE app.users, ONLY app.parent_a WITH (publish = 'insert, update');
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root = true);
COMMENT ON PUBLICATION everything IS 'all';
CREATE SUBSCRIPTION "from afar" CONNECTION 'host=nowhere password=secret' PUBLICATION b, "A"
  WITH (connect = false, slot_name = NONE);
