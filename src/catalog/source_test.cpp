// SPDX-License-Identifier: Apache-2.0
#include "catalog/source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "catalog/source_psql.h"

namespace contraflow::catalog {
namespace {

namespace fs = std::filesystem;

// One server for all tests of this file.
SourceLoader& loader() {
  static SourceLoader instance{LoadOptions{}};
  return instance;
}

class SourceLive : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return path(name);
  }
  LoadedSource load(const std::string& source) { return loader().load(recognise_source(source)); }
  Error failure(const std::string& text) {
    try {
      load(write("bad.sql", text));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error for: " << text;
    return Error(ErrorCode::usage, "");
  }
  static bool has(const LoadedSource& source, Kind kind, const std::string& name) {
    return source.database.find({kind, "public", {}, name, {}}) != nullptr;
  }

  TemporaryFolder folder_{"contraflow-source-test"};
};

TEST(SourceRecognise, DecidesBySpelling) {
  EXPECT_EQ(recognise_source("postgresql://host/db").kind, SourceKind::connection);
  EXPECT_EQ(recognise_source("service=shop").kind, SourceKind::connection);
  EXPECT_EQ(recognise_source("host=/tmp dbname=x").kind, SourceKind::connection);
  EXPECT_EQ(recognise_source("-").kind, SourceKind::standard_input);
  EXPECT_EQ(recognise_source("git:main:db/schema.sql").kind, SourceKind::git);
  EXPECT_THROW(recognise_source(""), Error);
  EXPECT_THROW(recognise_source("git:main"), Error);
  EXPECT_THROW(recognise_source("nothing_here.sql"), Error);
}

TEST(SourceRecognise, HidesPasswordsFromOtherUsers) {
  EXPECT_EQ(split_password("postgresql://u:p%40ss@h:5433/d").conninfo, "postgresql://u@h:5433/d");
  EXPECT_EQ(split_password("postgresql://u:p%40ss@h:5433/d").password, "p@ss");
  EXPECT_EQ(split_password("postgresql://h:5433/d").password, "");
  EXPECT_EQ(split_password("host=h password='a b\\'c' user=u").conninfo, "host=h user=u");
  EXPECT_EQ(split_password("host=h password='a b\\'c' user=u").password, "a b'c");
}

TEST_F(SourceLive, RecognisesWhatLiesThere) {
  EXPECT_EQ(recognise_source(write("a.sql", "")).kind, SourceKind::sql_file);
  EXPECT_EQ(recognise_source(folder_.path().string()).kind, SourceKind::migrations);
  EXPECT_EQ(recognise_source(write("schema.prisma", "")).kind, SourceKind::prisma);
  EXPECT_THROW(recognise_source(write("schema.rb", "")), Error);
  write("plan/plan.json", "{}");
  write("plan/1_expand.sql", "");
  EXPECT_EQ(recognise_source(path("plan")).kind, SourceKind::plan_folder);
}

TEST_F(SourceLive, LoadsADumpWithDataRolesAndMetaCommands) {
  const LoadedSource loaded = load(write("dump.sql", R"(
\restrict Xy
SET statement_timeout = 0;
SET transaction_timeout = 0;
SET lock_timeout = 0;
CREATE DATABASE shop WITH TEMPLATE = template0;
ALTER DATABASE shop OWNER TO source_test_owner;
\unrestrict Xy
\connect shop
\restrict Xy
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.users (id integer NOT NULL, name text);
ALTER TABLE public.users OWNER TO source_test_owner;
COPY public.users (id, name) FROM stdin;
1	a;'b
2	\N
\.
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE public.users TO "Source Test Reader";
\unrestrict Xy
)"));
  EXPECT_TRUE(has(loaded, Kind::table, "users"));
  EXPECT_EQ(loaded.database.find({Kind::table, "public", {}, "users", {}})->owner, "source_test_owner");
  EXPECT_FALSE(loaded.live);
  pg::Connection connection(loaded.conninfo);
  EXPECT_EQ(connection.query("SELECT string_agg(coalesce(name, '-'), ',' ORDER BY id) FROM public.users")
                .string(0, 0),
            "a;'b,-");
  EXPECT_GE(loaded.notes.size(), 4u);  // transaction_timeout (before 17), CREATE and ALTER DATABASE, \connect
}

TEST_F(SourceLive, RepeatsATransactionForAMissingRole) {
  const LoadedSource loaded = load(write(
      "roles.sql",
      "BEGIN;\nCREATE TABLE a (x int);\nGRANT ALL ON a TO source_test_r1;\n"
      "CREATE TABLE b (x int);\nALTER TABLE b OWNER TO source_test_r2;\nCOMMIT;\nCREATE TABLE c ();\n"));
  EXPECT_TRUE(has(loaded, Kind::table, "a"));
  EXPECT_TRUE(has(loaded, Kind::table, "b"));
  EXPECT_TRUE(has(loaded, Kind::table, "c"));
  // The role is known to the server from here on: creating it is no error.
  EXPECT_TRUE(
      has(load(write("again.sql", "CREATE ROLE source_test_r1; CREATE TABLE d ();")), Kind::table, "d"));
}

TEST_F(SourceLive, ReportsWhereAndWhatToDo) {
  const Error syntax = failure("CREATE TABLE ok ();\n\nCREATE TABLE \xc3\xa4 (\n  a int,\n  b itn\n);");
  EXPECT_EQ(syntax.location()->line, 5);
  EXPECT_EQ(syntax.location()->column, 5);
  EXPECT_EQ(syntax.location()->source_line, "  b itn");
  EXPECT_EQ(syntax.code(), ErrorCode::usage);
  const Error extension = failure("CREATE EXTENSION IF NOT EXISTS pg_partman;");
  EXPECT_EQ(extension.code(), ErrorCode::environment);
  EXPECT_NE(extension.hint().find("-partman"), std::string::npos);
  EXPECT_EQ(failure("select 1;\n  \\copy t from 'x'").location()->line, 2);
  EXPECT_EQ(failure("ALTER SYSTEM SET work_mem = '1GB';").location()->line, 1);
  EXPECT_NE(failure("CREATE TABLE a ();\n\\connect b\nCREATE TABLE a ();\n")
                .message()
                .find("more than one database"),
            std::string::npos);
  EXPECT_EQ(failure("CREATE TABLE a (b text DEFAULT 'unterminated);").sqlstate(), "42601");
}

TEST_F(SourceLive, AnEmptyFileIsAnEmptySchema) {
  const LoadedSource loaded = load(write("empty.sql", ""));
  for (const auto& [id, object] : loaded.database.objects) EXPECT_NE(id.kind, Kind::table) << id.name;
}

TEST_F(SourceLive, ReplaysMigrations) {
  write("m/V1__a.sql", "SET LOCAL search_path = public; CREATE TABLE a (id int PRIMARY KEY, e text);");
  write("m/V2__b.sql", "CREATE INDEX CONCURRENTLY a_e ON a (e);");
  write("m/V3__c.sql", "SET search_path = ''; CREATE TYPE public.m AS ENUM ('x');");
  write("m/V4__d.sql", "ALTER TYPE m ADD VALUE 'y'; ALTER TABLE a ADD f m DEFAULT 'y';");
  write("m/R__v.sql", "CREATE VIEW v AS SELECT * FROM a;");
  const LoadedSource loaded = load(path("m"));
  EXPECT_TRUE(has(loaded, Kind::index, "a_e"));
  EXPECT_TRUE(has(loaded, Kind::view, "v"));
  EXPECT_NE(loaded.database.find(column_id("public", "a", "f")), nullptr);
  EXPECT_EQ(loaded.bookkeeping, std::vector<std::string>{"flyway_schema_history"});
}

TEST_F(SourceLive, RunsAPlanFolderWithPsql) {
  if (!find_program("psql")) GTEST_SKIP() << "psql is not installed";
  write("m/1_a.sql", "CREATE TABLE plan_a (x int);");
  write("m/2_p/plan.json", "{}");
  write("m/2_p/1_expand.sql",
        "SELECT true AS go \\gset\n\\if :go\nALTER TABLE plan_a ADD y int;\nALTER TABLE plan_a OWNER TO "
        "source_test_r3;\n\\else\nbroken;\n\\endif\n");
  write("m/2_p/1_expand.rollback.sql", "ALTER TABLE plan_a DROP y;");
  write("m/3_c.sql", "CREATE TABLE plan_c ();");
  const LoadedSource plan = load(path("m/2_p"));
  EXPECT_NE(plan.database.find(column_id("public", "plan_a", "y")), nullptr);
  EXPECT_FALSE(has(plan, Kind::table, "plan_c"));
  EXPECT_TRUE(has(load(path("m")), Kind::table, "plan_c"));
  const Error error = failure("\\set t nothing\n\nSELECT *\nFROM :t;\n");
  EXPECT_EQ(error.sqlstate(), "42P01");
  EXPECT_EQ(error.location()->line, 4);
}

// \!, a pipe, a file: refused before anything runs. What a variable hides only psql sees, which can start and write nothing.
TEST_F(SourceLive, StartsNoProgramAndWritesNoFile) {
  if (!find_program("psql")) GTEST_SKIP() << "psql is not installed";
  const std::string mark = path("mark"), start = "touch " + mark;
  for (const std::string& line :
       {"\\! " + start, "\\!" + start, "\\o |" + start, "\\o " + mark, "SELECT 1 \\g |" + start, "SELECT 1 \\gx (format=csv) " + mark, "\\copy a from program '" + start + "'", "\\copy a to '" + mark + "'",
        "\\set x `" + start + "`", "\\if `" + start + "` \\endif", "\\w " + mark, "\\echo hi \\! " + start, std::string("\\c postgres"), std::string("\\setenv A b"), std::string("\\e"), std::string("SET standard_conforming_strings = off;"),
        "COPY a FROM PROGRAM '" + start + "';", "COPY a FROM /* x */ PROGRAM $$" + start + "$$;"}) {
    const Error error = failure("\\if true\nCREATE TABLE a (x text);\n\\endif\n" + line + "\n");
    EXPECT_EQ(error.code(), ErrorCode::refused) << line << ": " << error.message();
    ASSERT_TRUE(error.location()) << line;
    EXPECT_EQ(error.location()->line, 4) << line;
  }
  EXPECT_EQ(failure("COPY a FROM PROGRAM '" + start + "';").code(), ErrorCode::refused);
  for (const std::string& hidden :
       {"\\set x '\\\\! " + start + "'\n", "SELECT '\\! " + start + "' AS x \\gset\n", "SELECT '\\o |" + start + "' AS x \\gset\n", "SELECT '\\o " + mark + "' AS x \\gset\n", "SELECT '\\w " + mark + "' AS x \\gset\n",
        "SELECT '\\copy a to ''" + mark + "''' AS x \\gset\n", "SELECT '\\set y `" + start + "`' AS x \\gset\n"}) {
    try {
      load(write("hidden.sql", "CREATE TABLE a (x text);\n" + hidden + ":x\nSELECT 1;\n"));
    } catch (const Error&) {
      // psql may stop at it; what counts is what it left.
    }
    EXPECT_FALSE(std::filesystem::exists(mark)) << hidden;
  }
  // A table of that name is none, and what stays within the database runs.
  EXPECT_TRUE(has(load(write("fine.sql", "\\set n program\nCREATE TABLE :n (x int);\nCOPY program FROM STDIN;\n1\n\\.\nSELECT 'CREATE TABLE made ()' \\gexec\n")), Kind::table, "made"));
}

TEST_F(SourceLive, ReadsGitRevisions) {
  const auto git = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"});
    const ProcessResult result = run_process(arguments, {.folder = folder_.path().string()});
    ASSERT_TRUE(result.succeeded()) << result.error_output;
  };
  if (!find_program("git")) GTEST_SKIP() << "git is not installed";
  write("db/schema.sql", "\\ir part.sql\nCREATE TABLE git_a ();");
  write("db/part.sql", "CREATE TABLE git_part ();");
  write("m/1.sql", "CREATE TABLE git_m ();");
  git({"init", "-q"});
  git({"add", "-A"});
  git({"commit", "-q", "-m", "x"});
  write("db/schema.sql", "CREATE TABLE git_b (;");
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path() / "db");
  const auto restore = [&] { fs::current_path(before); };
  try {
    const LoadedSource head = load("git:HEAD:db/schema.sql");
    EXPECT_TRUE(has(head, Kind::table, "git_a"));
    EXPECT_TRUE(has(head, Kind::table, "git_part"));
    EXPECT_TRUE(has(load("git:main:schema.sql"), Kind::table, "git_a"));
    EXPECT_TRUE(has(load("git:main:m"), Kind::table, "git_m"));
    EXPECT_THROW(load("git:nowhere:m"), Error);
    EXPECT_THROW(load("git:HEAD:nothing.sql"), Error);
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

}  // namespace
}  // namespace contraflow::catalog
