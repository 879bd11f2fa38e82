// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_script.h"

#include <gtest/gtest.h>

#include <map>

namespace contraflow::catalog {
namespace {

std::vector<ScriptItem> split_text(const std::string& text) {
  return split_script(std::make_shared<ScriptFile>(ScriptFile{"x.sql", text}));
}

std::vector<std::string> texts(const std::string& text) {
  std::vector<std::string> out;
  for (const ScriptItem& item : split_text(text)) out.emplace_back(item.text());
  return out;
}

using Texts = std::vector<std::string>;

TEST(SourceScript, CutsAtTopLevelSemicolonsOnly) {
  EXPECT_EQ(texts("select 1;;\n-- c;\nselect ';', \"a;b\", E'\\';', $x$;$$;$x$ ; select /* ; /* ; */ ; */ 2"),
            (Texts{"select 1", "select ';', \"a;b\", E'\\';', $x$;$$;$x$", "select /* ; /* ; */ ; */ 2"}));
  EXPECT_EQ(texts("create rule r as on insert to t do also (select 1; select 2); select 3;"),
            (Texts{"create rule r as on insert to t do also (select 1; select 2)", "select 3"}));
  EXPECT_TRUE(texts("").empty());
  EXPECT_TRUE(texts(" ; -- nothing\n").empty());
}

TEST(SourceScript, KeepsSqlFunctionBodiesWhole) {
  EXPECT_EQ(texts("create or replace function f() returns int begin atomic select case when true then 1 end; "
                  "select 2; end;"
                  "select 3;")
                .size(),
            2u);
  EXPECT_EQ(texts("begin; select 1; end;").size(), 3u);
  EXPECT_EQ(texts("create table begin_end (a int); select 1;").size(), 2u);
}

TEST(SourceScript, ReadsCopyData) {
  const auto items =
      split_text("COPY public.t (a) FROM stdin;\n1\n;'\n\\.\nselect 2;\ncopy t from stdin;\n\\.\n");
  ASSERT_EQ(items.size(), 3u);
  EXPECT_TRUE(items[0].copies_from_stdin);
  EXPECT_EQ(items[0].data(), "1\n;'\n");
  EXPECT_EQ(items[1].text(), "select 2");
  EXPECT_EQ(items[2].data(), "");
}

TEST(SourceScript, ReadsMetaCommands) {
  const auto items = split_text(
      "\\restrict AbC\nselect 1 as x \\gset\n\\connect -reuse-previous=on \"dbname='my db'\"\nselect 2;");
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[0].words, (Texts{"restrict", "AbC"}));
  EXPECT_EQ(items[1].text(), "select 1 as x");
  EXPECT_EQ(items[2].words, (Texts{"gset"}));
  EXPECT_EQ(items[3].words[0], "connect");
  EXPECT_EQ(items[4].text(), "select 2");
  EXPECT_TRUE(needs_psql(items));
  EXPECT_FALSE(needs_psql(split_text("\\set ON_ERROR_STOP on\n\\echo hello\nselect 1;")));
}

TEST(SourceScript, FollowsIncludes) {
  std::map<std::string, std::string> disk = {{"db/a.sql", "\\ir sub/b.sql\nselect 1;"},
                                             {"db/sub/b.sql", "select 2;\n\\ir c.sql\n"},
                                             {"db/sub/c.sql", "select 3;"},
                                             {"db/loop.sql", "\\i db/loop.sql"},
                                             {"db/gone.sql", "select 1;\n  \\i nothing.sql"}};
  const ReadInclude read = [&](const std::string& path) -> std::optional<std::string> {
    return disk.contains(path) ? std::optional(disk[path]) : std::nullopt;
  };
  const auto load = [&](const std::string& name) {
    return read_script(std::make_shared<ScriptFile>(ScriptFile{name, disk[name]}), read);
  };
  const auto items = load("db/a.sql");
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].text(), "select 2");
  EXPECT_EQ(items[1].file->name, "db/sub/c.sql");
  EXPECT_THROW(load("db/loop.sql"), Error);
  try {
    load("db/gone.sql");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.location()->line, 2);
    EXPECT_EQ(error.location()->column, 3);
  }
}

}  // namespace
}  // namespace contraflow::catalog
