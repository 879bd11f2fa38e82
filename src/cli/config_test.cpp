// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public testing::Test {
 protected:
  Config read(std::string_view text) {
    write_file(folder_.path() / "contraflow.toml", text);
    fs::create_directories(folder_.path() / "deep" / "er");
    return read_config(std::nullopt, folder_.path() / "deep" / "er");
  }
  Error failure(std::string_view text) {
    try {
      read(text);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error for " << text;
    return Error(ErrorCode::refused, "");
  }
  TemporaryFolder folder_;
};

TEST_F(ConfigTest, FoundAboveAndPathsResolved) {
  const Config config =
      read("[project]\nmigrations = \"db/migrations\"\n[sandbox]\nmajor = 16\nsettings = [\"a = 1\"]\n");
  EXPECT_EQ(config.file, folder_.path() / "contraflow.toml");
  EXPECT_EQ(config.migrations, (folder_.path() / "db/migrations").string());
  EXPECT_EQ(config.sandbox_major, 16);
  EXPECT_EQ(config.sandbox_settings, std::vector<std::string>{"a = 1"});
}

TEST_F(ConfigTest, EnvironmentWinsOverTheFile) {
  ::setenv("CONTRAFLOW_DATABASE_URL", "postgres://there/db", 1);
  EXPECT_EQ(read("[database]\nurl = \"postgres://here/db\"\n").database_url, "postgres://there/db");
  ::unsetenv("CONTRAFLOW_DATABASE_URL");
  ::setenv("SOME_URL", "postgres://secret/db", 1);
  EXPECT_EQ(read("[database]\nurl = \"env:SOME_URL\"\n").database_url, "postgres://secret/db");
  ::unsetenv("SOME_URL");
}

TEST_F(ConfigTest, UnknownKeysAreLocatedWithASuggestion) {
  const Error error = failure("[project]\n  migration = \"x\"\n");
  EXPECT_EQ(error.code(), ErrorCode::usage);
  EXPECT_EQ(error.message(), "unknown setting project.migration");
  EXPECT_EQ(error.hint(), "did you mean project.migrations?");
  ASSERT_TRUE(error.location());
  EXPECT_EQ(error.location()->line, 2);
  EXPECT_EQ(error.location()->source_line, "  migration = \"x\"");
}

TEST_F(ConfigTest, WrongTypesAndSyntaxAreLocated) {
  EXPECT_EQ(failure("[sandbox]\nmajor = \"16\"\n").location()->line, 2);
  EXPECT_EQ(failure("[project\n").location()->line, 1);
  EXPECT_EQ(failure("a = 1\n[)xeck").location()->line, 2);  // what the library takes for impossible
  EXPECT_EQ(failure("[check]\n\u02AF = 1").location()->line, 2);
  EXPECT_EQ(failure("project = 1\n").message(), "unknown setting project");
}

TEST_F(ConfigTest, MissingFileIsAnErrorOnlyWhenNamed) {
  EXPECT_TRUE(read_config(std::nullopt, "/").file.empty());
  EXPECT_THROW(read_config(folder_.path() / "none.toml", "/"), Error);
}

}  // namespace
}  // namespace contraflow::cli
