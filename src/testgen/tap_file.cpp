// SPDX-License-Identifier: Apache-2.0
#include "testgen/tap_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace contraflow::testgen {

void TapFile::heading(const std::string& text) { body_ += fmt::format("\n-- {}\n", text); }

void TapFile::lives(const std::string& statement, const std::string& says) {
  body_ += fmt::format("SELECT lives_ok({}, {});\n", sql::dollar_quote(statement, "t"), sql::quote_literal(says));
  ++tests_;
}

void TapFile::refuses(const std::string& statement, const std::string& sqlstate, const std::string& says) {
  body_ += fmt::format("SELECT throws_ok({}, {}, NULL, {});\n", sql::dollar_quote(statement, "t"), sql::quote_literal(sqlstate), sql::quote_literal(says));
  ++tests_;
}

void TapFile::gives(const std::string& query, const std::vector<std::vector<pg::Value>>& rows, std::size_t columns, const std::string& says) {
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::vector<std::string> values;
    for (const pg::Value& value : row) values.push_back(literal(value) + "::text");
    lines.push_back(fmt::format("({})", join(values, ", ")));
  }
  if (lines.empty()) {
    const std::vector<std::string> nothing(columns, "NULL::text");
    lines.push_back(fmt::format("SELECT {} WHERE false", join(nothing, ", ")));
  } else {
    lines.front() = "VALUES " + lines.front();
  }
  body_ += fmt::format("SELECT bag_eq({}, {}, {});\n", sql::dollar_quote(query, "t"), sql::dollar_quote(join(lines, ", "), "t"), sql::quote_literal(says));
  ++tests_;
}

void TapFile::run(const std::string& statement) { body_ += statement + ";\n"; }

std::string TapFile::text(const std::string& title) const {
  // The plan's objects must not meet pgTAP's: it lives in a schema of its own that goes with the transaction, unless it is installed already.
  return fmt::format(
      "-- {}\n"
      "-- Written by contraflow tests; pg_prove runs it. Everything is rolled back.\n"
      "\\set ON_ERROR_STOP on\n\\set QUIET on\n\\pset format unaligned\n\\pset tuples_only on\n\\pset pager off\n"
      "BEGIN;\nSET LOCAL client_min_messages = warning;\n"
      "CREATE SCHEMA IF NOT EXISTS contraflow_tests;\n"
      "CREATE EXTENSION IF NOT EXISTS pgtap WITH SCHEMA contraflow_tests;\n"
      "SET LOCAL search_path = public, contraflow_tests;\n"
      "SELECT plan({});\n{}\nSELECT * FROM finish();\nROLLBACK;\n",
      title, std::max(1LL, tests_), tests_ > 0 ? body_ : "SELECT skip('no row to test with, or nothing that rows could show', 1);\n");
}

}  // namespace contraflow::testgen
