// SPDX-License-Identifier: Apache-2.0
#include "base/edit.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace contraflow {
namespace {

TEST(Edit, AppliesInAnyOrder) {
  EXPECT_EQ(apply_edits("one two", {{4, 7, "2"}, {0, 3, "1"}, {7, 7, "!"}}), "1 2!");
}

TEST(Edit, KeepsTheOrderOfInsertionsAtOnePlace) { EXPECT_EQ(apply_edits("x", {{1, 1, "a"}, {1, 1, "b"}}), "xab"); }

TEST(Edit, RefusesOverlaps) {
  EXPECT_THROW(apply_edits("abc", {{0, 2, ""}, {1, 3, ""}}), std::logic_error);
  EXPECT_THROW(apply_edits("abc", {{2, 5, ""}}), std::logic_error);
}

TEST(Edit, MapsOffsetsBack) {
  const std::vector<TextEdit> edits{{2, 3, "$1"}, {5, 6, ""}};  // a ? b ? c
  EXPECT_EQ(apply_edits("a ? b?c", edits), "a $1 bc");
  EXPECT_EQ(original_offset(edits, 0), 0u);
  EXPECT_EQ(original_offset(edits, 3), 2u);
  EXPECT_EQ(original_offset(edits, 5), 4u);
  EXPECT_EQ(original_offset(edits, 6), 6u);
}

}  // namespace
}  // namespace contraflow
