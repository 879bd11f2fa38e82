// SPDX-License-Identifier: Apache-2.0
#include "rehearse/migration.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "rehearse/mentions.h"
#include "rehearse/queries.h"
#include "rehearse/run.h"
#include "rehearse/state.h"

namespace contraflow::rehearse {
namespace {

std::string base(const std::string& path) { return path.substr(path.rfind('/') + 1); }

TEST(Migration, FindsItsRollbackByTheNamesThatRunnersUse) {
  const struct {
    const char *forward, *back;
  } kPairs[] = {{"a.sql", "a.rollback.sql"}, {"a.sql", "a.down.sql"}, {"1_x.up.sql", "1_x.down.sql"}, {"x_up.sql", "x_down.sql"}, {"V1__x.sql", "U1__x.sql"}, {"up.sql", "down.sql"}, {"migration.sql", "down.sql"}, {"x.sql", "x.revert.sql"}, {"deploy/x.sql", "revert/x.sql"}, {"up/x.sql", "down/x.sql"}, {"x.sql", "x_rollback.sql"}};
  for (const auto& pair : kPairs) {
    const TemporaryFolder folder;
    write_file(folder.path() / pair.forward, "CREATE TABLE t ();");
    EXPECT_FALSE(find_rollback((folder.path() / pair.forward).string())) << pair.forward;
    write_file(folder.path() / pair.back, "DROP TABLE t;");
    const auto found = find_rollback((folder.path() / pair.forward).string());
    ASSERT_TRUE(found) << pair.forward;
    EXPECT_EQ(base(*found), base(pair.back));
  }
}

TEST(Migration, ReadsBothPartsOfAFileWithMarkers) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "1.sql").string();
  write_file(path, "-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;\n");
  const Migration migration = read_migration(path);
  EXPECT_EQ(migration.layout, "dbmate");
  ASSERT_EQ(migration.forward.items.size(), 1u);
  ASSERT_TRUE(migration.rollback);
  ASSERT_EQ(migration.rollback->items.size(), 1u);
  EXPECT_EQ(place_of(migration.rollback->items[0]).line, 4);
  EXPECT_TRUE(migration.forward.one_transaction);
}

TEST(Migration, RunsInOneTransactionUnlessTheFileSaysOtherwise) {
  const auto one = [](const std::string& text) {
    const TemporaryFolder folder;
    write_file(folder.path() / "m.sql", text);
    return read_migration((folder.path() / "m.sql").string()).forward.one_transaction;
  };
  EXPECT_TRUE(one("ALTER TABLE t ADD a int; ALTER TABLE t ADD b int;"));
  EXPECT_FALSE(one("BEGIN; ALTER TABLE t ADD a int; COMMIT;"));
  EXPECT_FALSE(one("CREATE INDEX CONCURRENTLY i ON t (a);"));
  EXPECT_FALSE(one("-- +goose NO TRANSACTION\n-- +goose Up\nALTER TABLE t ADD a int;"));
  EXPECT_FALSE(one("VACUUM t;"));
}

TEST(Migration, KnowsAFileThatDoesNothing) {
  const TemporaryFolder folder;
  write_file(folder.path() / "m.sql", "CREATE TABLE t ();");
  write_file(folder.path() / "m.down.sql", "-- nothing\nBEGIN; SELECT 1; COMMIT;");
  EXPECT_TRUE(read_migration((folder.path() / "m.sql").string()).rollback->empty());
  EXPECT_THROW(read_migration((folder.path() / "m.down.sql").string() + "x"), Error);
}

TEST(Migration, RefusesWhatReachesBeyondItsDatabase) {
  const auto refused = [](const std::string& text) {
    const TemporaryFolder folder;
    write_file(folder.path() / "m.sql", text);
    return forbidden_in(read_migration((folder.path() / "m.sql").string()).forward).size();
  };
  EXPECT_EQ(refused("DROP DATABASE shop;"), 1u);
  EXPECT_EQ(refused("COPY t FROM\n  PROGRAM 'id';"), 1u);
  EXPECT_EQ(refused("ALTER SYSTEM SET x = 1;"), 1u);
  EXPECT_EQ(refused("CREATE TABLE program (program text); COPY program (program) FROM stdin;\nx\n\\.\n"), 0u);
}

TEST(Queries, RepairsPlaceholders) {
  EXPECT_EQ(repaired_placeholders("SELECT now() - interval $1"), "SELECT now() - ($1::interval)");
  EXPECT_EQ(repaired_placeholders("SELECT extract($1 FROM at) FROM t WHERE id = $2"),
            "SELECT extract(epoch FROM at) FROM t WHERE id = $1");
  EXPECT_EQ(repaired_placeholders("SELECT * FROM t WHERE a = ? AND b = '?' AND c = ?"),
            "SELECT * FROM t WHERE a = $1 AND b = '?' AND c = $2");
  EXPECT_EQ(repaired_placeholders("SELECT * FROM t WHERE a = :name AND b = :other AND c = :name"),
            "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $1");
  EXPECT_EQ(repaired_placeholders("SELECT a::text FROM t WHERE a = $1"),
            "SELECT a::text FROM t WHERE a = $1");
}

TEST(Mentions, LooksAtNamesNotAtText) {
  EXPECT_TRUE(mentions("ALTER TABLE public.\"Users\" ADD a int", {"public", "Users"}));
  EXPECT_FALSE(mentions("ALTER TABLE t ADD a text DEFAULT 'users' -- users", {"public", "users"}));
}

TEST(State, TellsOrderFromDifference) {
  SchemaState a, b;
  a.entries = {
      {"column public.t.x", "integer"}, {"column public.t.y", "text"}, {"column order public.t", "x, y"}};
  b = a;
  EXPECT_EQ(compare(a, b).likeness, Likeness::exact);
  b.entries["column order public.t"] = "y, x";
  EXPECT_EQ(compare(a, b).likeness, Likeness::order);
  EXPECT_EQ(compare(a, b, {"public.t"}).likeness, Likeness::exact);
  b.entries["column public.t.y"] = "varchar";
  const Comparison comparison = compare(a, b);
  EXPECT_EQ(comparison.likeness, Likeness::differs);
  ASSERT_FALSE(comparison.differences.empty());
  b.entries.erase("column public.t.y");
  EXPECT_EQ(changes_between(a, b).removed, std::vector<std::string>{"column public.t.y"});
}

}  // namespace
}  // namespace contraflow::rehearse
