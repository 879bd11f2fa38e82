// SPDX-License-Identifier: Apache-2.0
#include "sql/name_parts.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(NameParts, TakeQuotesOrNone) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(name_parts("users.email"), (Parts{"users", "email"}));
  EXPECT_EQ(name_parts("\"Kind\".\"old one\""), (Parts{"Kind", "old one"}));
  EXPECT_EQ(name_parts("public.\"Kind\".'x.y'"), (Parts{"public", "Kind", "x.y"}));
  EXPECT_EQ(name_parts("'it''s'"), (Parts{"it's"}));
  EXPECT_EQ(name_parts("Kind.it's"), (Parts{"Kind", "it's"}));
  EXPECT_EQ(name_parts("\"a\"\"b\" . c"), (Parts{"a\"b", "c"}));
  EXPECT_EQ(name_parts("\"open.c"), (Parts{"\"open", "c"}));
  EXPECT_EQ(name_parts("\"a\"b.c"), (Parts{"\"a\"b", "c"}));
  EXPECT_EQ(name_parts(""), (Parts{""}));
}

TEST(SplitOutsideQuotes, LeavesQuotedNamesWhole) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(split_outside_quotes("\"T\".\"a=b\"=\"c=d\"", '='), (Parts{"\"T\".\"a=b\"", "\"c=d\""}));
  EXPECT_EQ(split_outside_quotes("k.it's='it''s'", '='), (Parts{"k.it's", "'it''s'"}));
  EXPECT_EQ(split_outside_quotes("a=b=c", '='), (Parts{"a", "b", "c"}));
}

}  // namespace
}  // namespace contraflow::sql
