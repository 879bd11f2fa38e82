// SPDX-License-Identifier: Apache-2.0
#include "rehearse/rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "catalog/read.h"
#include "pg/sandbox.h"

namespace contraflow::rehearse {
namespace {

// What rows have to follow, each kind at least once: circles of foreign keys with and without NOT NULL, composite and overlapping ones, MATCH FULL, domains, patterns,
// bounds, lengths, columns that come after others, partial and expression keys, exclusion, partitions by range, list and hash, generated columns in checks.
constexpr const char* kSchema = R"sql(
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@]+@[^@]+\.[a-z]+$');
CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN iso2 AS char(2) CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE TYPE address AS (street text, zip varchar(10));
CREATE TABLE countries (code iso2 PRIMARY KEY, name varchar(40) NOT NULL UNIQUE);
CREATE TABLE teams (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, lead_id bigint);
CREATE TABLE users (
  id bigserial PRIMARY KEY, team_id bigint NOT NULL REFERENCES teams, mail email NOT NULL, mood mood, moods mood[] NOT NULL, age positive, score numeric(6,2) NOT NULL CHECK (score BETWEEN 20 AND 100 AND score <> 50),
  country iso2 REFERENCES countries, home address NOT NULL, valid tstzrange NOT NULL, doc jsonb NOT NULL, bits bit(4), iv interval, u uuid NOT NULL UNIQUE, area box NOT NULL,
  first text NOT NULL CHECK (length(first) <= 20), last text NOT NULL, fullname text GENERATED ALWAYS AS (first || ' ' || last) STORED CHECK (length(fullname) < 100), boss bigint REFERENCES users CHECK (boss <> id),
  created date NOT NULL CHECK (created >= '2020-01-01'), upd timestamp NOT NULL CHECK (upd > created), status text NOT NULL CHECK (status IN ('new', 'paid', 'gone')), slug varchar(12) NOT NULL CHECK (slug = lower(slug) AND length(slug) >= 3),
  url text CHECK (url LIKE 'https://%'), phone text CHECK (phone ~ '^\+?[0-9]{7,15}$' OR phone IS NULL), level integer NOT NULL CHECK (level BETWEEN 2 AND 4));
CREATE UNIQUE INDEX ON users (lower(mail));
CREATE UNIQUE INDEX ON users (team_id, status) WHERE mood = 'sad' AND status = 'gone';
ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES users;
CREATE TABLE a (id integer PRIMARY KEY, b_id integer NOT NULL);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE tenants (tenant integer, region text, PRIMARY KEY (tenant, region), UNIQUE (tenant));
CREATE TABLE accounts (tenant integer NOT NULL REFERENCES tenants (tenant), no integer NOT NULL, kind smallint NOT NULL CHECK (kind > 0 AND kind < 4), PRIMARY KEY (tenant, no));
CREATE TABLE products (tenant integer NOT NULL REFERENCES tenants (tenant), code text, PRIMARY KEY (tenant, code));
CREATE TABLE orders (tenant integer NOT NULL, id bigint, no integer NOT NULL, code text NOT NULL, parent bigint, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, no) REFERENCES accounts, FOREIGN KEY (tenant, code) REFERENCES products,
  FOREIGN KEY (tenant, parent) REFERENCES orders);
CREATE TABLE full_match (id integer PRIMARY KEY, tenant integer, region text, FOREIGN KEY (tenant, region) REFERENCES tenants MATCH FULL);
CREATE TABLE bookings (room integer NOT NULL, during daterange NOT NULL, EXCLUDE USING gist (during WITH &&));
CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, user_id bigint REFERENCES users, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2025_a PARTITION OF events_2025 FOR VALUES IN ('a', 'b');
CREATE TABLE events_2025_c PARTITION OF events_2025 DEFAULT;
CREATE TABLE hashed (id uuid PRIMARY KEY, v text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE link (user_id bigint REFERENCES users ON DELETE CASCADE, team_id bigint REFERENCES teams, PRIMARY KEY (user_id, team_id));
CREATE TABLE one_to_one (user_id bigint PRIMARY KEY REFERENCES users, note text CHECK (note IS NULL OR char_length(note) BETWEEN 3 AND 8));
CREATE TABLE impossible (id integer PRIMARY KEY CHECK (id > 5 AND id < 3));
CREATE TABLE needs_it (id integer PRIMARY KEY, of integer NOT NULL REFERENCES impossible);
CREATE TABLE may_have_it (id integer PRIMARY KEY, of integer REFERENCES impossible);
)sql";

// Rows that break a foreign key or a check, by constraint: the server's own definition, evaluated for every row.
constexpr const char* kBroken = R"sql(
CREATE FUNCTION pg_temp.broken() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record; n bigint; q text;
BEGIN
  FOR r IN SELECT conname, conrelid::regclass t, confrelid::regclass f, contype, confmatchtype, pg_get_expr(conbin, conrelid) e,
     (SELECT string_agg(format('x.%I = y.%I', a.attname, b.attname), ' AND ') FROM unnest(c.conkey, c.confkey) k(l, m) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = l JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = m) same,
     (SELECT string_agg(format('x.%I IS NOT NULL', a.attname), CASE confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END) FROM unnest(c.conkey) k(l) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = l) has
   FROM pg_constraint c WHERE contype IN ('f', 'c') AND conrelid <> 0 LOOP
    q := CASE r.contype WHEN 'f' THEN format('SELECT count(*) FROM %s x WHERE (%s) AND NOT EXISTS (SELECT FROM %s y WHERE %s)', r.t, r.has, r.f, r.same) ELSE format('SELECT count(*) FROM %s WHERE NOT (%s)', r.t, r.e) END;
    EXECUTE q INTO n;
    IF n > 0 THEN RETURN NEXT format('%s on %s: %s rows', r.conname, r.t, n); END IF;
  END LOOP;
