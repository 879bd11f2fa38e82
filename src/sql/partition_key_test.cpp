// SPDX-License-Identifier: Apache-2.0
#include "sql/partition_key.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

using Names = std::vector<std::string>;

TEST(PartitionKey, NamesItsColumns) {
  EXPECT_EQ(partition_key_columns("RANGE (made)"), Names{"made"});
  EXPECT_EQ(partition_key_columns("HASH (id, \"Odd name\" COLLATE \"C\" text_pattern_ops)"), (Names{"id", "Odd name"}));
  EXPECT_EQ(partition_key_columns("LIST (lower((region || kind)))"), (Names{"region", "kind"}));
}

}  // namespace
}  // namespace contraflow::sql
