// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace contraflow {
namespace {

using Strings = std::vector<std::string>;

TEST(Text, SplitsAndJoins) {
  EXPECT_EQ(split("a,,b", ','), (Strings{"a", "", "b"}));
  EXPECT_EQ(split("", ','), Strings{""});
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(split_lines("a\r\nb\n\nc"), (Strings{"a", "b", "", "c"}));
  EXPECT_EQ(split_lines("a\n"), Strings{"a"});
  EXPECT_TRUE(split_lines("").empty());
}

TEST(Text, TrimsReplacesIndents) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(replace_all("a.b.c", ".", "::"), "a::b::c");
  EXPECT_EQ(indent("a\n\nb", 2), "  a\n\n  b");
  EXPECT_EQ(to_lower("ÄbC"), "Äbc");
}

TEST(Text, NaturalOrderReadsNumbers) {
  Strings files = {"10_b.sql", "2_a.sql", "V1.10__x.sql", "V1.9__y.sql", "002_a.sql", "1.sql"};
  std::sort(files.begin(), files.end(), [](auto& l, auto& r) { return natural_less(l, r); });
  EXPECT_EQ(files, (Strings{"1.sql", "002_a.sql", "2_a.sql", "10_b.sql", "V1.9__y.sql", "V1.10__x.sql"}));
  EXPECT_FALSE(natural_less("a", "a"));
  EXPECT_TRUE(natural_less("a", "ab"));
}

TEST(Text, CountsInWords) {
  EXPECT_EQ(count_of(1, "step"), "1 step");
  EXPECT_EQ(count_of(0, "step"), "0 steps");
  EXPECT_EQ(count_of(2, "index", "indexes"), "2 indexes");
}

TEST(Text, NearestNamesOnlyWhatIsNear) {
  EXPECT_EQ(nearest("rehearce", {"rehearse", "review"}), "rehearse");
  EXPECT_EQ(nearest("banana", {"rehearse", "review"}), "");
}

}  // namespace
}  // namespace contraflow
