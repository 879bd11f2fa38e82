// SPDX-License-Identifier: Apache-2.0
#include "lint/check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lint/gather.h"
#include "lint/rule.h"

namespace contraflow::lint {
namespace {

// Files in memory: path -> text.
class MemoryFiles : public catalog::Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  bool is_folder(const std::string& path) const override {
    return std::any_of(files_.begin(), files_.end(), [&](const auto& file) { return file.first.starts_with(path + "/"); });
  }
  std::optional<std::string> read(const std::string& path) const override {
    const auto it = files_.find(path);
    return it == files_.end() ? std::nullopt : std::optional(it->second);
  }
  std::vector<Entry> list(const std::string& given) const override {
    const std::string folder = given.ends_with('/') ? given.substr(0, given.size() - 1) : given;
    std::map<std::string, bool> names;
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(folder + "/")) continue;
      const std::string rest = path.substr(folder.size() + 1);
      const std::size_t slash = rest.find('/');
      names[rest.substr(0, slash)] |= slash != std::string::npos;
    }
    std::vector<Entry> out;
    for (const auto& [name, folder_too] : names) out.push_back({name, folder_too});
    return out;
  }

 private:
  std::map<std::string, std::string> files_;
};

// "file:line severity rule" of what is at or above a warning, missing-lock-timeout left out.
std::vector<std::string> lines_of(const Report& report, Severity from = Severity::warning) {
  std::vector<std::string> out;
  for (const Finding& finding : report.findings) {
    if (finding.severity < from || std::string_view(finding.rule->name) == "missing-lock-timeout") continue;
    out.push_back(finding.file + ":" + std::to_string(finding.line) + " " + std::string(severity_name(finding.severity)) + " " + finding.rule->name);
  }
  return out;
}

Report check_text(const std::string& text, CheckOptions options = {}, const std::string& layout = {}) { return check(gather_text("x.sql", text, layout).inputs, options); }
Report check_folder(std::map<std::string, std::string> files, CheckOptions options = {}) { return check(gather_folder(MemoryFiles(std::move(files)), "m").inputs, options); }

using Lines = std::vector<std::string>;

