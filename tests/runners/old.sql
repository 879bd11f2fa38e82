CREATE TYPE order_state AS ENUM ('new', 'paid');
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text, legacy text, balance integer NOT NULL DEFAULT 0);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint, state order_state NOT NULL DEFAULT 'new', amount numeric(10,2));
CREATE INDEX orders_user ON orders (user_id);
CREATE VIEW user_orders AS SELECT u.id, u.name, o.amount FROM users u JOIN orders o ON o.user_id = u.id;
CREATE TABLE "Odd ""names"" `x` ${y} #{z} {{w}}" ("a;b" int PRIMARY KEY, "-- c" text);
