// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "catalog/source.h"

namespace contraflow::catalog {
namespace {

std::string hints(const std::string& text) {
  std::string out;
  for (const RenameHint& hint : rename_hints_in(text, "x.sql"))
    out += hint.from + "=" + hint.to + "@" + std::to_string(hint.line) + " ";
  return out;
}

TEST(SourceRename, ResolvesColumnsAndObjects) {
  EXPECT_EQ(hints("create table users (\n  id int,\n  username text not null, -- contraflow: renamed-from "
                  "users.user_name\n  x int\n);"),
            "users.user_name=users.username@3 ");
  EXPECT_EQ(hints("create table users (\n  id int,\n  -- contraflow: renamed-from user_name\n  username "
                  "numeric(10,2) default f(1, 2),\n  x int);"),
            "users.user_name=users.username@3 ");
  EXPECT_EQ(hints("select 1;\n-- contraflow: renamed-from accounts\nCREATE TABLE IF NOT EXISTS app.\"User\" "
                  "(\n  id int, -- contraflow: renamed-from uid\n  b int);"),
            "accounts=app.\"User\"@2 accounts.uid=app.\"User\".id@4 ");
  EXPECT_EQ(hints("create type s as enum (\n 'new',\n 'paid' -- contraflow: renamed-from packed\n);"),
            "s.packed=s.paid@3 ");
  EXPECT_EQ(hints("-- contraflow: renamed-from old_idx\ncreate unique index concurrently new_idx on t (a);"),
            "old_idx=new_idx@1 ");
  EXPECT_EQ(hints("create table t (a int,\n constraint t_a_check check (a > 0) -- contraflow: renamed-from "
                  "t_check\n);"),
            "t.t_check=t.t_a_check@2 ");
}

TEST(SourceRename, IgnoresOtherText) {
  EXPECT_EQ(hints("select '-- contraflow: renamed-from x';\n-- renamed-from y\nselect 1;"), "");
}

}  // namespace
}  // namespace contraflow::catalog