// The migration of the issue: both files fail as written, at one line each, and everything else in them is harmless.
TEST(Check, FindsTheTwoLinesOfTheTypicalMigration) {
  const Report report = check_folder({{"m/1_tier.sql", R"sql(BEGIN;
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
DO $$ BEGIN
  CREATE TYPE tier AS ENUM ('free', 'pro');
EXCEPTION WHEN duplicate_object THEN null;
END $$;
ALTER TABLE users ADD COLUMN tier tier NOT NULL DEFAULT 'free';
CREATE INDEX CONCURRENTLY users_tier ON users (tier);
COMMIT;
)sql"},
                                      {"m/1_tier.rollback.sql", R"sql(BEGIN;
DROP INDEX CONCURRENTLY IF EXISTS users_tier;
ALTER TABLE users DROP COLUMN tier;
ALTER TABLE users DROP COLUMN deleted_at;
DROP TYPE tier;
COMMIT;
)sql"}});
  EXPECT_EQ(lines_of(report), (Lines{"m/1_tier.sql:8 error concurrently-in-transaction", "m/1_tier.rollback.sql:2 error concurrently-in-transaction"}));
}

TEST(Check, RollbackUndoesWhatWasAssumed) {
  EXPECT_EQ(lines_of(check_text("BEGIN;\nCREATE TABLE t (id int);\nROLLBACK;\nCREATE INDEX ON t (id);")), (Lines{"x.sql:4 error create-index-blocks-writes"}));
  EXPECT_EQ(lines_of(check_text("BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\nCREATE INDEX ON t (id);")), Lines{});
}

TEST(Check, SavepointsUndoInPart) {
  EXPECT_EQ(lines_of(check_text("BEGIN;\nCREATE TABLE a (id int);\nSAVEPOINT s;\nCREATE TABLE b (id int);\nROLLBACK TO s;\nCREATE INDEX ON a (id);\nCREATE INDEX ON b (id);\nCOMMIT;")),
            (Lines{"x.sql:7 error create-index-blocks-writes"}));
  EXPECT_EQ(lines_of(check_text("BEGIN;\nSAVEPOINT s;\nCREATE TABLE b (id int);\nRELEASE s;\nCREATE INDEX ON b (id);\nCOMMIT;")), Lines{});
}

TEST(Check, ValidatedCheckProvesNotNullAcrossFiles) {
  EXPECT_EQ(lines_of(check_folder({{"m/1_a.sql", "ALTER TABLE t ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID;"},
                                   {"m/2_b.sql", "ALTER TABLE t VALIDATE CONSTRAINT c;"},
                                   {"m/3_c.sql", "ALTER TABLE t ALTER COLUMN x SET NOT NULL;"}}),
                     Severity::error),
            Lines{});
  EXPECT_EQ(lines_of(check_folder({{"m/1_a.sql", "ALTER TABLE t ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID;"}, {"m/3_c.sql", "ALTER TABLE t ALTER COLUMN x SET NOT NULL;"}}), Severity::error),
            (Lines{"m/3_c.sql:1 error set-not-null-scans-table"}));
}

TEST(Check, DroppingTheProofInTheSameStatementComesFirst) {
  const std::string proof = "ALTER TABLE t ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT c;\n";
  EXPECT_EQ(lines_of(check_text(proof + "ALTER TABLE t ALTER COLUMN x SET NOT NULL, DROP CONSTRAINT c;"), Severity::error), (Lines{"x.sql:3 error set-not-null-scans-table"}));
}

TEST(Check, TablesOfEarlierFilesAreInUse) {
  EXPECT_EQ(lines_of(check_folder({{"m/1_a.sql", "CREATE TABLE t (id int);\nCREATE INDEX ON t (id);"}, {"m/2_b.sql", "CREATE INDEX t_b ON t (id);"}})), (Lines{"m/2_b.sql:1 error create-index-blocks-writes"}));
}

TEST(Check, TypesAreKnownFromEarlierFiles) {
  const Report report = check_folder({{"m/1_a.sql", "CREATE TABLE t (a int, b varchar(10));"}, {"m/2_b.sql", "ALTER TABLE t ALTER a TYPE bigint;\nALTER TABLE t ALTER b TYPE varchar(20);"}});
  EXPECT_EQ(lines_of(report, Severity::error), (Lines{"m/2_b.sql:1 error type-change-rewrites-table"}));
  const auto first = std::find_if(report.findings.begin(), report.findings.end(), [](const Finding& finding) { return finding.severity == Severity::error; });
  EXPECT_EQ(first->lock, effects::LockMode::access_exclusive);
  EXPECT_EQ(first->work, effects::Work::rewrite);
  EXPECT_EQ(first->depends, "");
}

TEST(Check, WhatIsNotKnownDepends) {
  const Report report = check_text("ALTER TABLE t ALTER c TYPE text;");
  ASSERT_EQ(lines_of(report), (Lines{"x.sql:1 warning type-change-breaks-prepared-statements", "x.sql:1 warning type-change-rewrites-table"}));
  EXPECT_NE(report.findings.back().depends, "");
}

TEST(Check, VersionsNarrowWhereTheVerdictChanges) {
  const Report report = check_text("ALTER TABLE t ADD COLUMN id uuid DEFAULT uuidv7();");
  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(text_of_majors(report.findings[0].versions), "18");
}

TEST(Check, RunnersDecideOnTransactions) {
  const std::string text = "SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (id);";
  for (const char* layout : {"flyway", "dbmate", "goose", "diesel", "prisma", "golang-migrate", "node-pg-migrate", "rails"}) {
    EXPECT_EQ(lines_of(check_text(text, {}, layout), Severity::error), (Lines{"x.sql:2 error concurrently-in-transaction"})) << layout;
  }
  for (const char* layout : {"plain", "psql", "sqitch", ""}) EXPECT_EQ(lines_of(check_text(text, {}, layout), Severity::error), Lines{}) << layout;
  EXPECT_EQ(lines_of(check_text("-- migrate:up transaction:false\n" + text + "\n-- migrate:down\nDROP INDEX CONCURRENTLY i;\n"), Severity::error), Lines{});
  EXPECT_EQ(lines_of(check_text("-- +goose Up\n" + text + "\n-- +goose Down\nDROP INDEX CONCURRENTLY i;\n"), Severity::error),
            (Lines{"x.sql:3 error concurrently-in-transaction", "x.sql:5 error concurrently-in-transaction"}));
}

TEST(Check, SuppressionNeedsAReasonAndAUse) {
  EXPECT_EQ(lines_of(check_text("-- contraflow: allow create-index-blocks-writes ten rows\nCREATE INDEX ON t (id);")), Lines{});
  EXPECT_EQ(lines_of(check_text("CREATE INDEX ON t (id); -- contraflow: allow create-index-blocks-writes ten rows\nCREATE INDEX ON u (id);")), (Lines{"x.sql:2 error create-index-blocks-writes"}));
  EXPECT_EQ(lines_of(check_text("-- contraflow: allow-file create-index-blocks-writes test data\nCREATE INDEX ON t (id);\nCREATE INDEX ON u (id);")), Lines{});
  EXPECT_EQ(lines_of(check_text("-- contraflow: allow create-index-blocks-writes\nCREATE INDEX ON t (id);")), (Lines{"x.sql:1 error suppression-without-reason", "x.sql:2 error create-index-blocks-writes"}));
  EXPECT_EQ(lines_of(check_text("-- contraflow: allow drop-table not here\nSELECT 1;")), (Lines{"x.sql:1 warning unused-suppression"}));
}

TEST(Check, SizesScaleTheSeverity) {
  CheckOptions options;
  options.have_stats = true;
  options.stats[{"public", "t"}] = {40, 8192};
  const Report report = check_text("CREATE INDEX ON public.t (id);\nCREATE INDEX ON public.u (id);", options);
  EXPECT_EQ(lines_of(report, Severity::error), (Lines{"x.sql:2 error create-index-blocks-writes"}));
  EXPECT_EQ(report.findings[0].size, "40 rows, 8.0 kB");
}

TEST(Check, EachFileByItself) {
  CheckOptions options;
  options.each = true;
  EXPECT_EQ(lines_of(check_folder({{"m/1_a.sql", "CREATE TABLE t (a int);"}, {"m/2_b.sql", "ALTER TABLE t ALTER a TYPE bigint;"}}, options), Severity::error), (Lines{"m/2_b.sql:1 error type-change-rewrites-table"}));
  const Report report = check_folder({{"m/1_a.sql", "CREATE TABLE t (a int);"}, {"m/2_b.sql", "ALTER TABLE t ALTER a TYPE bigint;"}}, options);
  EXPECT_TRUE(std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) { return !finding.depends.empty(); }));
}

