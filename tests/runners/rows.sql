INSERT INTO users SELECT i, 'e' || i, 'n', repeat('l', 40), i FROM generate_series(1, 30000) i;
INSERT INTO orders (user_id, amount) SELECT 1 + i % 3000, i FROM generate_series(1, 40000) i;
INSERT INTO "Odd ""names"" `x` ${y} #{z} {{w}}" VALUES (1, 'one');
