// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace contraflow {
namespace {

TEST(Utf8, TellsValidFromInvalid) {
  EXPECT_TRUE(is_valid_utf8("plain grün 🚧"));
  EXPECT_FALSE(is_valid_utf8("\xff"));
  EXPECT_FALSE(is_valid_utf8("\xc0\xaf"));      // overlong
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));  // surrogate
  EXPECT_FALSE(is_valid_utf8("abc\xe2\x82"));   // cut off
}

TEST(Utf8, SaysWhereItIsInvalid) {
  EXPECT_EQ(first_invalid_utf8("grün"), 5U);
  EXPECT_EQ(first_invalid_utf8("grün \xe9x"), 6U);
  EXPECT_EQ(first_invalid_utf8("abc\xe2\x82"), 3U);
  EXPECT_EQ(first_invalid_utf8(""), 0U);
}

TEST(Utf8, CountsCharactersNotBytes) {
  EXPECT_EQ(count_characters("grün 🚧"), 6U);
  EXPECT_EQ(byte_of_character("üx", 1), 2U);
  EXPECT_EQ(byte_of_character("üx", 9), 3U);
}

TEST(Utf8, LocatesAByteOffset) {
  const Location location = locate("select 1;\nsélect 2;\r\nx", 18, "a.sql");
  EXPECT_EQ(location.file, "a.sql");
  EXPECT_EQ(location.line, 2);
  EXPECT_EQ(location.column, 8);
  EXPECT_EQ(location.source_line, "sélect 2;");
  EXPECT_EQ(locate("a\n", 99).line, 2);
}

TEST(Utf8, MeasuresTerminalColumns) {
  EXPECT_EQ(display_width("grün"), 4U);
  EXPECT_EQ(display_width("🚧漢"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
}

}  // namespace
}  // namespace contraflow
