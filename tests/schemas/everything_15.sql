-- What PostgreSQL 15 adds to everything.sql and everything_14.sql.

CREATE TABLE app.distinct_nulls (a integer, b integer, c text, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX distinct_c ON app.distinct_nulls (c) NULLS NOT DISTINCT;
CREATE TABLE app.set_some (
  a integer, b integer, FOREIGN KEY (a, b) REFERENCES app.distinct_nulls (a, b) ON DELETE SET NULL (b)
);
CREATE VIEW app.as_caller WITH (security_invoker = true) AS SELECT id FROM app.users;
CREATE PUBLICATION filtered FOR TABLE app.users (id, email) WHERE (id > 10);
CREATE PUBLICATION by_schema FOR TABLES IN SCHEMA "Odd.Schema ""🚦""", TABLE app.parent_b;
CREATE UNLOGGED SEQUENCE app.fast;
