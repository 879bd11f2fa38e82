// SPDX-License-Identifier: Apache-2.0
//
// Every layout, replayed on a live server the way its runner sends files: prisma, golang-migrate and Diesel as one message, dbmate, goose and Rails in BEGIN
// and COMMIT unless a marker says otherwise, Flyway a statement at a time where the .conf says so, Sqitch through psql. tools/replay_runners.sh does it with the runners themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/run.h"
#include "pg/connection.h"
#include "pg/sandbox.h"
#include "sql/statements.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOld = R"sql(
CREATE TYPE order_state AS ENUM ('new', 'paid');
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint, state order_state NOT NULL DEFAULT 'new', amount numeric(10,2));
CREATE INDEX orders_user ON orders (user_id);
CREATE VIEW user_orders AS SELECT u.id, u.name, o.amount FROM users u JOIN orders o ON o.user_id = u.id;
)sql";
constexpr const char* kNew = R"sql(
CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped');
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL CONSTRAINT users_email_key UNIQUE, name text, token uuid NOT NULL DEFAULT gen_random_uuid());
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES users, state order_state NOT NULL DEFAULT 'new',
  amount numeric(10,2) CHECK (amount >= 0));
CREATE INDEX orders_user_state ON orders (user_id, state);
CREATE TABLE audit (id int PRIMARY KEY, note text);
CREATE VIEW user_orders AS SELECT u.id, u.name, o.amount, o.state FROM users u JOIN orders o ON o.user_id = u.id;
)sql";
constexpr const char* kRows = R"sql(
INSERT INTO users SELECT i, CASE WHEN i % 2 = 0 THEN 'e' || i ELSE 'o' || i END, 'n' FROM generate_series(1, 3000) i;
INSERT INTO orders (user_id, amount) SELECT 1 + i % 3000, i FROM generate_series(1, 5000) i;
)sql";

class LayoutReplay : public testing::TestWithParam<const char*> {
 protected:
  static pg::Sandbox& sandbox() {
    static pg::Sandbox server;
    return server;
  }

