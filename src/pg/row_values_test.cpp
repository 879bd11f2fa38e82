// SPDX-License-Identifier: Apache-2.0
#include "pg/row_values.h"

#include <gtest/gtest.h>

namespace contraflow::pg {
namespace {

TEST(RowValues, DetailsOfDataErrorsGo) {
  const ServerWords words = without_row_values({.sqlstate = "23505", .message = "duplicate key value violates unique constraint \"users_email_key\"", .detail = "Key (email)=(bob@x) already exists."});
  EXPECT_EQ(words.message, "duplicate key value violates unique constraint \"users_email_key\"");
  EXPECT_EQ(words.detail, "");
  EXPECT_EQ(without_row_values({.sqlstate = "23514", .message = "m", .detail = "Failing row contains (1, bob)."}).detail, "");
}

TEST(RowValues, DataExceptionsQuoteNothing) {
  const auto message = [](const char* sqlstate, const char* text) { return without_row_values({.sqlstate = sqlstate, .message = text}).message; };
  EXPECT_EQ(message("22P02", "invalid input syntax for type integer: \"bob \" x\""), "invalid input syntax for type integer: \"…\"");
  EXPECT_EQ(message("22003", "value \"999\" is out of range for type integer"), "value \"…\" is out of range for type integer");
  EXPECT_EQ(message("22003", "integer out of range"), "integer out of range");
  EXPECT_EQ(message("22021", "invalid byte sequence for encoding \"UTF8\": 0x62 0x6f"), "invalid byte sequence for encoding \"…\"");
}

TEST(RowValues, WhatCodeRaisesOrExecutesGoes) {
  for (const ServerWords& words : {ServerWords{.sqlstate = "P0001", .message = "bob", .detail = "bob", .hint = "bob"}, ServerWords{.sqlstate = "42P01", .message = "bob", .source_function = "exec_stmt_raise"},
                                   ServerWords{.sqlstate = "00000", .message = "bob", .source_function = "exec_stmt_raise"}, ServerWords{.sqlstate = "XX000", .message = "bob", .source_file = "plpy_elog.c"},
                                   ServerWords{.sqlstate = "42601", .message = "syntax error at or near \"bob\"", .detail = "bob", .context = "SQL statement \"bob\"\nPL/pgSQL function f() line 3 at EXECUTE"}}) {
    const ServerWords kept = without_row_values(words);
    for (const std::string& text : {kept.message, kept.detail, kept.hint, kept.context}) EXPECT_EQ(text.find("bob"), std::string::npos) << text;
  }
}

TEST(RowValues, WhatIsAboutTheSchemaStays) {
  const ServerWords words = without_row_values({.sqlstate = "2BP01", .message = "cannot drop column a of table t because other objects depend on it", .detail = "view v depends on column a of table t", .hint = "Use DROP ... CASCADE", .context = "SQL statement \"ALTER TABLE t DROP COLUMN a\"\nPL/pgSQL function inline_code_block line 1 at SQL statement\nCOPY t, line 1, column a: \"bob\""});
  EXPECT_EQ(words.detail, "view v depends on column a of table t");
  EXPECT_EQ(words.hint, "Use DROP ... CASCADE");
  EXPECT_EQ(words.context, "PL/pgSQL function inline_code_block line 1 at SQL statement");
}

TEST(RowValues, OutputOfPrograms) {
  EXPECT_EQ(output_without_row_values("pg_restore: error: COPY failed for table \"t\": ERROR:  invalid input syntax for type integer: \"bob\"\nCONTEXT:  COPY t, line 1: \"bob\"\nbob\n"),
            "pg_restore: error: COPY failed for table \"t\": ERROR (its text is left out: it may quote rows)");
}

}  // namespace
}  // namespace contraflow::pg
