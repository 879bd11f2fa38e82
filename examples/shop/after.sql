-- What the shop's next version needs.
CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped', 'cancelled');
CREATE TYPE subscription_tier AS ENUM ('free', 'basic', 'pro');

CREATE TABLE users (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email      text NOT NULL,
  name       text,
  created_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  tier       subscription_tier NOT NULL DEFAULT 'free'
);
CREATE UNIQUE INDEX users_email_live ON users (email) WHERE deleted_at IS NULL;

CREATE TABLE addresses (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  street  text NOT NULL,
  city    text NOT NULL,
  country char(2) NOT NULL DEFAULT 'DE'
);
CREATE INDEX addresses_user_id ON addresses (user_id);

CREATE TABLE categories (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent_id bigint REFERENCES categories,
  title     text NOT NULL UNIQUE
);

CREATE TABLE suppliers (
  id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);

CREATE TABLE products (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku         text NOT NULL UNIQUE,
  title       text NOT NULL,
  category_id bigint NOT NULL REFERENCES categories,
  supplier_id bigint REFERENCES suppliers,
  price       numeric(8,2) NOT NULL CHECK (price >= 0),
  weight_g    integer
);
CREATE INDEX products_category_id ON products (category_id);
CREATE INDEX products_supplier_id ON products (supplier_id);

CREATE TABLE stock (
  product_id bigint PRIMARY KEY REFERENCES products,
  amount     integer NOT NULL DEFAULT 0,
  CONSTRAINT stock_amount_check CHECK (amount >= 0)
);

CREATE TABLE coupons (
  code    text PRIMARY KEY,
  percent smallint NOT NULL CHECK (percent BETWEEN 1 AND 90),
  ends_on date
);

CREATE TABLE orders (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    bigint NOT NULL REFERENCES users,
  address_id bigint REFERENCES addresses,
  coupon     text REFERENCES coupons,
  state      order_state NOT NULL DEFAULT 'new',
  total      numeric(14,2) NOT NULL DEFAULT 0,
  placed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_user_id ON orders (user_id);

CREATE TABLE order_lines (
  order_id   bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  product_id bigint NOT NULL REFERENCES products,
  amount     integer NOT NULL CHECK (amount > 0),
  price      numeric(8,2) NOT NULL,
  PRIMARY KEY (order_id, product_id)
);

CREATE TABLE payments (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id  bigint NOT NULL REFERENCES orders,
  method    text NOT NULL,
  amount    numeric(8,2) NOT NULL,
  booked_at timestamptz NOT NULL
);
CREATE INDEX payments_order_id ON payments (order_id);

CREATE TABLE reviews (
  product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
  user_id    bigint NOT NULL REFERENCES users,
  stars      smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
  body       text,
  PRIMARY KEY (product_id, user_id)
);

CREATE TABLE sessions (
  token   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW customers AS
  SELECT u.id, u.email, u.name, u.tier, count(o.id) AS orders, coalesce(sum(o.total), 0) AS spent
    FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.state <> 'cancelled'
   WHERE u.deleted_at IS NULL
   GROUP BY u.id;
COMMENT ON VIEW customers IS 'who buys, and how much';
