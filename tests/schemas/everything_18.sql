-- What PostgreSQL 18 adds to everything.sql, everything_14.sql and everything_15.sql.

CREATE TABLE app.new_ways (
  id integer CONSTRAINT "named not null" NOT NULL,
  plain integer NOT NULL,
  alone integer,
  doubled integer GENERATED ALWAYS AS (plain * 2) VIRTUAL,
  CONSTRAINT unchecked CHECK (id > 0) NOT ENFORCED
);
ALTER TABLE app.new_ways ADD CONSTRAINT "not yet" NOT NULL alone NOT VALID;
CREATE DOMAIN app.required AS text CONSTRAINT must NOT NULL;
CREATE PUBLICATION with_generated FOR TABLE app.users WITH (publish_generated_columns = stored);
