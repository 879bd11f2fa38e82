// SPDX-License-Identifier: Apache-2.0
#include "sql/column_aliases.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(ColumnAliases, AreThoseOfRelations) {
  EXPECT_TRUE(relations_with_column_aliases("SELECT a.x FROM public.t a JOIN public.u USING (id), (VALUES (1)) v (n)").empty());
  const auto found = relations_with_column_aliases("SELECT 1 FROM public.m JOIN public.t t(id, a) USING (a) WHERE EXISTS (SELECT 1 FROM s.\"U\" u(k))");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(quote(found[0]), "public.t");
  EXPECT_EQ(quote(found[1]), "s.\"U\"");
}

}  // namespace
}  // namespace contraflow::sql
