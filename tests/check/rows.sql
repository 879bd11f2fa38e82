-- Rows enough for a scan to be told from a look at one row (observe.py), few enough for five servers in a minute.
INSERT INTO app.countries SELECT i, chr(65 + i / 26) || chr(65 + i % 26), 'country ' || i FROM generate_series(0, 499) i;
INSERT INTO app.orgs (slug, region, title) SELECT 'org' || i, i % 9, 'Org ' || i FROM generate_series(1, 500) i;
INSERT INTO app.users (email, name, nick, code, age, small, balance, score, mood, tags, doc, settings, born, updated_at, token, org_id, country_id, legacy, memo, amount, payload, price)
  SELECT i || '@example.org', 'name ' || i, 'n' || i, 'c' || i % 1000, 1 + i % 90, i % 100, i, i, (enum_range(NULL::mood))[1 + i % 3], ARRAY['t' || i], '{"a": 1}', '{"a": 1}',
    date '1970-01-01' + i, now(), ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 1 + i % 500, i % 500, 'old', 'memo', i % 900, '\x01', 5
  FROM generate_series(1, 1000) i;
INSERT INTO app.orders (user_id, country_id, org_slug, org_region, total, paid_at, ref, note)
  SELECT 1 + i % 1000, i % 500, 'org' || 1 + i % 500, (1 + i % 500) % 9, i, now(), 1 + i % 900, 'note ' || i FROM generate_series(1, 1500) i;
INSERT INTO app.items (order_id, qty, price, label) SELECT i, 1 + i % 7, i, 'label ' || i FROM generate_series(1, 1000) i;
INSERT INTO app.invoices SELECT i, i, 1 + i % 1000, i FROM generate_series(1, 600) i;
INSERT INTO app.checked SELECT i, i, i, i, i, i, i, i, i, i, i, i, i, 'x' || i, 'y' || i, i FROM generate_series(1, 500) i;
INSERT INTO app.kinds SELECT i, i, i, i, i, i, i, i, i::int::money, i, i, i, i % 1000, i, '\x31', i % 2 = 0, '2024-01-01', '10:00', '10:00', '10:00', '2024-01-01', '2024-01-01', '2024-01-01', '2024-01-01',
    '1 day', '1 day', '1 day', '{}', '{}', '00000000-0000-4000-8000-000000000001', '<a/>', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
    B'00000001', B'1', B'1', 1259, 'pg_class', 'ok', i, i, i, i, i, ROW(i, 'b')::pair, ARRAY[i], ARRAY[i], ARRAY[i], ARRAY[i], int4range(1, 5), '(1,2)', 'a', 'c'
  FROM generate_series(1, 500) i;
INSERT INTO app.typed SELECT i, i, ARRAY[i], i, i, i, i, ROW(i, 'b')::pair, i::text, i FROM generate_series(1, 500) i;
INSERT INTO app.loose_too SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.of_type SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.hollow_ready SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app.like_type SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.generated (id, base, word) SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app.unlogged SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.unindexed SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app.clustered SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.ranges SELECT i, tsrange(timestamp '2024-01-01' + i * interval '1 hour', timestamp '2024-01-01' + (i + 1) * interval '1 hour'), i, point(i, i), int4range(i, i + 1) FROM generate_series(1, 500) i;
INSERT INTO app.guarded SELECT i, 'app', i FROM generate_series(1, 500) i;
INSERT INTO app.secured SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO app.watched SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app."Order Items" SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO public.users SELECT i, i FROM generate_series(1, 500) i;
INSERT INTO public.plain_names SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app.base SELECT i, i, i FROM generate_series(1, 500) i;
INSERT INTO app.derived SELECT i, i, i, i FROM generate_series(501, 1000) i;
INSERT INTO app.stranger SELECT i, i, i, i FROM generate_series(1001, 1500) i;
INSERT INTO app.logs SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '17 hours', i % 5, 'm' || i, 1 + i % 1000 FROM generate_series(1, 1000) i;
INSERT INTO app.events SELECT i, 1 + i % 2, i FROM generate_series(1, 1000) i;
INSERT INTO app.events SELECT i, 100 + i, i FROM generate_series(1, 500) i;
INSERT INTO app.shards SELECT i, i FROM generate_series(1, 1000) i;
INSERT INTO app.shard_uses SELECT id, id FROM app.shards_1;
INSERT INTO app.deep SELECT i, i % 2000, i FROM generate_series(0, 3999) i;
INSERT INTO app.logs_bare SELECT i, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', i % 5, i, 1 FROM generate_series(1, 500) i;
INSERT INTO app.logs_checked SELECT * FROM app.logs_bare;
INSERT INTO app.logs_noindex SELECT * FROM app.logs_bare;
INSERT INTO app.logs_unproven SELECT * FROM app.logs_bare;
INSERT INTO app.logs_wider SELECT * FROM app.logs_bare;
INSERT INTO app.events_3 SELECT i, 3, i FROM generate_series(1, 500) i;
INSERT INTO app.events_4 SELECT i, 4, i FROM generate_series(1, 500) i;
INSERT INTO app.quiet SELECT i, 1, i FROM generate_series(1, 500) i;
INSERT INTO app.quiet SELECT i, 100 + i, i FROM generate_series(1, 500) i;
INSERT INTO app.quiet_3 SELECT i, 3, i FROM generate_series(1, 500) i;
REFRESH MATERIALIZED VIEW app.totals;
REFRESH MATERIALIZED VIEW app.plain_totals;
