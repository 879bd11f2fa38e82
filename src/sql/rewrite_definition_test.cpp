// SPDX-License-Identifier: Apache-2.0
#include "sql/rewrite_definition.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(IndexOver, RenamesKeysExpressionsIncludeAndPredicate) {
  EXPECT_EQ(index_over("CREATE UNIQUE INDEX i ON public.t USING btree (a DESC NULLS LAST, lower(a)) INCLUDE (b) WHERE (a IS NOT NULL)", "i__new",
                       {{"a", "a__new"}}, true),
            "CREATE UNIQUE INDEX CONCURRENTLY i__new ON public.t USING btree (a__new DESC NULLS LAST, lower(a__new)) INCLUDE (b) WHERE a__new "
            "IS NOT NULL");
}

TEST(IndexOver, KeepsOperatorClassCollationAndStorageParameters) {
  EXPECT_EQ(index_over("CREATE INDEX i ON public.t USING btree (a COLLATE \"C\" text_pattern_ops) WITH (fillfactor='70')", "Odd name", {{"a", "x"}}, false),
            "CREATE INDEX \"Odd name\" ON public.t USING btree (x COLLATE \"C\" text_pattern_ops) WITH (fillfactor='70')");
}

TEST(IndexOver, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(index_over("CREATE INDEX i ON public.\"Odd t\" USING btree (\"Odd c\", lower(\"Odd c\")) INCLUDE (\"select\")", "i2", {{"Odd c", "Odd \"n\""}}, true),
            "CREATE INDEX CONCURRENTLY i2 ON public.\"Odd t\" USING btree (\"Odd \"\"n\"\"\", lower(\"Odd \"\"n\"\"\")) INCLUDE (\"select\")");
}

TEST(ConstraintOver, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(constraint_over({"public.\"Odd t\"", "Odd f", "FOREIGN KEY (\"Odd c\") REFERENCES public.\"Odd p\"(\"Odd id\")", {{"Odd c", "New c"}}, {{"Odd id", "New id"}}, false, {}}),
            "ALTER TABLE public.\"Odd t\" ADD CONSTRAINT \"Odd f\" FOREIGN KEY (\"New c\") REFERENCES public.\"Odd p\" (\"New id\")");
}

TEST(ConstraintOver, RenamesBothEndsOfAForeignKey) {
  EXPECT_EQ(constraint_over({"public.t", "f__new", "FOREIGN KEY (a) REFERENCES public.p(id) ON DELETE CASCADE", {{"a", "a__new"}}, {{"id", "id__new"}}, true, {}}),
            "ALTER TABLE public.t ADD CONSTRAINT f__new FOREIGN KEY (a__new) REFERENCES public.p (id__new) ON DELETE CASCADE NOT VALID");
}

TEST(ConstraintOver, RenamesColumnsOfACheckOnly) {
  EXPECT_EQ(constraint_over({"public.t", "c", "CHECK (((a > 0) AND (b <> 'a'::text)))", {{"a", "z"}}, {}, true, {}}),
            "ALTER TABLE public.t ADD CONSTRAINT c CHECK (z > 0 AND b <> 'a'::text) NOT VALID");
}

}  // namespace
}  // namespace contraflow::sql
