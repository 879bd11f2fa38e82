// SPDX-License-Identifier: Apache-2.0
#include "cli/renames.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "catalog/read.h"
#include "plan/make_plan.h"
#include "plan/write_sql.h"

namespace contraflow::cli {
namespace {

pg::Sandbox& sandbox() {
  static pg::Sandbox shared;
  return shared;
}

std::string database_with(const std::string& sql) {
  const std::string conninfo = sandbox().create_database("renames");
  pg::Connection(conninfo).execute(sql);
  return conninfo;
}

catalog::Database schema_of(const std::string& conninfo) {
  pg::Connection connection(conninfo);
  return catalog::read(connection);
}

RenameOptions options_for(const std::vector<std::string>& renames) {
  RenameOptions out;
  for (const std::string& text : renames) out.requests.push_back(diff::parse_rename(text));
  out.sandbox = []() -> pg::Sandbox& { return sandbox(); };
  return out;
}

constexpr const char* kOld = R"(
  CREATE TABLE users (id serial PRIMARY KEY, user_name text NOT NULL UNIQUE, email text);
  CREATE INDEX users_email_idx ON users (email);
  CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users (id));
  CREATE VIEW names AS SELECT id, user_name FROM users;
  GRANT SELECT, INSERT ON users TO PUBLIC;
  INSERT INTO users (user_name) VALUES ('ann'), ('bob');
  INSERT INTO posts VALUES (1, 1);)";
constexpr const char* kNew = R"(
  CREATE TABLE accounts (id serial PRIMARY KEY, user_name text NOT NULL UNIQUE, email text, note text);
  CREATE INDEX accounts_email_idx ON accounts (email);
  CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES accounts (id));
  CREATE VIEW names AS SELECT id, user_name FROM accounts;
  GRANT SELECT, INSERT ON accounts TO PUBLIC;)";

void run_file(const std::string& conninfo, const plan::Plan& plan, plan::Phase phase, bool rollback) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / ("contraflow-renames-test-" + std::to_string(::getpid()) + ".sql");
  std::ofstream(file) << plan::phase_sql(plan, phase, rollback);
  const ProcessResult result = run_process({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", file.string()});
  std::filesystem::remove(file);
  ASSERT_EQ(result.exit_code, 0) << plan::phase_file(phase, rollback) << ": " << result.error_output;
}

std::string dump(const std::string& conninfo) {
  const ProcessResult result = run_process({"pg_dump", "-s", "-d", conninfo});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  std::string out;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")) out += line + "\n";
  }
  return out;
}

TEST(SettleRenames, StopsWithTheTwoWaysOnWhereNobodyCanBeAsked) {
  const catalog::Database a = schema_of(database_with("CREATE TABLE users (id int, user_name text); INSERT INTO users VALUES (1, 'ada')"));
  const catalog::Database b = schema_of(database_with("CREATE TABLE users (id int, username text)"));
  RenameOptions options = options_for({});
  try {
    settle_renames(a, b, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(error.hint().find("--rename users.user_name=username"), std::string::npos) << error.hint();
    EXPECT_NE(error.hint().find("--no-rename"), std::string::npos) << error.hint();
  }
  options.no_rename = true;
  EXPECT_TRUE(settle_renames(a, b, options).renames.empty());
  options.no_rename = false;
  std::vector<std::string> asked;
  options.ask = [&](const RenameQuestion& question) {
    asked.push_back(question.text);
    return true;
  };
  const SettledRenames settled = settle_renames(a, b, options);
  EXPECT_EQ(asked, std::vector<std::string>{"Was column public.users.user_name renamed to username? (same type, similar name)"});
  EXPECT_TRUE(settled.difference.empty());
  options.ask = [](const RenameQuestion&) { return false; };
  EXPECT_TRUE(settle_renames(a, b, options).renames.empty());
}

TEST(SettleRenames, EverythingThatNamesATableFollows) {
  const catalog::Database a = schema_of(database_with(kOld)), b = schema_of(database_with(kNew));
  const SettledRenames settled = settle_renames(a, b, options_for({"users=accounts"}));
  // Its keys, index and sequence are renamed along without a question; the new column is all that is left.
  ASSERT_EQ(settled.difference.changes.size(), 1U);
  EXPECT_EQ(diff::describe(settled.difference.changes[0]), "add column public.accounts.note");
  EXPECT_EQ(settled.renames.size(), 5U);
}

TEST(TableRename, BothNamesWorkUntilContractAndTheWayBackIsExact) {
  const std::string live = database_with(kOld), desired = database_with(kNew);
  const catalog::Database a = schema_of(live), b = schema_of(desired);
  const SettledRenames settled = settle_renames(a, b, options_for({"users=accounts"}));
  plan::Options options;
  options.renames = settled.renames;
  const plan::Outcome outcome = plan::make_plan(settled.after(a), b, settled.difference, options);
  ASSERT_TRUE(outcome.refusals.empty()) << outcome.refusals.front();
  const std::string before = dump(live);
  pg::Connection application(live);
  application.execute("PREPARE names AS SELECT id, user_name FROM users ORDER BY id");
  application.execute("PREPARE put (text) AS INSERT INTO users (user_name) VALUES ($1) ON CONFLICT (user_name) DO UPDATE SET email = 'again' RETURNING id");
  for (int twice = 0; twice < 2; ++twice) run_file(live, outcome.plan, plan::Phase::expand, false);

  EXPECT_EQ(application.execute("EXECUTE names").rows(), 2);
  EXPECT_EQ(application.execute("EXECUTE put('cat')").rows(), 1);
  EXPECT_EQ(application.execute("EXECUTE put('cat')").rows(), 1);
  EXPECT_EQ(application.execute("UPDATE users SET email = 'x' WHERE user_name = 'ann' RETURNING id").rows(), 1);
  EXPECT_EQ(application.execute("SELECT * FROM users WHERE id = 1 FOR UPDATE").rows(), 1);
  EXPECT_EQ(application.execute("DELETE FROM users WHERE user_name = 'bob' RETURNING id").rows(), 1);
  EXPECT_EQ(application.execute("INSERT INTO accounts (user_name, note) VALUES ('dan', 'n') RETURNING id").rows(), 1);
  EXPECT_EQ(application.execute("SELECT FROM accounts").rows(), 3);

  for (int twice = 0; twice < 2; ++twice) run_file(live, outcome.plan, plan::Phase::contract, false);
  EXPECT_EQ(dump(live), dump(desired));
  for (const plan::Phase phase : plan::kPhases) {
    if (!outcome.plan.in_phase(phase).empty()) run_file(live, outcome.plan, phase, false);
  }
  EXPECT_EQ(dump(live), dump(desired));

  run_file(live, outcome.plan, plan::Phase::contract, true);
  EXPECT_EQ(application.execute("EXECUTE names").rows(), 3);
  run_file(live, outcome.plan, plan::Phase::expand, true);
  run_file(live, outcome.plan, plan::Phase::expand, true);
  EXPECT_EQ(dump(live), before);
  EXPECT_EQ(application.execute("SELECT FROM users").rows(), 3);
}

}  // namespace
}  // namespace contraflow::cli
