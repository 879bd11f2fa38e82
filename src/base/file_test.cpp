// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/read_if_there.h"

namespace contraflow {
namespace {

namespace fs = std::filesystem;

long entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(File, WritesAndReadsBack) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "deep" / "a.sql";
  write_file(path, "select 1;\n");
  write_file(path, "select 2;\n");
  EXPECT_EQ(read_file(path), "select 2;\n");
  EXPECT_EQ(entries(path.parent_path()), 1) << "the temporary file must be gone";
}

TEST(File, MissingFileIsAUsageError) {
  try {
    read_file("no/such/file.sql");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(error.message().find("no/such/file.sql: No such file"), std::string::npos);
  }
  EXPECT_THROW(read_file("/"), Error);
}

TEST(File, WhatIsThereIsReadWhole) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x";
  for (const std::size_t size : {0U, 1U, 65'536U, 200'000U}) {
    const std::string content(size, 'x');
    write_file(path, content);
    EXPECT_EQ(read_file(path), content);
    EXPECT_EQ(read_if_there(path.string()), content);
  }
  EXPECT_EQ(read_if_there((folder.path() / "nothing").string()), std::nullopt);
  EXPECT_EQ(read_if_there((path / "below").string()), std::nullopt);
  EXPECT_EQ(read_if_there(folder.path().string()), std::nullopt);
  EXPECT_NE(read_if_there("/proc/self/status").value_or("").find("Name:"), std::string::npos) << "a file that says it has no bytes";
}

TEST(File, TextIsCheckedForBinaryAndEncoding) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x";
  write_file(path, std::string("PGDMP\0\1", 7));
  try {
    read_text_file(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("pg_restore"), std::string::npos);
  }
  write_file(path, "ok\nbad \xff\n");
  try {
    read_text_file(path);
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 5);
  }
  write_file(path, std::string("a\nb\0c", 5));
  try {
    read_text_file(path);
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 2);
  }
  write_file(path, "\xEF\xBB\xBFselect 1");
  EXPECT_EQ(read_text_file(path), "select 1");
}

TEST(NewFolder, AppearsOnlyWhenPublished) {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "plan/";
  {
    const NewFolder abandoned(target);
    abandoned.write("1_expand.sql", "x");
  }
  EXPECT_EQ(entries(folder.path()), 0);
  NewFolder plan(target);
  plan.write("1_expand.sql", "x");
  EXPECT_FALSE(fs::exists(target));
  plan.publish();
  EXPECT_EQ(read_file(target / "1_expand.sql"), "x");
  EXPECT_EQ(entries(folder.path()), 1);
  EXPECT_THROW(NewFolder{target}, Error);
}

}  // namespace
}  // namespace contraflow
