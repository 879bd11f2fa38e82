// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_migrations.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/text.h"

namespace contraflow::catalog {
namespace {

class MemoryFiles : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  bool is_folder(const std::string& path) const override { return !list(path).empty(); }
  std::optional<std::string> read(const std::string& path) const override {
    auto it = files_.find(path);
    return it == files_.end() ? std::nullopt : std::optional(it->second);
  }
  std::vector<Entry> list(const std::string& folder) const override {
    const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
    std::map<std::string, bool> entries;
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(prefix)) continue;
      const std::string rest = path.substr(prefix.size());
      entries[rest.substr(0, rest.find('/'))] = rest.find('/') != std::string::npos;
    }
    std::vector<Entry> out;
    for (const auto& [name, folder_entry] : entries) out.push_back({name, folder_entry});
    return out;
  }

 private:
  std::map<std::string, std::string> files_;
};

// "layout: a b c", paths below the folder.
std::string order(std::map<std::string, std::string> files) {
  std::map<std::string, std::string> below;
  for (auto& [path, text] : files) below["m/" + path] = text;
  const Migrations migrations = read_migrations(MemoryFiles(below), "m");
  std::string out = migrations.layout + ":";
  for (const ScriptUnit& unit : migrations.units) out += " " + unit.path.substr(2);
  return out;
}

TEST(SourceMigrations, OrdersPlainFilesByNumber) {
  EXPECT_EQ(
      order({{"10_c.sql", ""}, {"2_b.sql", ""}, {"1_a.sql", ""}, {"functions.sql", ""}, {"readme.md", ""}}),
      "plain: 1_a.sql 2_b.sql 10_c.sql functions.sql");
  EXPECT_EQ(order({{"1.10.sql", ""}, {"1.9.1.sql", ""}, {"1.9.sql", ""}}),
            "plain: 1.9.sql 1.9.1.sql 1.10.sql");
}

TEST(SourceMigrations, OrdersFlywayVersionsThenRepeatables) {
  EXPECT_EQ(order({{"V1__a.sql", ""},
                   {"V1.1__b.sql", ""},
                   {"V10__d.sql", ""},
                   {"V2_1__c.sql", ""},
                   {"U2_1__c.sql", ""},
                   {"R__views.sql", ""},
                   {"sub/V3__e.sql", ""}}),
            "flyway: V1__a.sql V1.1__b.sql V2_1__c.sql sub/V3__e.sql V10__d.sql R__views.sql");
  EXPECT_THROW(order({{"V1__a.sql", ""}, {"V01__b.sql", ""}}), Error);
  EXPECT_THROW(order({{"V1__a.sql", "create table ${schema}.t ();"}}), Error);
  EXPECT_EQ(order({{"V1__a.sql", ""}, {"B2__base.sql", ""}, {"V2__b.sql", ""}, {"V3__c.sql", ""}}),
            "flyway: B2__base.sql V3__c.sql");
}

TEST(SourceMigrations, TakesUpFilesOnly) {
  EXPECT_EQ(
      order({{"001_a.up.sql", ""}, {"001_a.down.sql", ""}, {"002_b.up.sql", ""}, {"002_b.down.sql", ""}}),
      "golang-migrate: 001_a.up.sql 002_b.up.sql");
  EXPECT_EQ(order({{"2024-01-02-000000_b/up.sql", ""},
                   {"2024-01-02-000000_b/down.sql", ""},
                   {"00000000000000_diesel/up.sql", ""}}),
            "diesel: 00000000000000_diesel/up.sql 2024-01-02-000000_b/up.sql");
  EXPECT_EQ(order({{"2017-09-23-182408_b/up.sql", ""}, {"20170309112510_a/up.sql", ""}, {"20171101000000_c/up.sql", ""}}),
            "diesel: 20170309112510_a/up.sql 2017-09-23-182408_b/up.sql 20171101000000_c/up.sql");
  EXPECT_EQ(order({{"20240101000000_a/migration.sql", ""}, {"migration_lock.toml", ""}}),
            "prisma: 20240101000000_a/migration.sql");
  EXPECT_EQ(order({{"1_a_up.sql", ""}, {"1_a_down.sql", ""}, {"2_calm_down.sql", ""}}),
            "plain: 1_a_up.sql 2_calm_down.sql");
}

TEST(SourceMigrations, ReplaysSqitchInPlanOrder) {
  EXPECT_EQ(order({{"sqitch.plan",
                    "%project=x\n\nusers 2024-01-01T00:00:00Z A <a@b> # x\n@v1 2024 A <a@b>\nroles [users] "
                    "2024 A\nusers [users@v1] 2024\n"},
                   {"deploy/users.sql", ""},
                   {"deploy/users@v1.sql", ""},
                   {"deploy/roles.sql", ""},
                   {"revert/users.sql", ""}}),
            "sqitch: deploy/users@v1.sql deploy/roles.sql deploy/users.sql");
}

TEST(SourceMigrations, PutsPlanFoldersInBetween) {
  EXPECT_EQ(order({{"1_a.sql", ""},
                   {"3_c.sql", ""},
                   {"2_plan/plan.json", "{}"},
                   {"2_plan/1_expand.sql", ""},
                   {"2_plan/1_expand.rollback.sql", ""},
                   {"2_plan/3_contract.sql", ""}}),
            "plain: 1_a.sql 2_plan/1_expand.sql 2_plan/3_contract.sql 3_c.sql");
}

TEST(SourceMigrations, NamesTheToolOfAFolderWithoutSql) {
  try {
    order({{"20240101_create_users.rb", ""}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("Rails"), std::string::npos);
  }
}

TEST(SourceMigrations, KeepsLinesOfTheUpPart) {
  const UpPart dbmate =
      up_part("-- migrate:up transaction:false\ncreate table a ();\n-- migrate:down\ndrop table a;\n");
  EXPECT_EQ(dbmate.text, "\ncreate table a ();\n\n\n");
  EXPECT_EQ(dbmate.layout, "dbmate");
  EXPECT_FALSE(dbmate.transaction);
  EXPECT_EQ(
      up_part("-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd\n-- +goose Down\nx")
          .layout,
      "goose");
  EXPECT_FALSE(up_part("-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;").transaction);
  EXPECT_EQ(trim(up_part("-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;").text), "select 1;");
  const std::string commented = "create function f() returns int language plpgsql as $$\nbegin\n  -- migrate:up and\n-- migrate:down are words here\n  return 1;\nend $$;\n";
  EXPECT_EQ(up_part(commented).text, commented);
  EXPECT_EQ(up_part("-- nothing special\nselect 1;").layout, "");
  EXPECT_FALSE(up_part("-- no-transaction\nselect 1;").transaction);
}

TEST(SourceMigrations, RefusesWhatIsNoSqlText) {
  EXPECT_THROW(check_sql_text(std::string("a\0b", 3), "x"), Error);
  EXPECT_THROW(check_sql_text("PGDMP...", "x"), Error);
  EXPECT_EQ(check_sql_text("\xef\xbb\xbfselect 1", "x"), "select 1");
  try {
    check_sql_text("select 1;\nselect '\xe9';", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 9);
  }
  try {
    check_sql_text(std::string("a\nbü\0c", 6), "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 3);
  }
}

}  // namespace
}  // namespace contraflow::catalog