END $$)sql";

class Rows : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { sandbox_ = std::make_unique<pg::Sandbox>(); }
  static void TearDownTestSuite() { sandbox_.reset(); }

  Rows() : connection_(sandbox_->create_database("rows")) { connection_.execute(kSchema); }

  void make(RowsWanted wanted) {
    make_rows(connection_, catalog::read(connection_, {.sizes = false}), wanted, used_);
    connection_.execute("RESET search_path");
  }
  long long number(const std::string& sql) { return connection_.execute(sql).integer(0, 0); }
  std::string notes() const {
    std::string out;
    for (const std::string& note : used_.notes) out += note + "\n";
    return out;
  }
  std::string broken() {
    connection_.execute(kBroken);
    const pg::Result rows = connection_.execute("SELECT * FROM pg_temp.broken()");
    std::string out;
    for (int i = 0; i < rows.rows(); ++i) out += rows.string(i, 0) + "\n";
    return out;
  }

  static std::unique_ptr<pg::Sandbox> sandbox_;
  pg::Connection connection_;
  DataUsed used_;
};
std::unique_ptr<pg::Sandbox> Rows::sandbox_;

TEST_F(Rows, FulfilWhatTheSchemaAsks) {
  const auto name = [](const char* table) { return sql::QualifiedName{"public", table}; };
  make({.tables = {{name("users"), 500}, {name("tenants"), 7}, {name("accounts"), 60}, {name("products"), 60}, {name("orders"), 400}, {name("events"), 300}}, .others = 20});
  EXPECT_EQ(broken(), "");
  for (const auto& [table, rows] : std::map<std::string, int>{{"users", 500}, {"countries", 20}, {"teams", 20}, {"a", 20}, {"b", 20}, {"accounts", 60}, {"orders", 400}, {"full_match", 20}, {"bookings", 20}, {"events", 300}, {"events_2024", 100}, {"events_2025_a", 100}, {"events_2025_c", 100}, {"hashed", 20}, {"link", 20}, {"one_to_one", 20}, {"may_have_it", 20}, {"impossible", 0}, {"needs_it", 0}})
    EXPECT_EQ(number("SELECT count(*) FROM " + table), rows) << table << "\n"
                                                             << notes();
  EXPECT_NE(notes().find("public.impossible stays empty: no made-up row fulfils its constraints"), std::string::npos) << notes();
  EXPECT_NE(notes().find("public.needs_it stays empty: public.impossible, which its rows must refer to, is empty"), std::string::npos) << notes();
  // Keys are used, not left NULL, where there is something to refer to.
  for (const char* reference : {"users WHERE boss IS NOT NULL", "users WHERE country IS NOT NULL", "teams WHERE lead_id IS NOT NULL", "orders WHERE parent IS NOT NULL AND parent <> id", "full_match WHERE tenant IS NOT NULL", "events WHERE user_id IS NOT NULL"})
    EXPECT_GT(number(std::string("SELECT count(*) FROM ") + reference), 5) << reference;
  EXPECT_GT(number("SELECT count(DISTINCT (tenant, no)) FROM orders"), 30);
  EXPECT_GT(number("SELECT count(DISTINCT level) + count(DISTINCT status) FROM users"), 5);
  // The foreign keys hold for the server itself, and its sequences go on.
  EXPECT_NO_THROW(connection_.execute("ALTER TABLE teams DROP CONSTRAINT teams_lead_id_fkey; ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES users"));
  EXPECT_NO_THROW(connection_.execute("INSERT INTO teams (name) VALUES ('x')"));
}

TEST_F(Rows, FollowTheStatistics) {
  Statistics statistics;
  statistics.tables[{"public", "users"}] = {.rows = 2000, .columns = {{"bits", {.null_fraction = 0.5, .distinct = 2}}, {"url", {.null_fraction = 0.9, .distinct = -1}}, {"last", {.distinct = 30, .width = 12}}, {"boss", {.null_fraction = 0.2, .distinct = -0.5}}, {"country", {.null_fraction = 0, .distinct = 4}}}};
  make({.others = 50, .statistics = &statistics, .scale = 1});
  EXPECT_EQ(broken(), "");
  EXPECT_EQ(number("SELECT count(*) FROM users"), 2000) << notes();
  const auto share = [&](const std::string& of) { return static_cast<double>(number("SELECT count(*) FILTER (WHERE " + of + " IS NULL) FROM users")) / 2000; };
  EXPECT_NEAR(share("bits"), 0.5, 0.05);
  EXPECT_NEAR(share("url"), 0.9, 0.05);
  EXPECT_NEAR(share("boss"), 0.2, 0.05);
  EXPECT_EQ(share("country"), 0);
  EXPECT_EQ(number("SELECT count(DISTINCT last) FROM users"), 30);
  EXPECT_EQ(number("SELECT count(DISTINCT country) FROM users"), 4);
}

TEST_F(Rows, OneRowOfAnApplication) {
  make({.others = 10});
  const catalog::Database database = catalog::read(connection_, {.sizes = false});
  for (const char* table : {"users", "teams", "countries", "orders", "events_2024", "one_to_one", "full_match"}) {
    std::string statement = insert_one(connection_, database, {"public", table});
    ASSERT_NE(statement, "") << table;
    for (const char* n : {"700001", "700002"}) {
      std::string one = statement;
      for (std::size_t at = 0; (at = one.find("{n}")) != std::string::npos;) one.replace(at, 3, n);
      EXPECT_NO_THROW(connection_.execute(one)) << one;
    }
  }
  EXPECT_EQ(broken(), "");
}

}  // namespace
}  // namespace contraflow::rehearse