  static std::string dump(const std::string& database, const char* part) {
    const ProcessResult result = run_process({"pg_dump", part, "--dbname", database});
    EXPECT_TRUE(result.succeeded()) << result.error_output;
    std::string out;
    for (const std::string& line : split_lines(result.output)) {
      if (!line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")) out += line + "\n";
    }
    return out;
  }

  // Rows in a fixed order: an UPDATE moves them in the heap.
  static std::string rows(const std::string& database) {
    pg::Connection connection(database);
    return connection.query("SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM users u").string(0, 0) +
           connection.query("SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o").string(0, 0);
  }

  static void write(const fs::path& folder, const std::string& layout, const fs::path& out) {
    std::FILE* output = std::tmpfile();
    std::FILE* errors = std::tmpfile();
    Console console(output, errors);
    EXPECT_EQ(run({"plan", "--from", folder / "old.sql", "--to", folder / "new.sql", "--layout", layout, "--out", out}, console), 0);
    std::fclose(output);
    std::fclose(errors);
  }

  static void send(pg::Connection& connection, const std::string& text, bool transaction) {
    if (transaction) connection.execute("BEGIN");
    connection.execute(text);
    if (transaction) connection.execute("COMMIT");
  }

  static std::vector<fs::path> files(const fs::path& folder, const auto& wanted, bool back) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && wanted(entry.path().filename().string())) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    if (back) std::reverse(out.begin(), out.end());
    return out;
  }

  // What stands between `begin` and the next `end`, each time.
  static std::vector<std::string> between(std::string_view text, std::string_view begin, std::string_view end) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string_view::npos;) {
      at += begin.size();
      const std::size_t stop = text.find(end, at);
      out.emplace_back(text.substr(at, stop - at));
    }
    return out;
  }

  static void send_each(const std::string& database, const std::vector<std::string>& statements, bool transaction) {
    pg::Connection connection(database);
    if (transaction) connection.execute("BEGIN");
    for (const std::string& statement : statements) connection.execute(statement);
    if (transaction) connection.execute("COMMIT");
  }

  static void replay(const std::string& layout, const fs::path& folder, const std::string& database, bool back) {
    const auto ends = [&](const char* forward, const char* undo) {
      return files(
          folder, [&](const std::string& name) { return name.ends_with(back ? undo : forward); }, back);
    };
    const auto with_psql = [&](const std::vector<fs::path>& scripts) {
      for (const fs::path& file : scripts) {
        const ProcessResult result = run_process({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, database});
        EXPECT_TRUE(result.succeeded()) << result.error_output;
      }
    };
    if (layout == "psql") {
      with_psql(files(
          folder, [&](const std::string& name) { return name.ends_with(".sql") && name.ends_with(".rollback.sql") == back; }, back));
      return;
    }
    // A connection a file: nothing may rely on the session of the one before.
    if (layout == "prisma" || layout == "golang-migrate") {
      for (const fs::path& file : layout == "prisma" ? ends("migration.sql", "down.sql") : ends(".up.sql", ".down.sql")) {
        pg::Connection connection(database);
        send(connection, read_file(file), false);
      }
    } else if (layout == "dbmate") {
      for (const fs::path& file : ends(".sql", ".sql")) {
        const std::string text = read_file(file);
        const std::size_t down = text.find("-- migrate:down");
        const std::string part = back ? text.substr(down) : text.substr(0, down);
        pg::Connection connection(database);
        send(connection, part, split_lines(part).front().find("transaction:false") == std::string::npos);
      }
    } else if (layout == "goose") {
      for (const fs::path& file : ends(".sql", ".sql")) {
        const std::string text = read_file(file);
        const std::size_t down = text.find("-- +goose Down\n");
        send_each(database, between(back ? text.substr(down) : text.substr(0, down), "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"), !text.starts_with("-- +goose NO TRANSACTION\n"));
      }
    } else if (layout == "diesel") {
      for (const fs::path& file : ends("up.sql", "down.sql")) {
        pg::Connection connection(database);
        send(connection, read_file(file), !fs::exists(file.parent_path() / "metadata.toml"));
      }
    } else if (layout == "sqitch") {
      auto scripts = ends(".sql", ".sql");
      std::erase_if(scripts, [&](const fs::path& file) { return file.parent_path().filename() != (back ? "revert" : "deploy"); });
      with_psql(scripts);
    } else if (layout == "rails") {
      for (const fs::path& file : ends(".rb", ".rb")) {
        const std::string text = read_file(file);
        const std::size_t down = text.find("\n  def down\n");
        send_each(database, between(back ? text.substr(down) : text.substr(0, down), "execute <<'SQL'\n", "\nSQL\n"), text.find("disable_ddl_transaction!") == std::string::npos);
      }
    } else if (layout == "node-pg-migrate") {
      for (const fs::path& file : ends(".cjs", ".cjs")) {
        const std::string text = read_file(file);
        const std::size_t down = text.find("\nexports.down = ");
        std::vector<std::string> statements = between(back ? text.substr(down) : text.substr(0, down), "pgm.sql(`", "`);\n");
        for (std::string& statement : statements) statement = replace_all(replace_all(replace_all(statement, "\\`", "`"), "\\${", "${"), "\\\\", "\\");
        send_each(database, statements, false);
      }
    } else {
      for (const fs::path& file : files(
               folder, [&](const std::string& name) { return name.starts_with(back ? "U" : "V") && name.ends_with(".sql"); }, back)) {
        const fs::path conf = file.string() + ".conf";
        const bool transaction = !fs::exists(conf) || read_file(conf).find("executeInTransaction=false") == std::string::npos;
        pg::Connection connection(database);
        if (transaction) send(connection, read_file(file), true);
        else
          for (const sql::Statement& statement : sql::split_statements(read_file(file))) connection.execute(statement.text);
      }
    }
  }
};

TEST_P(LayoutReplay, GoesWhereThePsqlFilesGoAndBack) {
  const TemporaryFolder folder;
  write_file(folder.path() / "old.sql", kOld);
  write_file(folder.path() / "new.sql", kNew);
  write(folder.path(), "psql", folder.path() / "psql");
  write(folder.path(), GetParam(), folder.path() / "laid_out");
  const std::string start = sandbox().create_database("layout");
  {
    pg::Connection connection(start);
    connection.execute(kOld);
    connection.execute(kRows);
  }
  const std::string expected = sandbox().create_database("layout", start);
  const std::string database = sandbox().create_database("layout", start);
  replay("psql", folder.path() / "psql", expected, false);
  for (int round = 0; round < 2; ++round) {
    replay(GetParam(), folder.path() / "laid_out", database, false);
    EXPECT_EQ(dump(database, "--schema-only"), dump(expected, "--schema-only"));
    replay(GetParam(), folder.path() / "laid_out", database, true);
    EXPECT_EQ(dump(database, "--schema-only"), dump(start, "--schema-only"));
    EXPECT_EQ(rows(database), rows(start));
  }
}

INSTANTIATE_TEST_SUITE_P(Runners, LayoutReplay, testing::Values("psql", "prisma", "flyway", "golang-migrate", "goose", "dbmate", "diesel", "sqitch", "rails", "node-pg-migrate"),
                         [](const auto& tested) { return replace_all(tested.param, "-", "_"); });

}  // namespace
}  // namespace contraflow::cli
