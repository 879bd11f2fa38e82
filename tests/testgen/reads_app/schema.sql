CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text NOT NULL,
  username text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  role text NOT NULL,
  is_active boolean NOT NULL,
  locked_until timestamptz,
  team_id int REFERENCES teams
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE TABLE sessions (
  token uuid PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  expires_at timestamptz NOT NULL
);
