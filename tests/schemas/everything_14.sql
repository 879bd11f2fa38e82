-- What PostgreSQL 14 adds to everything.sql.

ALTER TABLE app.users ALTER picture SET COMPRESSION pglz;
CREATE FUNCTION app.count_users() RETURNS bigint LANGUAGE sql
  BEGIN ATOMIC SELECT count(u.email) AS count FROM app.users u; END;
CREATE STATISTICS app.expression_stats ON lower(email), (id % 10) FROM app.users;
CREATE TYPE app.time_range AS RANGE (subtype = time, multirange_type_name = app."Times");
CREATE TABLE app.schedule (id integer PRIMARY KEY, times app."Times", all_times app."Times"[]);
CREATE PROCEDURE app.with_out(a integer, OUT b integer) LANGUAGE plpgsql AS 'BEGIN b := 1; END';
