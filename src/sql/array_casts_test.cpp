// SPDX-License-Identifier: Apache-2.0
#include "sql/array_casts.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(KeepArrayCasts, SaysTheTypeOfTheArrayBeforeItIsCast) {
  EXPECT_EQ(keep_array_casts("((s)::text = ANY ((ARRAY['a'::character varying, 'b]'::character varying])::text[]))"),
            "((s)::text = ANY ((ARRAY['a'::character varying, 'b]'::character varying]::character varying[])::text[]))");
}

TEST(KeepArrayCasts, LeavesWhatIsNotCastAndWhatIsQuoted) {
  for (const char* text : {"(s = ANY (ARRAY['a'::text, 'b'::text]))", "(x = '(ARRAY[''a''::text])::text[]')",
                           "(s = ANY ((ARRAY[a, b])::text[]))", "(s = ANY ((ARRAY['a'::text, 'b'::public.t])::text[]))",
                           "$q$(ARRAY['a'::character varying])::text[]$q$"}) {
    EXPECT_EQ(keep_array_casts(text), text);
  }
}

}  // namespace
}  // namespace contraflow::sql
