-- Rows for the deployed schema.
INSERT INTO users (email, name, fax) SELECT n || '@example.org', 'User ' || n, '+49 30 ' || n FROM generate_series(1, 2000) n;
INSERT INTO addresses (user_id, street, city) SELECT n, 'Street ' || n, 'Berlin' FROM generate_series(1, 2000) n;
INSERT INTO categories (title) SELECT 'Category ' || n FROM generate_series(1, 20) n;
INSERT INTO suppliers (name) SELECT 'Supplier ' || n FROM generate_series(1, 10) n;
INSERT INTO products (sku, title, category_id, supplier_id, price)
  SELECT 'P' || n, 'Product ' || n, 1 + n % 20, 1 + n % 10, n + 0.99 FROM generate_series(1, 500) n;
INSERT INTO stock SELECT n, n FROM generate_series(1, 500) n;
INSERT INTO coupons VALUES ('SPRING', 10, '2026-06-01');
INSERT INTO orders (user_id, address_id, total) SELECT 1 + n % 2000, 1 + n % 2000, n % 900 FROM generate_series(1, 20000) n;
INSERT INTO order_lines SELECT n, 1 + n % 500, 1, 9.99 FROM generate_series(1, 20000) n;
INSERT INTO payments (order_id, method, amount, booked_at) SELECT n, 'card', 9.99, now() FROM generate_series(1, 20000) n;
INSERT INTO reviews SELECT 1 + n % 500, n, 1 + n % 5 FROM generate_series(1, 2000) n;
