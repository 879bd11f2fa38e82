CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text, boss bigint REFERENCES users, team_id bigint);
CREATE TABLE teams (id bigint PRIMARY KEY, name text NOT NULL, owner_id bigint REFERENCES users);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, giver_id bigint REFERENCES users, total numeric NOT NULL);
CREATE TABLE archive (id bigint, email text, name text, boss bigint, team_id bigint);
