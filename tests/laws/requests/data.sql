-- About 9 MB a table.
INSERT INTO "Sales Dept"."user" ("select", "E-Mail", code, tier, "naïve 😀", pad) SELECT 'user ' || n, 'u' || n || '@example.org', 'c' || n % 100000, (ARRAY['free','basic','pro'])[1 + n % 3], CASE WHEN n % 7 <> 0 THEN 'ü' || n END, repeat(md5(n::text), 22) FROM generate_series(1, 12000) n;
INSERT INTO "Sales Dept"."Order" (user_id, state, history, amount, "from", "to", room, pad) SELECT n, (ARRAY['new','packed','sent','it''s "odd"'])[1 + n % 4]::"Sales Dept"."Order State", ARRAY['new','packed']::"Sales Dept"."Order State"[], n, '2026-01-01'::date + n, '2026-01-01'::date + n, n % 50, repeat(md5(n::text), 22) FROM generate_series(1, 12000) n;
INSERT INTO "Sales Dept"."users; drop table x" SELECT 1 + n % 12000, n, repeat(md5(n::text), 22), n / 8.0 FROM generate_series(1, 12000) n;
INSERT INTO "Sales Dept".events SELECT n, '2026-01-01'::date + n % 80, 'k' || n % 9, json_build_object('n', n, 'pad', repeat(md5(n::text), 22)), 1 + n % 12000 FROM generate_series(1, 24000) n;
REFRESH MATERIALIZED VIEW "Sales Dept".totals;
