CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped');
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL CONSTRAINT users_email_key UNIQUE, name text, legacy text, balance bigint NOT NULL DEFAULT 0,
  token uuid NOT NULL DEFAULT gen_random_uuid());
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES users, state order_state NOT NULL DEFAULT 'new',
  amount numeric(10,2) CHECK (amount >= 0));
CREATE INDEX orders_user_state ON orders (user_id, state);
CREATE VIEW user_orders AS SELECT u.id, u.name, o.amount, o.state FROM users u JOIN orders o ON o.user_id = u.id;
CREATE TABLE "Odd ""names"" `x` ${y} #{z} {{w}}" ("a;b" int PRIMARY KEY, "-- c" text DEFAULT E'back\\slash `tick` ${brace} #{ruby} <%= erb %> {{ go }} $$ %s :x ?'
  CHECK ("-- c" <> 'SQL'));
CREATE FUNCTION body_of(a int) RETURNS text LANGUAGE plpgsql AS E'\nBEGIN\r\n-- migrate:down\n-- +goose Down\r\n  RETURN $$\\r \\\\ '' $$;\r\nEND';
CREATE INDEX "odd; ${i} `i` #{i}" ON "Odd ""names"" `x` ${y} #{z} {{w}}" ("-- c");
CREATE FUNCTION notes_of(a int, b text DEFAULT ':x') RETURNS text LANGUAGE plpgsql AS $body$
-- a comment at a line's start; with a semicolon
BEGIN

  -- migrate:down is no marker here; nor is --+goose Down
  RETURN E'\\d+ \n' || $$a$$ || '${b} `c`
SQL
' || b; /* #{d} */
END
$body$;
COMMENT ON FUNCTION notes_of IS 'it''s a "comment": 100%';
