// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "pg/connection.h"
#include "testgen/stack.h"

namespace contraflow::testgen {
namespace {

namespace fs = std::filesystem;

std::string first_lines(const std::string& text, std::size_t count) {
  std::vector<std::string> lines = split_lines(text);
  if (lines.size() > count) lines.resize(count);
  return join(lines, "\n");
}

std::string rows_of(const Assertion& assertion) {
  std::vector<std::string> lines;
  for (const auto& row : assertion.rows) {
    std::vector<std::string> values;
    for (const pg::Value& value : row) values.push_back(literal(value) + "::text");
    lines.push_back(fmt::format("({})", join(values, ", ")));
  }
  if (lines.empty()) {
    std::vector<std::string> nothing;  // named: pgTAP makes a table of them
    for (std::size_t i = 1; i <= assertion.columns; ++i) nothing.push_back(fmt::format("NULL::text AS column{}", i));
    return fmt::format("SELECT {} WHERE false", join(nothing, ", "));
  }
  return "VALUES " + join(lines, ", ");
}

std::string line_of(const Assertion& assertion) {
  const std::string statement = sql::dollar_quote(assertion.statement, "t"), says = sql::quote_literal(assertion.says);
  switch (assertion.kind) {
    case Assertion::Kind::heading: return fmt::format("\n-- {}\n", assertion.says);
    case Assertion::Kind::run: return assertion.statement + ";\n";
    case Assertion::Kind::lives: return fmt::format("SELECT lives_ok({}, {});\n", statement, says);
    case Assertion::Kind::refuses: return fmt::format("SELECT throws_ok({}, {}, NULL, {});\n", statement, sql::quote_literal(assertion.sqlstate), says);
    case Assertion::Kind::shows: {
      std::vector<std::string> statements;
      for (const std::string& first : assertion.first) statements.push_back(sql::dollar_quote(first, "s"));
      statements.push_back(statement);
      const std::string query = fmt::format("SELECT outcome AS column1 FROM contraflow_tests.outcome({})", join(statements, ", "));
      return fmt::format("SELECT bag_eq({}, {}, {});\n", sql::dollar_quote(query, "q"), sql::dollar_quote(rows_of(assertion), "t"), says);
    }
    case Assertion::Kind::gives: return fmt::format("SELECT bag_eq({}, {}, {});\n", statement, sql::dollar_quote(rows_of(assertion), "t"), says);
  }
  return {};
}

// What the last statement, a query, gives after the others, or the SQLSTATE of the first that is refused; all of it is undone, a role that they set as well.
constexpr const char* kOutcome = R"(CREATE FUNCTION contraflow_tests.outcome(VARIADIC statements text[]) RETURNS SETOF text LANGUAGE plpgsql AS $outcome$
DECLARE
  found text[];
BEGIN
  BEGIN
    FOR i IN 1 .. array_length(statements, 1) - 1 LOOP EXECUTE statements[i]; END LOOP;
    EXECUTE format('SELECT array_agg(contraflow_row::text) FROM (%s) AS contraflow_row', statements[array_length(statements, 1)]) INTO found;
    RAISE EXCEPTION USING ERRCODE = 'CF000';
  EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE <> 'CF000' THEN found := ARRAY['refused: ' || SQLSTATE]; END IF;
  END;
  RETURN QUERY SELECT unnest(found);
END $outcome$;
)";

class Pgtap : public Stack {
 public:
  std::string ending() const override { return ".pg"; }

  std::string text(const TestFile& file, const std::string& title) const override {
    std::string body;
    bool outcome = false;
    for (const Assertion& assertion : file.assertions()) {
      outcome = outcome || assertion.kind == Assertion::Kind::shows;
      body += line_of(assertion);
    }
    // The plan's objects must not meet pgTAP's: it lives in a schema of its own that goes with the transaction, unless it is installed already.
    return fmt::format(
        "-- {}\n"
        "-- Written by contraflow tests; pg_prove runs it. Everything is rolled back.\n"
        "\\set ON_ERROR_STOP on\n\\set QUIET on\n\\pset format unaligned\n\\pset tuples_only on\n\\pset pager off\n"
        "BEGIN;\nSET LOCAL client_min_messages = warning;\n"
        "CREATE SCHEMA IF NOT EXISTS contraflow_tests;\n"
        "CREATE EXTENSION IF NOT EXISTS pgtap WITH SCHEMA contraflow_tests;\n"
        "SET LOCAL search_path = public, contraflow_tests;\nSET CONSTRAINTS ALL IMMEDIATE;\n"
        "{}SELECT plan({});\n{}\nSELECT * FROM finish();\nROLLBACK;\n",
        title, outcome ? kOutcome : "", std::max(1LL, file.tests()), file.tests() > 0 ? body : "SELECT skip('no row to test with, or nothing that rows could show', 1);\n");
  }

  void require(pg::Sandbox& sandbox, const std::string& conninfo) const override {
    if (!find_program("pg_prove"))
      throw Error(ErrorCode::environment, "pg_prove is not installed: it runs the tests", "apt-get install libtap-parser-sourcehandler-pgtap-perl (Debian), or cpan TAP::Parser::SourceHandler::pgTAP");
    pg::Connection connection(conninfo, "contraflow tests");
    if (connection.query("SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pgtap'").rows() == 0)
      throw Error(ErrorCode::environment, fmt::format("the server of the sandbox (PostgreSQL {}) has no extension pgtap", sandbox.major()),
                  fmt::format("apt-get install postgresql-{}-pgtap (Debian)", sandbox.major()));
  }

  FileRun run(const std::string& conninfo, const fs::path& file, const std::string& state) const override {
    FileRun out{.state = state, .file = file.filename().string(), .passed = 0, .failures = {}, .broken = {}};
    const ProcessResult result = run_process({"pg_prove", "--verbose", "--norc", fs::absolute(file).string()}, {.input = {}, .environment = environment_of(conninfo), .folder = {}, .timeout = std::chrono::minutes(5)});
    for (const std::string& line : split_lines(result.output)) {
      if (line.starts_with("not ok ")) {
        const std::size_t dash = line.find(" - ");
        out.failures.push_back(dash == std::string::npos ? line : line.substr(dash + 3));
      } else if (line.starts_with("ok ")) {
        if (line.find("# SKIP") == std::string::npos) ++out.passed;
      } else if (line.starts_with("#     ") && !out.failures.empty()) {
        out.failures.back() += "\n" + line.substr(6);
      }
    }
    if (result.timed_out)
      out.broken = "it did not end within 5 minutes";
    else if (!result.succeeded() && out.failures.empty())
      out.broken = first_lines(result.error_output.empty() ? result.output : result.error_output, 6);
    // A file that dies after a failed assertion has both.
    else if (!result.succeeded() && result.error_output.find("ERROR:") != std::string::npos)
      out.broken = first_lines(result.error_output.substr(result.error_output.find("ERROR:")), 3);
    return out;
  }
};

}  // namespace

std::unique_ptr<Stack> pgtap_stack() { return std::make_unique<Pgtap>(); }

}  // namespace contraflow::testgen
