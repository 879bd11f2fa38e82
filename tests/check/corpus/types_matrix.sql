-- Between built-in types, wherever the server casts by assignment.
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE oid
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE regclass
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE regproc
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE regtype
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_smallint TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE money
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE oid
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE regclass
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE regproc
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE regtype
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_integer TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE money
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE oid
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE regclass
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE regproc
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE regtype
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_bigint TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE money
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_numeric TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE money
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_numeric_10_2 TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_real TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE smallint
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE real
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE double precision
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_double TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(10, 2)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE money
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(12, 2)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(12, 4)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(14, 0)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(10, 3)
ALTER TABLE app.kinds ALTER COLUMN k_money TYPE numeric(9, 2)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_text TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_varchar TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_varchar_20 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_char TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_name TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE bytea
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_bytea TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE boolean
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_boolean TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE date
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE timestamp
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE timestamp(3)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE timestamptz
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE timestamp(0)
ALTER TABLE app.kinds ALTER COLUMN k_date TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE timetz
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval(3)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval day to second
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval(6)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval year to month
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval second(2)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE interval hour
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE timetz(3)
ALTER TABLE app.kinds ALTER COLUMN k_time TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE timetz
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval(3)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval day to second
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval(6)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval year to month
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval second(2)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE interval hour
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE timetz(3)
ALTER TABLE app.kinds ALTER COLUMN k_time_3 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE timetz
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE timetz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timetz TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE date
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE timestamp
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE timestamp(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE timestamptz
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE timestamp(0)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE date
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamp(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamptz
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE timestamp(0)
ALTER TABLE app.kinds ALTER COLUMN k_timestamp_3 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE date
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timetz
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timestamp
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timestamp(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timestamptz
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timestamp(0)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE timetz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE date
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timetz
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamp
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamp(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamptz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timestamp(0)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE timetz(3)
ALTER TABLE app.kinds ALTER COLUMN k_timestamptz_3 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval year to month
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval second(2)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE interval hour
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval day to second
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval year to month
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval second(2)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE interval hour
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval_3 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE time
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE time(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval(3)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval day to second
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval year to month
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval second(2)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE interval hour
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE time(6)
ALTER TABLE app.kinds ALTER COLUMN k_interval_day TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE json
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE jsonb
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_json TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE json
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE jsonb
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_jsonb TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE uuid
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_uuid TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE xml
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_xml TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE inet
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_inet TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE cidr
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_cidr TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE macaddr
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_macaddr TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE bit(8)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varbit
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varbit(8)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE varbit(16)
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE bit varying
ALTER TABLE app.kinds ALTER COLUMN k_bit TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varbit
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varbit(8)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE varbit(16)
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE bit varying
ALTER TABLE app.kinds ALTER COLUMN k_varbit TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varbit(8)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE bit varying
ALTER TABLE app.kinds ALTER COLUMN k_varbit_8 TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE oid
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE regproc
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE regtype
ALTER TABLE app.kinds ALTER COLUMN k_oid TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE integer
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE bigint
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE regclass
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_regclass TYPE bpchar
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE text
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE varchar
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE varchar(20)
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE char(8)
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE name
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE mood
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE varchar(40)
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE varchar(10)
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE char(12)
ALTER TABLE app.kinds ALTER COLUMN k_mood TYPE bpchar
