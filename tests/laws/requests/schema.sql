-- An awkward schema: reserved words, blanks, quotes, emoji; views on views, partitions, policies, a publication with a list of columns.
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA archive;
CREATE EXTENSION btree_gist;
CREATE TYPE "Sales Dept"."Order State" AS ENUM ('new', 'packed', 'sent', 'it''s "odd"');
CREATE DOMAIN "Sales Dept".email AS text CONSTRAINT at CHECK (VALUE ~ '@');
CREATE TYPE "Sales Dept".money_pair AS (amount numeric(12,2), currency char(3));
CREATE FUNCTION "Sales Dept".touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
CREATE TABLE "Sales Dept"."user" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "select" varchar(40) NOT NULL,
  "E-Mail" "Sales Dept".email UNIQUE,
  code char(8) NOT NULL DEFAULT 'x',
  tier text NOT NULL DEFAULT 'free',
  "naïve 😀" text,
  updated_at timestamptz DEFAULT '2026-01-01',
  pad text
);
CREATE TRIGGER "touch it" BEFORE UPDATE ON "Sales Dept"."user" FOR EACH ROW EXECUTE FUNCTION "Sales Dept".touch();
CREATE TABLE "Sales Dept"."Order" (
  id serial PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES "Sales Dept"."user" ON DELETE CASCADE,
  state "Sales Dept"."Order State" NOT NULL DEFAULT 'new',
  history "Sales Dept"."Order State"[] DEFAULT '{}',
  amount int NOT NULL CHECK (amount >= 0),
  total int GENERATED ALWAYS AS (amount * 2) STORED,
  "from" date NOT NULL,
  "to" date NOT NULL,
  room int NOT NULL,
  pad text,
  CONSTRAINT "from before to" CHECK ("from" <= "to")
);
CREATE INDEX "by state" ON "Sales Dept"."Order" (state, id DESC) WHERE state <> 'sent';
CREATE UNIQUE INDEX order_user_room ON "Sales Dept"."Order" (user_id, room, id) INCLUDE (amount);
CREATE STATISTICS "Sales Dept".order_stats ON user_id, room FROM "Sales Dept"."Order";
CREATE TABLE "Sales Dept"."users; drop table x" (
  "Order" int REFERENCES "Sales Dept"."Order",
  line int,
  note text NOT NULL,
  qty numeric(8,2),
  PRIMARY KEY ("Order", line)
);
CREATE TABLE "Sales Dept".events (id bigint NOT NULL, at date NOT NULL, kind text, payload json, user_id bigint REFERENCES "Sales Dept"."user", PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE "Sales Dept".events_1 PARTITION OF "Sales Dept".events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE "Sales Dept".events_2 PARTITION OF "Sales Dept".events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE "Sales Dept".events_rest PARTITION OF "Sales Dept".events DEFAULT;
CREATE INDEX events_kind ON "Sales Dept".events (kind);
CREATE VIEW "Sales Dept"."open orders" WITH (security_barrier) AS SELECT o.id, o.state, o.amount, u."select" AS name, u."E-Mail" FROM "Sales Dept"."Order" o JOIN "Sales Dept"."user" u ON u.id = o.user_id WHERE o.state <> 'sent';
CREATE VIEW "Sales Dept"."open names" AS SELECT DISTINCT name FROM "Sales Dept"."open orders";
CREATE MATERIALIZED VIEW "Sales Dept".totals AS SELECT user_id, sum(total) AS total, count(*) AS n FROM "Sales Dept"."Order" GROUP BY user_id;
CREATE UNIQUE INDEX totals_key ON "Sales Dept".totals (user_id);
CREATE FUNCTION "Sales Dept".orders_of(bigint) RETURNS SETOF "Sales Dept"."Order" LANGUAGE sql STABLE AS $$SELECT * FROM "Sales Dept"."Order" WHERE user_id = $1$$;
ALTER TABLE "Sales Dept"."Order" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own orders" ON "Sales Dept"."Order" FOR SELECT TO app USING (state <> 'sent' AND user_id > 0);
CREATE POLICY writers ON "Sales Dept"."Order" TO manager USING (true) WITH CHECK (amount < 1000000);
GRANT USAGE ON SCHEMA "Sales Dept" TO app, reader;
GRANT SELECT, INSERT, UPDATE ON "Sales Dept"."Order", "Sales Dept"."user" TO app;
GRANT SELECT ("select", "E-Mail") ON "Sales Dept"."user" TO reader;
GRANT SELECT ON "Sales Dept"."open orders" TO reader;
COMMENT ON COLUMN "Sales Dept"."user"."select" IS 'what''s "selected"';
COMMENT ON TABLE "Sales Dept"."Order" IS 'orders 😀';
CREATE PUBLICATION pub FOR TABLE "Sales Dept"."Order" (id, state, amount), "Sales Dept"."users; drop table x";
ALTER TABLE "Sales Dept"."users; drop table x" REPLICA IDENTITY FULL;
