-- Nullable and constant.
ALTER TABLE app.users ADD COLUMN extra text
ALTER TABLE app.users ADD extra integer
ALTER TABLE app.users ADD COLUMN IF NOT EXISTS extra integer DEFAULT 1
ALTER TABLE app.users ADD COLUMN IF NOT EXISTS legacy text DEFAULT random()::text
ALTER TABLE IF EXISTS app.users ADD COLUMN extra text
ALTER TABLE IF EXISTS app.missing ADD COLUMN extra float DEFAULT random()
ALTER TABLE ONLY app.users ADD COLUMN extra text
ALTER TABLE app.users ADD COLUMN extra text NULL
ALTER TABLE app.users ADD COLUMN extra text DEFAULT NULL
ALTER TABLE app.users ADD COLUMN extra text COLLATE "C" DEFAULT 'x'
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 0
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT (1)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT -1
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT +1
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 60 * 60 * 24
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT 1::int
ALTER TABLE app.users ADD COLUMN extra numeric(10, 2) DEFAULT 1.5
ALTER TABLE app.users ADD COLUMN extra varchar(10) DEFAULT 'abc'
ALTER TABLE app.users ADD COLUMN extra char(3) DEFAULT 'abc'
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT false
ALTER TABLE app.users ADD COLUMN extra boolean NOT NULL DEFAULT false
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (NOT true)
ALTER TABLE app.users ADD COLUMN extra text NOT NULL DEFAULT ''
ALTER TABLE app.users ADD COLUMN extra text DEFAULT 'a' || 'b'
ALTER TABLE app.users ADD COLUMN extra jsonb NOT NULL DEFAULT '{}'
ALTER TABLE app.users ADD COLUMN extra jsonb DEFAULT '{}'::jsonb
ALTER TABLE app.users ADD COLUMN extra json DEFAULT '{}'
ALTER TABLE app.users ADD COLUMN extra text[] DEFAULT '{}'
ALTER TABLE app.users ADD COLUMN extra text[] NOT NULL DEFAULT ARRAY[]::text[]
ALTER TABLE app.users ADD COLUMN extra integer[] DEFAULT ARRAY[1, 2]
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT '00000000-0000-0000-0000-000000000000'
ALTER TABLE app.users ADD COLUMN extra date DEFAULT '2024-01-01'
ALTER TABLE app.users ADD COLUMN extra interval DEFAULT interval '1 day'
ALTER TABLE app.users ADD COLUMN extra bytea DEFAULT '\x00'
ALTER TABLE app.users ADD COLUMN extra mood DEFAULT 'ok'
ALTER TABLE app.users ADD COLUMN extra mood NOT NULL DEFAULT 'ok'::mood
ALTER TABLE app.users ADD COLUMN extra pair DEFAULT ROW(1, 'a')
ALTER TABLE app.users ADD COLUMN extra int4range DEFAULT int4range(1, 5)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT $$dollar$$
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CASE WHEN true THEN 1 ELSE 2 END
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT coalesce(NULL, 3)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT greatest(1, 2)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT nullif(1, 2)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (1 IN (1, 2))
ALTER TABLE app.users ADD COLUMN extra a_b_c DEFAULT 1
-- Stable and immutable functions.
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT now()
ALTER TABLE app.users ADD COLUMN extra timestamptz NOT NULL DEFAULT now()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT pg_catalog.now()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT CURRENT_TIMESTAMP
ALTER TABLE app.users ADD COLUMN extra timestamp DEFAULT LOCALTIMESTAMP(3)
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT transaction_timestamp()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT statement_timestamp()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT now() - interval '1 day'
ALTER TABLE app.users ADD COLUMN extra timestamp DEFAULT timezone('utc', now())
ALTER TABLE app.users ADD COLUMN extra timestamp DEFAULT (now() AT TIME ZONE 'utc')
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT 'now'::timestamptz
ALTER TABLE app.users ADD COLUMN extra date DEFAULT CURRENT_DATE
ALTER TABLE app.users ADD COLUMN extra date DEFAULT date_trunc('month', now())::date
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT extract(year FROM now())
ALTER TABLE app.users ADD COLUMN extra time DEFAULT CURRENT_TIME
ALTER TABLE app.users ADD COLUMN extra text DEFAULT CURRENT_USER
ALTER TABLE app.users ADD COLUMN extra text DEFAULT session_user
ALTER TABLE app.users ADD COLUMN extra text DEFAULT current_setting('search_path')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT current_setting('app.tenant', true)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT concat('a', 1)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT lower('A')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT upper(md5('x'))
ALTER TABLE app.users ADD COLUMN extra text DEFAULT to_char(now(), 'YYYY')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT format('%s', 1)
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT txid_current()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT pg_backend_pid()
ALTER TABLE app.users ADD COLUMN extra jsonb DEFAULT jsonb_build_object('a', 1)
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT md5('x')::uuid
ALTER TABLE app.users ADD COLUMN extra text DEFAULT version()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT pi()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT sqrt(abs(-2.0))
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT length(repeat('x', 3))
-- Volatile functions.
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT random()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT RANDOM() * 100
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT floor(random() * 10)::int
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT random(1, 10)
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT pg_catalog.random()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT clock_timestamp()
ALTER TABLE app.users ADD COLUMN extra timestamptz NOT NULL DEFAULT clock_timestamp()
ALTER TABLE app.users ADD COLUMN extra text DEFAULT timeofday()
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE app.users ADD COLUMN extra uuid NOT NULL DEFAULT gen_random_uuid()
ALTER TABLE app.users ADD COLUMN extra text DEFAULT gen_random_uuid()::text
ALTER TABLE app.users ADD COLUMN extra text DEFAULT substr(md5(random()::text), 1, 8)
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT uuidv7()
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT uuidv4()
ALTER TABLE app.users ADD COLUMN extra uuid DEFAULT uuid_generate_v4()
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT nextval('free_seq')
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT nextval('public.free_seq'::regclass)
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT setval('free_seq', 3)
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT lastval()
ALTER TABLE app.users ADD COLUMN extra double precision[] DEFAULT ARRAY[random()]
ALTER TABLE app.users ADD COLUMN extra double precision[] DEFAULT ARRAY[[1, random()], [3, 4]]
ALTER TABLE app.users ADD COLUMN extra text DEFAULT coalesce(NULL, random()::text)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CASE WHEN random() > 0.5 THEN 1 ELSE 2 END
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT CASE WHEN true THEN 1 ELSE random()::int END
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT greatest(1, random())
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT (((random())))
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT random() > 0.5
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (random() IN (1, 2))
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (random() IS NULL)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT ((random() > 0.5) IS TRUE)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (random() BETWEEN 0 AND 1)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (true OR random() > 1)
ALTER TABLE app.users ADD COLUMN extra pair DEFAULT ROW(random()::int, 'a')
ALTER TABLE app.users ADD COLUMN extra text DEFAULT concat('a', random())
ALTER TABLE app.users ADD COLUMN extra jsonb DEFAULT jsonb_build_object('at', clock_timestamp())
ALTER TABLE app.users ADD COLUMN extra text DEFAULT pg_sleep(0)::text
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT pg_stat_get_backend_pid(1)
ALTER TABLE app.users ADD COLUMN extra text DEFAULT set_config('a.b', 'c', false)
ALTER TABLE app.users ADD COLUMN extra boolean DEFAULT (pg_advisory_xact_lock(1) IS NULL)
-- The user's functions, where the body decides what the label does not say.
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT immutable_sql(1)
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT stable_sql()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT volatile_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT trivial_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT public.trivial_sql()
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT trivial_now()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT trivial_argument(3)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT trivial_argument(random()::int)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT trivial_nested()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT two_statements_sql()
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT reads_table_sql()
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT reads_table_volatile_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT definer_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT setting_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT strict_sql(1, 2)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT strict_ignores_sql(1, 2)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT limited_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT set_sql()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT claims_stable_sql()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT claims_immutable_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT standard_sql()
ALTER TABLE app.users ADD COLUMN extra double precision DEFAULT standard_volatile_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT atomic_sql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT immutable_plpgsql(1)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT immutable_plpgsql(random()::int)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT stable_plpgsql()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT volatile_plpgsql()
ALTER TABLE app.users ADD COLUMN extra text DEFAULT 'n' || volatile_plpgsql()
ALTER TABLE app.users ADD COLUMN extra bigint DEFAULT next_code()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT pick(1)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT pick('a'::text)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT pick('a')
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT with_default()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT variadic_plpgsql(1, 2, 3)
ALTER TABLE app.users ADD COLUMN extra timestamptz DEFAULT app.now()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT app.random()
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 1 OPERATOR(app.+?) 2
ALTER TABLE app.users ADD COLUMN extra mood DEFAULT mood_of('ok')
-- serial, identity, generated.
ALTER TABLE app.users ADD COLUMN extra serial
ALTER TABLE app.users ADD COLUMN extra bigserial
ALTER TABLE app.users ADD COLUMN extra smallserial NOT NULL
ALTER TABLE app.unindexed ADD COLUMN extra serial PRIMARY KEY
ALTER TABLE app.users ADD COLUMN extra integer GENERATED ALWAYS AS IDENTITY
ALTER TABLE app.unindexed ADD COLUMN extra bigint GENERATED BY DEFAULT AS IDENTITY
ALTER TABLE app.unindexed ADD COLUMN extra bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 100)
ALTER TABLE app.users ADD COLUMN extra integer GENERATED ALWAYS AS (age * 2) STORED
ALTER TABLE app.users ADD COLUMN extra tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(email, ''))) STORED
ALTER TABLE app.users ADD COLUMN extra integer GENERATED ALWAYS AS (1) STORED
ALTER TABLE app.users ADD COLUMN extra integer GENERATED ALWAYS AS (age * 2) VIRTUAL
ALTER TABLE app.users ADD COLUMN extra integer GENERATED ALWAYS AS (age * 2)
-- Domains and types.
ALTER TABLE app.users ADD COLUMN extra plain
ALTER TABLE app.users ADD COLUMN extra plain DEFAULT 'x'
ALTER TABLE app.users ADD COLUMN extra short
ALTER TABLE app.users ADD COLUMN extra short DEFAULT 'x'
ALTER TABLE app.users ADD COLUMN extra positive
ALTER TABLE app.users ADD COLUMN extra positive DEFAULT 1
ALTER TABLE app.users ADD COLUMN extra public.positive NOT NULL DEFAULT 1
ALTER TABLE app.users ADD COLUMN extra nested
ALTER TABLE app.users ADD COLUMN extra nested DEFAULT 3
ALTER TABLE app.users ADD COLUMN extra positive[]
ALTER TABLE app.users ADD COLUMN extra positive[] DEFAULT '{}'
ALTER TABLE app.users ADD COLUMN extra required
ALTER TABLE app.users ADD COLUMN extra required DEFAULT 'x'
ALTER TABLE app.users ADD COLUMN extra five
ALTER TABLE app.users ADD COLUMN extra five NOT NULL
ALTER TABLE app.users ADD COLUMN extra loose DEFAULT 5
ALTER TABLE app.users ADD COLUMN extra pending
ALTER TABLE app.users ADD COLUMN extra pair
-- Constraints that come with the column.
ALTER TABLE app.users ADD COLUMN extra text NOT NULL
ALTER TABLE app.users ADD COLUMN extra integer CHECK (extra > 0)
ALTER TABLE app.users ADD COLUMN extra integer CONSTRAINT extra_positive CHECK (extra > 0)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 1 CHECK (extra > 0)
ALTER TABLE app.users ADD COLUMN extra text NOT NULL DEFAULT 'a' CHECK (extra IN ('a', 'b'))
ALTER TABLE app.users ADD COLUMN extra integer CHECK (age > 0)
ALTER TABLE app.users ADD COLUMN extra integer REFERENCES app.countries
ALTER TABLE app.users ADD COLUMN extra integer REFERENCES app.countries (id) ON DELETE CASCADE
ALTER TABLE app.users ADD COLUMN extra integer NULL REFERENCES app.countries (id) DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT NULL REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 1 REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN extra integer NOT NULL DEFAULT 1 REFERENCES app.countries (id)
ALTER TABLE app.items ADD COLUMN extra integer REFERENCES app.items (id)
ALTER TABLE app.users ADD COLUMN extra integer UNIQUE
ALTER TABLE app.users ADD COLUMN extra integer DEFAULT 1 UNIQUE
ALTER TABLE app.unindexed ADD COLUMN extra integer PRIMARY KEY
ALTER TABLE app.unindexed ADD COLUMN extra bigserial PRIMARY KEY
ALTER TABLE app.unindexed ADD COLUMN extra uuid PRIMARY KEY DEFAULT gen_random_uuid()
ALTER TABLE app.users ADD COLUMN extra integer CONSTRAINT some_name NOT NULL DEFAULT 1
ALTER TABLE app.users ADD COLUMN extra text STORAGE EXTERNAL
ALTER TABLE app.users ADD COLUMN extra text COMPRESSION pglz
-- Several at once, and other kinds of relation.
ALTER TABLE app.users ADD COLUMN extra1 text, ADD COLUMN extra2 integer DEFAULT 1
ALTER TABLE app.users ADD COLUMN extra1 text, ADD COLUMN extra2 uuid DEFAULT gen_random_uuid()
ALTER TABLE app.users ADD COLUMN extra1 integer, ADD CONSTRAINT extra1_positive CHECK (extra1 > 0) NOT VALID
ALTER TABLE app.users ADD COLUMN extra1 integer, ADD CONSTRAINT extra1_positive CHECK (extra1 > 0)
ALTER TABLE app.users ADD COLUMN extra1 integer, ALTER COLUMN extra1 SET DEFAULT random()
ALTER TABLE app.users ADD COLUMN extra1 integer, ALTER COLUMN extra1 SET NOT NULL
ALTER TABLE app.users ADD COLUMN extra1 integer DEFAULT 1, ALTER COLUMN extra1 SET NOT NULL
ALTER TABLE app.users ADD COLUMN extra1 integer, ADD UNIQUE (extra1)
ALTER TABLE app.users ADD COLUMN extra1 integer, ADD FOREIGN KEY (extra1) REFERENCES app.countries (id)
ALTER TABLE app.users ADD COLUMN extra1 integer, ADD FOREIGN KEY (extra1) REFERENCES app.countries (id) NOT VALID
ALTER TABLE app.users ADD COLUMN extra1 integer, ALTER COLUMN extra1 TYPE bigint
ALTER TABLE app.users ADD COLUMN extra1 integer DEFAULT 5, DROP COLUMN legacy CASCADE
ALTER TABLE app."Order Items" ADD COLUMN "New Column" text
ALTER TABLE app."Order Items" ADD COLUMN "New ""Column""" text DEFAULT random()::text
ALTER TABLE users ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE plain_names ADD COLUMN extra uuid
ALTER TABLE app.logs ADD COLUMN extra text
ALTER TABLE app.logs ADD COLUMN extra double precision DEFAULT random()
ALTER TABLE app.logs ADD COLUMN extra integer DEFAULT 1 NOT NULL
ALTER TABLE app.logs ADD COLUMN extra integer CHECK (extra > 0)
ALTER TABLE app.logs ADD COLUMN extra integer GENERATED ALWAYS AS IDENTITY
ALTER TABLE app.logs ADD COLUMN extra integer REFERENCES app.countries (id)
ALTER TABLE app.deep ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE app.hollow ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE app.base ADD COLUMN added text
ALTER TABLE app.base ADD COLUMN added double precision DEFAULT random()
ALTER TABLE app.base ADD COLUMN extra text
ALTER TABLE app.derived ADD COLUMN added double precision DEFAULT random()
ALTER TABLE app.unlogged ADD COLUMN extra uuid DEFAULT gen_random_uuid()
ALTER TABLE app.of_type ADD COLUMN extra integer
ALTER FOREIGN TABLE app.remote ADD COLUMN extra integer
ALTER FOREIGN TABLE app.remote ADD COLUMN extra double precision DEFAULT random()
ALTER TABLE app.remote ADD COLUMN extra text NOT NULL