TEST(Check, PlacesCountCharactersAndStandAtTheCommand) {
  const Report report = check_text("-- é\nALTER TABLE \"é\" ADD COLUMN a int,\n  ALTER COLUMN b SET NOT NULL;");
  const auto found = std::find_if(report.findings.begin(), report.findings.end(), [](const Finding& finding) { return finding.severity == Severity::error; });
  ASSERT_NE(found, report.findings.end());
  EXPECT_EQ(found->line, 3);
  EXPECT_EQ(found->column, 3);
  EXPECT_EQ(found->source_line, "  ALTER COLUMN b SET NOT NULL;");
}

TEST(Check, PsqlScriptsAreRead) {
  EXPECT_EQ(lines_of(check_text("\\set ON_ERROR_STOP on\nCOPY t (a) FROM stdin;\nCREATE INDEX; '\n\\.\n\\echo done\nCREATE INDEX ON t (a);")), (Lines{"x.sql:6 error create-index-blocks-writes"}));
}

TEST(Check, WhatIfFalseHoldsIsNotRun) {
  const std::string body = "  CREATE INDEX ON t (a);\nELSE\n  CREATE INDEX ON u (b);\nEND IF; END $$;";
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN IF false THEN\n" + body)), (Lines{"x.sql:4 error create-index-blocks-writes"}));
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN IF false OR random() < 1 THEN\n" + body)), (Lines{"x.sql:2 error create-index-blocks-writes", "x.sql:4 error create-index-blocks-writes"}));
}

