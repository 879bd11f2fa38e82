// SPDX-License-Identifier: Apache-2.0
#include "base/in_parts.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace contraflow {
namespace {

TEST(InParts, EachPieceOnceAndInItsPart) {
  for (const std::size_t parts : {1U, 2U, 3U, 7U, 10U}) {
    std::vector<std::size_t> part_of(10, 99);
    in_parts(part_of.size(), parts, [&](std::size_t part, std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) part_of[i] = part;
    });
    EXPECT_TRUE(std::is_sorted(part_of.begin(), part_of.end()));
    EXPECT_EQ(part_of.front(), 0U);
    EXPECT_EQ(part_of.back(), parts - 1);
  }
}

TEST(InParts, TheFirstErrorIsThrown) {
  try {
    in_parts(3, 3, [](std::size_t part, std::size_t, std::size_t) {
      if (part > 0) throw std::runtime_error(std::to_string(part));
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "1");
  }
}

TEST(InParts, LittleWorkIsOnePart) {
  EXPECT_EQ(parts_of(0, 64), 1U);
  EXPECT_EQ(parts_of(127, 128), 1U);
}

}  // namespace
}  // namespace contraflow
