INSERT INTO app.newest (id, base, pending, off) SELECT i, i, i, i FROM generate_series(1, 500) i;
