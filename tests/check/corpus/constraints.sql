-- CHECK.
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0)
ALTER TABLE app.users ADD CHECK (age > 0)
ALTER TABLE app.users ADD CHECK (age > 0) NOT VALID
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT VALID
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NO INHERIT
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (true)
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT ENFORCED
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT VALID, ADD CONSTRAINT named CHECK (name <> '') NOT VALID
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT VALID, ADD CONSTRAINT named CHECK (name <> '')
ALTER TABLE app.users ADD CONSTRAINT adult CHECK (age > 0) NOT VALID, VALIDATE CONSTRAINT adult
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_small
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_user
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_amount
ALTER TABLE app.invoices VALIDATE CONSTRAINT missing
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_small, VALIDATE CONSTRAINT invoices_user
ALTER TABLE app.invoices VALIDATE CONSTRAINT invoices_small, ADD COLUMN extra integer
ALTER TABLE app.logs ADD CONSTRAINT levels CHECK (level >= 0)
ALTER TABLE app.logs ADD CONSTRAINT levels CHECK (level >= 0) NOT VALID
ALTER TABLE app.hollow ADD CONSTRAINT small CHECK (n > 0)
ALTER TABLE app.base ADD CONSTRAINT small CHECK (n > 0)
ALTER TABLE app.base ADD CONSTRAINT small CHECK (n > 0) NO INHERIT
ALTER TABLE ONLY app.base ADD CONSTRAINT small CHECK (n > 0)
ALTER FOREIGN TABLE app.remote ADD CONSTRAINT small CHECK (id > 0)
ALTER TABLE app.invoices DROP CONSTRAINT invoices_amount
ALTER TABLE app.invoices DROP CONSTRAINT invoices_small
ALTER TABLE app.invoices DROP CONSTRAINT IF EXISTS missing
ALTER TABLE app.invoices DROP CONSTRAINT IF EXISTS invoices_amount, ADD CONSTRAINT invoices_amount CHECK (amount > 0)
ALTER TABLE app.invoices DROP CONSTRAINT invoices_amount, ADD CONSTRAINT invoices_amount CHECK (amount > 0) NOT VALID
-- Foreign keys.
ALTER TABLE app.users ADD CONSTRAINT users_country FOREIGN KEY (country_id) REFERENCES app.countries (id)
ALTER TABLE app.users ADD CONSTRAINT users_country FOREIGN KEY (country_id) REFERENCES app.countries (id) NOT VALID
ALTER TABLE app.users ADD FOREIGN KEY (country_id) REFERENCES app.countries
ALTER TABLE app.users ADD FOREIGN KEY (country_id) REFERENCES app.countries ON DELETE SET NULL ON UPDATE CASCADE
ALTER TABLE app.users ADD FOREIGN KEY (country_id) REFERENCES app.countries ON DELETE SET NULL NOT VALID
ALTER TABLE app.users ADD FOREIGN KEY (country_id) REFERENCES app.countries DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.users ADD FOREIGN KEY (country_id) REFERENCES app.countries NOT ENFORCED
ALTER TABLE app.orders ADD FOREIGN KEY (org_slug, org_region) REFERENCES app.orgs (slug, region)
ALTER TABLE app.orders ADD FOREIGN KEY (org_slug, org_region) REFERENCES app.orgs (slug, region) MATCH FULL
ALTER TABLE app.orders ADD FOREIGN KEY (ref) REFERENCES app.orders (id) NOT VALID
ALTER TABLE app.orders ADD FOREIGN KEY (country_id) REFERENCES app.countries (id), ADD FOREIGN KEY (ref) REFERENCES app.items (id)
ALTER TABLE app.orders ADD FOREIGN KEY (country_id) REFERENCES app.countries (id) NOT VALID, ADD CHECK (ref > 0)
ALTER TABLE ONLY app.users ADD CONSTRAINT users_country FOREIGN KEY (country_id) REFERENCES app.countries (id)
ALTER TABLE app.logs ADD FOREIGN KEY (user_id) REFERENCES app.users (id)
ALTER TABLE app.logs ADD FOREIGN KEY (user_id) REFERENCES app.users (id) NOT VALID
ALTER TABLE app.logs_2024 ADD FOREIGN KEY (user_id) REFERENCES app.users (id) NOT VALID
ALTER TABLE app.hollow ADD FOREIGN KEY (n) REFERENCES app.countries (id)
ALTER TABLE app.items ADD FOREIGN KEY (qty) REFERENCES app.shards (id)
ALTER TABLE app.items ADD FOREIGN KEY (qty) REFERENCES app.shards (id) NOT VALID
ALTER TABLE app.invoices DROP CONSTRAINT invoices_order
ALTER TABLE app.invoices DROP CONSTRAINT invoices_user
ALTER TABLE app.users DROP CONSTRAINT users_org_id_fkey
ALTER TABLE app.shard_uses DROP CONSTRAINT shard_uses_shard_id_fkey
ALTER TABLE app.orders DROP CONSTRAINT orders_pkey CASCADE
ALTER TABLE app.orders DROP CONSTRAINT orders_pkey
ALTER TABLE app.invoices ALTER CONSTRAINT invoices_order DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.invoices ALTER CONSTRAINT invoices_order NOT DEFERRABLE
ALTER TABLE app.invoices ALTER CONSTRAINT invoices_order NOT ENFORCED
ALTER TABLE app.newest ADD CHECK (off > 0) NOT ENFORCED
-- UNIQUE and PRIMARY KEY.
ALTER TABLE app.users ADD UNIQUE (nick)
ALTER TABLE app.users ADD CONSTRAINT users_nick UNIQUE (nick)
ALTER TABLE app.users ADD CONSTRAINT users_nick UNIQUE (nick, id) INCLUDE (name)
ALTER TABLE app.users ADD UNIQUE NULLS NOT DISTINCT (nick)
ALTER TABLE app.users ADD UNIQUE (nick) DEFERRABLE INITIALLY DEFERRED
ALTER TABLE app.users ADD CONSTRAINT users_token_key UNIQUE USING INDEX users_token
ALTER TABLE app.users ADD CONSTRAINT users_token UNIQUE USING INDEX users_token
ALTER TABLE app.users ADD CONSTRAINT users_token_key UNIQUE USING INDEX users_token DEFERRABLE
ALTER TABLE app.users ADD CONSTRAINT users_born UNIQUE USING INDEX users_born_partial
ALTER TABLE app.users ADD CONSTRAINT users_expr UNIQUE USING INDEX users_expression
ALTER TABLE app.users ADD CONSTRAINT users_name_key UNIQUE USING INDEX users_name
ALTER TABLE app.unindexed ADD PRIMARY KEY (id)
ALTER TABLE app.unindexed ADD CONSTRAINT unindexed_pk PRIMARY KEY (id, n)
ALTER TABLE app.users ADD PRIMARY KEY (id)
ALTER TABLE app.users DROP CONSTRAINT users_email_key
ALTER TABLE app.countries DROP CONSTRAINT countries_pkey, ADD PRIMARY KEY (code)
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD CONSTRAINT checked_pk PRIMARY KEY USING INDEX checked_free
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD CONSTRAINT checked_pk PRIMARY KEY USING INDEX checked_proven
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD CONSTRAINT checked_pk PRIMARY KEY USING INDEX checked_already
ALTER TABLE app.checked DROP CONSTRAINT checked_pkey, ADD CONSTRAINT checked_pk PRIMARY KEY USING INDEX checked_pending_key
ALTER TABLE app.logs ADD PRIMARY KEY (id, at)
ALTER TABLE app.logs ADD UNIQUE (id, at)
ALTER TABLE app.logs ADD UNIQUE (id)
ALTER TABLE app.hollow ADD PRIMARY KEY (id)
ALTER TABLE ONLY app.logs ADD UNIQUE (id, at)
ALTER TABLE app.base ADD UNIQUE (v)
ALTER TABLE app."Order Items" ADD UNIQUE ("select")
-- EXCLUDE and temporal keys.
ALTER TABLE app.ranges ADD EXCLUDE USING gist (seats WITH &&)
ALTER TABLE app.ranges ADD CONSTRAINT one_spot EXCLUDE USING gist (during WITH &&) WHERE (room > 10)
ALTER TABLE app.ranges ADD EXCLUDE USING btree (room WITH =)
ALTER TABLE app.ranges DROP CONSTRAINT ranges_during_excl
ALTER TABLE app.ranges ADD CONSTRAINT seat_periods UNIQUE (id, seats WITHOUT OVERLAPS)
-- Domains.
ALTER DOMAIN positive ADD CONSTRAINT below CHECK (VALUE < 1000000)
ALTER DOMAIN positive ADD CHECK (VALUE < 1000000) NOT VALID
ALTER DOMAIN loose ADD CONSTRAINT above CHECK (VALUE > 0)
ALTER DOMAIN public.loose ADD CONSTRAINT above CHECK (VALUE > 0) NOT VALID
ALTER DOMAIN unused ADD CONSTRAINT above CHECK (VALUE > 0)
ALTER DOMAIN unused SET NOT NULL
ALTER DOMAIN loose SET NOT NULL
ALTER DOMAIN required SET NOT NULL
ALTER DOMAIN required DROP NOT NULL
ALTER DOMAIN loose DROP NOT NULL
ALTER DOMAIN loose SET DEFAULT 3
ALTER DOMAIN five DROP DEFAULT
ALTER DOMAIN pending VALIDATE CONSTRAINT pending_check
ALTER DOMAIN positive DROP CONSTRAINT positive_check
ALTER DOMAIN positive RENAME CONSTRAINT positive_check TO above_zero
ALTER DOMAIN positive RENAME TO natural_number
ALTER DOMAIN loose ADD NOT NULL
ALTER DOMAIN loose ADD CONSTRAINT there NOT NULL
ALTER DOMAIN positive SET SCHEMA app
ALTER DOMAIN plain ADD CHECK (VALUE <> '')
CREATE DOMAIN percentage AS integer CHECK (VALUE BETWEEN 0 AND 100)
DROP DOMAIN unused
DROP DOMAIN positive
DROP DOMAIN positive CASCADE
