-- What only PostgreSQL 18 knows.
CREATE TABLE app.newest (
  id integer PRIMARY KEY,
  base integer,
  twice integer GENERATED ALWAYS AS (base * 2) VIRTUAL,
  pending integer,
  off integer
);
ALTER TABLE app.newest ADD CONSTRAINT newest_pending_not_null NOT NULL pending NOT VALID;
ALTER TABLE app.newest ADD CONSTRAINT newest_off CHECK (off > 0) NOT ENFORCED;
