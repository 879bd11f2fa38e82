// SPDX-License-Identifier: Apache-2.0
#include "cli/error_report.h"

#include <gtest/gtest.h>

namespace contraflow::cli {
namespace {

TEST(RenderError, WhatWhereWhy) {
  const Error error = Error(ErrorCode::usage, "relation \"üsers\" does not exist", "create it first", "42P01")
                          .at({"db/old.sql", 12, 13, "alter table üsers add x int;"});
  EXPECT_EQ(render_error(error, false),
            "error[42P01]: relation \"üsers\" does not exist\n"
            "   --> db/old.sql:12:13\n"
            "    |\n"
            " 12 | alter table üsers add x int;\n"
            "    |             ^\n"
            "    = help: create it first\n");
}

TEST(RenderError, WithoutALocation) {
  EXPECT_EQ(render_error(
                Error(ErrorCode::environment, "no server\nlooked in PATH", "install one\nor name it"), false),
            "error: no server\n  = looked in PATH\n  = help: install one\n          or name it\n");
}

TEST(RenderError, LongLinesAreCutAroundTheColumn) {
  const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  const std::string report = render_error(Error(ErrorCode::usage, "m").at({"f", 1, 5001, line}), false);
  EXPECT_LT(report.size(), 500U);
  const std::size_t source = report.find(" 1 | ");
  const std::size_t caret = report.find('^');
  ASSERT_NE(source, std::string::npos);
  const std::string shown = report.substr(source, report.find('\n', source) - source);
  const std::size_t caret_line = report.rfind('\n', caret) + 1;
  // The ellipsis takes three bytes and one column.
  EXPECT_EQ(shown.at(caret - caret_line + 2), 'X');
}

TEST(RenderError, WideCharactersMoveTheCaret) {
  const std::string report =
      render_error(Error(ErrorCode::usage, "m").at({"f", 1, 9, "select 漢 frm"}), false);
  EXPECT_NE(report.find("|          ^"), std::string::npos) << report;
}

TEST(HidePasswords, InUrisAndSettings) {
  EXPECT_EQ(hide_passwords("postgres://me:s3cr:et@h/db and http://h:80/x@y"),
            "postgres://me:***@h/db and http://h:80/x@y");
  EXPECT_EQ(hide_passwords("host=h password=abc dbname=d"), "host=h password=*** dbname=d");
  EXPECT_EQ(hide_passwords("password = 'a b\\' c' x"), "password = *** x");
  EXPECT_EQ(hide_passwords("postgres:///db?password=x&sslmode=require"),
            "postgres:///db?password=***&sslmode=require");
  EXPECT_EQ(hide_passwords("column password of users"), "column password of users");
}

}  // namespace
}  // namespace contraflow::cli