TEST(Check, WhatStandsBehindReturnOrInWhileFalseIsNotRun) {
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN RETURN; CREATE INDEX ON t (a); END $$;")), Lines());
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN WHILE false LOOP CREATE INDEX ON t (a); END LOOP; END $$;")), Lines());
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN IF now() > '2020-01-01' THEN RETURN; END IF; CREATE INDEX ON t (a); END $$;")), (Lines{"x.sql:1 error create-index-blocks-writes"}));
}

TEST(Check, ABodyThatCannotBeReadIsUnknown) {
  EXPECT_EQ(lines_of(check_text("DO $$ BEGIN IF x THEN CREATE INDEX ON t (a); END $$;"), Severity::info), (Lines{"x.sql:1 info newer-syntax"}));
  EXPECT_EQ(lines_of(check_text("DO $$ DECLARE n int; BEGIN n := 1; END $$;\nDO $$ BEGIN NULL; END $$;"), Severity::info), Lines());
}

TEST(Check, LoopsOverConstantsAreReadTurnByTurn) {
  const auto of = [](const std::string& loop) { return lines_of(check_text("DO $$ DECLARE t text; BEGIN\n" + loop + "\nEND $$;")); };
  EXPECT_EQ(of("FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('CREATE INDEX ON %I (n)', t); END LOOP;").size(), 2U);
  EXPECT_EQ(of("FOR t IN SELECT unnest(ARRAY['a', 'b']::text[]) LOOP EXECUTE 'CREATE INDEX ON ' || t || ' (n)'; END LOOP;").size(), 2U);
  EXPECT_EQ(of("FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN n int', t); END LOOP;"), (Lines{"x.sql:2 warning several-tables-locked"}));
  EXPECT_EQ(of("FOREACH t IN ARRAY ARRAY['a'] LOOP t := t || 'x'; EXECUTE format('CREATE INDEX ON %I (n)', t); END LOOP;"), Lines());
  EXPECT_EQ(of("FOR t IN SELECT relname FROM pg_class LOOP EXECUTE format('CREATE INDEX ON %I (n)', t); END LOOP;"), Lines());
}

TEST(Check, LongFilesAreParsedInParallelWithTheSameResult) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "ALTER TABLE t" + std::to_string(i) + " ADD COLUMN a int DEFAULT random();\n" + (i % 700 == 0 ? "ALTER TABLE x MERGE PARTITIONS (a) INTO b;\n" : "");
  CheckOptions one, four;
  one.threads = 1;
  four.threads = 4;
  const Report left = check_text(text, one), right = check_text(text, four);
  EXPECT_EQ(lines_of(left).size(), 3'000U);
  EXPECT_EQ(lines_of(left, Severity::info), lines_of(right, Severity::info));
}

TEST(Check, HostileTextGivesFindingsOrErrorsNeverACrash) {
  std::string deep(200'000, '(');
  std::string chain = "SELECT 1";
  for (int i = 0; i < 20'000; ++i) chain += "+1";
  for (const std::string& text : {deep, chain, std::string("SELECT '"), std::string("$$"), std::string("/*"), std::string("\"open"), std::string("SELECT '") + std::string(1 << 20, 'x') + "';", std::string("DO $$ begin end if; $$;"),
                                  std::string("ALTER TABLE"), std::string(";;;;"), std::string("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ begin $$; SELECT f();")}) {
    check_text(text);
  }
  EXPECT_EQ(lines_of(check_text("SELECT 'open")), (Lines{"x.sql:1 error unreadable-statement"}));
}

}  // namespace
}  // namespace contraflow::lint
