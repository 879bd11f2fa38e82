-- Integers and numbers.
ALTER TABLE app.users ALTER COLUMN age TYPE bigint
ALTER TABLE app.users ALTER age SET DATA TYPE int8
ALTER TABLE app.users ALTER COLUMN age TYPE integer
ALTER TABLE app.users ALTER COLUMN age TYPE int4
ALTER TABLE app.users ALTER COLUMN age TYPE smallint
ALTER TABLE app.users ALTER COLUMN rank TYPE bigint
ALTER TABLE app.users ALTER COLUMN small TYPE integer
ALTER TABLE app.users ALTER COLUMN age TYPE numeric
ALTER TABLE app.users ALTER COLUMN age TYPE text
ALTER TABLE app.users ALTER COLUMN age TYPE oid
ALTER TABLE app.users ALTER COLUMN id TYPE integer
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(12, 2)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(10, 4)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(12, 4)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(8, 2)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(10, 2)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric
ALTER TABLE app.users ALTER COLUMN balance TYPE decimal(12, 2)
ALTER TABLE app.users ALTER COLUMN balance TYPE numeric(20)
ALTER TABLE app.users ALTER COLUMN balance TYPE bigint
ALTER TABLE app.users ALTER COLUMN score TYPE real
ALTER TABLE app.users ALTER COLUMN score TYPE float8
ALTER TABLE app.users ALTER COLUMN score TYPE numeric(10, 2)
ALTER TABLE app.users ALTER COLUMN price TYPE numeric
-- Strings, bits.
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(20)
ALTER TABLE app.users ALTER COLUMN nick TYPE character varying(21)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(10)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar
ALTER TABLE app.users ALTER COLUMN nick TYPE text
ALTER TABLE app.users ALTER COLUMN nick TYPE char(20)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40) USING nick::varchar(40)
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(40) USING nick::text
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING nick::text
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING nick
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING lower(nick)
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING (nick || '')
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING memo
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING NULL
ALTER TABLE app.users ALTER COLUMN nick TYPE text USING ''
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(20) USING nick
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(20) USING trim(nick)
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(60)
ALTER TABLE app.users ALTER COLUMN name TYPE text
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(30)
ALTER TABLE app.users ALTER COLUMN email TYPE varchar(100)
ALTER TABLE app.users ALTER COLUMN name TYPE varchar
ALTER TABLE app.users ALTER COLUMN payload TYPE text USING encode(payload, 'hex')
ALTER TABLE app.users ALTER COLUMN memo TYPE varchar(100)
ALTER TABLE app.users ALTER COLUMN code TYPE char(10)
ALTER TABLE app.users ALTER COLUMN code TYPE char(5)
ALTER TABLE app.users ALTER COLUMN code TYPE text
ALTER TABLE app.users ALTER COLUMN code TYPE varchar(5)
ALTER TABLE app.users ALTER COLUMN memo TYPE text COLLATE "C"
ALTER TABLE app.users ALTER COLUMN nick TYPE varchar(20) COLLATE "C"
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(50) COLLATE "C"
ALTER TABLE app.users ALTER COLUMN name TYPE varchar(50) COLLATE "default"
ALTER TABLE app.users ALTER COLUMN name TYPE text COLLATE "POSIX"
ALTER TABLE app.kinds ALTER COLUMN k_collated TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_collated TYPE text COLLATE "C"
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varbit(16)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varbit
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE bit(16)
-- Time.
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamptz
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamptz USING updated_at AT TIME ZONE 'UTC'
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamp(3)
ALTER TABLE app.users ALTER COLUMN updated_at TYPE timestamp(6)
ALTER TABLE app.users ALTER COLUMN updated_at TYPE date
ALTER TABLE app.users ALTER COLUMN created_at TYPE timestamp
ALTER TABLE app.users ALTER COLUMN created_at TYPE timestamptz(3)
ALTER TABLE app.users ALTER COLUMN created_at TYPE timestamptz
ALTER TABLE app.users ALTER COLUMN born TYPE timestamp
ALTER TABLE app.orders ALTER COLUMN paid_at TYPE timestamptz
ALTER TABLE app.orders ALTER COLUMN placed_at TYPE timestamp
ALTER TABLE app.orders ALTER COLUMN placed_at TYPE timestamptz(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamp
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamp(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamptz
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamptz(2)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval day to second
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE time
-- JSON, networks, uuid, xml, enums, arrays, ranges.
ALTER TABLE app.users ALTER COLUMN doc TYPE jsonb
ALTER TABLE app.users ALTER COLUMN doc TYPE jsonb USING doc::jsonb
ALTER TABLE app.users ALTER COLUMN doc TYPE text
ALTER TABLE app.users ALTER COLUMN settings TYPE json
ALTER TABLE app.users ALTER COLUMN token TYPE text
ALTER TABLE app.users ALTER COLUMN memo TYPE uuid USING md5(memo)::uuid
ALTER TABLE app.users ALTER COLUMN memo TYPE integer
ALTER TABLE app.users ALTER COLUMN memo TYPE jsonb USING to_jsonb(memo)
ALTER TABLE app.users ALTER COLUMN mood TYPE text
ALTER TABLE app.users ALTER COLUMN mood TYPE text USING mood::text
ALTER TABLE app.users ALTER COLUMN mood TYPE mood
ALTER TABLE app.users ALTER COLUMN memo TYPE mood USING 'ok'::mood
ALTER TABLE app.users ALTER COLUMN tags TYPE varchar(40)[]
ALTER TABLE app.users ALTER COLUMN tags TYPE varchar[]
ALTER TABLE app.users ALTER COLUMN tags TYPE text[]
ALTER TABLE app.users ALTER COLUMN tags TYPE text
ALTER TABLE app.users ALTER COLUMN active TYPE integer USING active::int
ALTER TABLE app.users ALTER COLUMN active DROP DEFAULT, ALTER COLUMN active TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE inet
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE cidr
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE xml USING k_text::xml
ALTER TABLE app.kinds ALTER COLUMN k_int_array TYPE bigint[]
ALTER TABLE app.kinds ALTER COLUMN k_int_array TYPE integer[]
ALTER TABLE app.kinds ALTER COLUMN k_int_array TYPE int4[][]
ALTER TABLE app.kinds ALTER COLUMN k_varchar_array TYPE text[]
ALTER TABLE app.kinds ALTER COLUMN k_varchar_array TYPE varchar(40)[]
ALTER TABLE app.kinds ALTER COLUMN k_varchar_array TYPE varchar[]
ALTER TABLE app.kinds ALTER COLUMN k_varchar_array TYPE varchar(10)[]
ALTER TABLE app.kinds ALTER COLUMN k_text_array TYPE varchar[]
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE regclass
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE oid
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE varchar(100)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE macaddr8
ALTER TABLE app.kinds ALTER COLUMN k_tsvector TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_point TYPE text USING k_point::text
-- Domains.
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE plain
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE required
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE short
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE short
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE positive
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE nested
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE loose
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE five
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE loose
ALTER TABLE app.kinds ALTER COLUMN k_positive TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_positive TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_positive TYPE nested
ALTER TABLE app.kinds ALTER COLUMN k_plain TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_plain TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_short TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_short TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_short TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_required TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_loose TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_pair TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_int_array TYPE positive[]
ALTER TABLE app.typed ALTER COLUMN a TYPE integer[]
-- Columns with a CHECK, an index, a key, a default, a generated column, a trigger, a policy, a view, statistics.
ALTER TABLE app.checked ALTER COLUMN label TYPE varchar(20)
ALTER TABLE app.checked ALTER COLUMN label TYPE text
ALTER TABLE app.checked ALTER COLUMN sized TYPE varchar(20)
ALTER TABLE app.checked ALTER COLUMN compared TYPE bigint
ALTER TABLE app.checked ALTER COLUMN label TYPE varchar(10)
ALTER TABLE app.checked ALTER COLUMN compared TYPE integer
ALTER TABLE app.orgs ALTER COLUMN title TYPE varchar(80)
ALTER TABLE app.orgs ALTER COLUMN slug TYPE varchar
ALTER TABLE app.orgs ALTER COLUMN region TYPE bigint
ALTER TABLE app.orders ALTER COLUMN state TYPE text
ALTER TABLE app.orders ALTER COLUMN state TYPE varchar(20)
ALTER TABLE app.orders ALTER COLUMN user_id TYPE integer
ALTER TABLE app.orders ALTER COLUMN id TYPE bigint
ALTER TABLE app.items ALTER COLUMN order_id TYPE bigint
ALTER TABLE app.orders ALTER COLUMN country_id TYPE bigint
ALTER TABLE app.orders ALTER COLUMN user_id TYPE bigint
ALTER TABLE app.items ALTER COLUMN id TYPE bigint
ALTER TABLE app.generated ALTER COLUMN base TYPE bigint
ALTER TABLE app.generated ALTER COLUMN doubled TYPE bigint
ALTER TABLE app.generated ALTER COLUMN word TYPE varchar
ALTER TABLE app.watched ALTER COLUMN v TYPE varchar(10)
ALTER TABLE app.watched ALTER COLUMN n TYPE bigint
ALTER TABLE app.guarded ALTER COLUMN owner TYPE varchar
ALTER TABLE app.guarded ALTER COLUMN secret TYPE varchar
ALTER TABLE app.users ALTER COLUMN email TYPE text
ALTER TABLE app.clustered ALTER COLUMN v TYPE varchar
ALTER TABLE app.ranges ALTER COLUMN seats TYPE int8range USING int8range(lower(seats), upper(seats))
ALTER TABLE app.unindexed ALTER COLUMN v TYPE varchar
ALTER TABLE plain_names ALTER COLUMN v TYPE varchar(20)
ALTER TABLE plain_names ALTER COLUMN v TYPE varchar(5)
ALTER TABLE app."Order Items" ALTER COLUMN "Qty ""each""" TYPE bigint
-- Several, and other kinds of relation.
ALTER TABLE app.users ALTER COLUMN nick TYPE text, ALTER COLUMN age TYPE bigint
ALTER TABLE app.users ALTER COLUMN nick TYPE text, ALTER COLUMN balance TYPE numeric(14, 2)
ALTER TABLE app.users ALTER COLUMN nick TYPE text, ALTER COLUMN nick SET DEFAULT '', ALTER COLUMN nick SET STATISTICS 10
ALTER TABLE app.users ALTER COLUMN nick TYPE text, ALTER COLUMN nick SET NOT NULL
ALTER TABLE app.users ALTER COLUMN nick TYPE text, ADD CHECK (nick <> '') NOT VALID
ALTER TABLE app.logs ALTER COLUMN level TYPE bigint
ALTER TABLE app.logs ALTER COLUMN message TYPE varchar
ALTER TABLE app.logs ALTER COLUMN at TYPE timestamp
ALTER TABLE app.hollow ALTER COLUMN n TYPE bigint
ALTER TABLE app.base ALTER COLUMN n TYPE bigint
ALTER TABLE app.base ALTER COLUMN v TYPE varchar
ALTER TABLE ONLY app.base ALTER COLUMN n TYPE bigint
ALTER TABLE app.of_type ALTER COLUMN label TYPE varchar
ALTER FOREIGN TABLE app.remote ALTER COLUMN v TYPE varchar(20)
ALTER FOREIGN TABLE app.remote ALTER COLUMN id TYPE bigint
ALTER TABLE app.newest ALTER COLUMN base TYPE bigint
ALTER TABLE app.newest ALTER COLUMN twice TYPE bigint
-- The types themselves.
ALTER TYPE mood ADD VALUE 'furious'
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok'
ALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy'
ALTER TYPE mood RENAME TO feeling
ALTER TYPE pair ADD ATTRIBUTE c integer
ALTER TYPE pair DROP ATTRIBUTE b
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint
ALTER TYPE part_row ADD ATTRIBUTE extra integer
ALTER TYPE part_row ADD ATTRIBUTE extra integer CASCADE
ALTER TYPE part_row ALTER ATTRIBUTE label TYPE varchar CASCADE
ALTER TYPE part_row ALTER ATTRIBUTE id TYPE bigint CASCADE
ALTER TYPE part_row DROP ATTRIBUTE label CASCADE
ALTER TYPE mood SET SCHEMA app
ALTER TYPE mood OWNER TO app
CREATE TYPE colour AS ENUM ('red', 'green')
CREATE TYPE spot AS (x integer, y integer)
DROP TYPE grade
DROP TYPE mood
DROP TYPE mood CASCADE
