// SPDX-License-Identifier: Apache-2.0
#include "rehearse/patterns.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pg/connection.h"
#include "pg/sandbox.h"
#include "rehearse/column_hints.h"
#include "sql/name.h"

namespace contraflow::rehearse {
namespace {

// The server says whether the texts match, and how many of a thousand differ.
TEST(Patterns, TextsMatchAndDiffer) {
  pg::Sandbox sandbox;
  pg::Connection connection(sandbox.create_database("patterns"));
  const std::pair<const char*, int> patterns[] = {
      {R"(^[^@]+@[^@]+\.[a-z]+$)", 1000}, {R"(^[A-Z]{2}$)", 676}, {R"(^\+?[0-9]{7,15}$)", 1000}, {R"(^[a-z0-9]+(-[a-z0-9]+)*$)", 1000}, {R"(^https?://)", 1}, {R"(^(new|paid|gone)$)", 3}, {R"(^#[0-9a-fA-F]{6}$)", 1000}, {R"(^\d{4}-\d{2}-\d{2}$)", 100}, {R"([a-z])", 1000}, {R"(@)", 1000}, {R"(^[[:alpha:]_][[:alnum:]_]{0,62}$)", 500}, {R"(^.{3,}$)", 1000}, {R"(^\w+\s\w+$)", 1000}, {R"(^(?:[A-Z]{3}-)?[0-9]{5}$)", 1000}, {R"(^[-_.]+$)", 500}, {R"(^a|b$)", 1}, {R"(^[^[:space:]]+$)", 1000}, {R"(^x{3}y*z?$)", 1}};
  for (const auto& [pattern, different] : patterns) {
    const std::string made = text_for_pattern(pattern, "i");
    ASSERT_NE(made, "") << pattern;
    const pg::Result told = connection.execute(fmt::format("SELECT count(*) FILTER (WHERE t ~ {}), count(DISTINCT t), min(t) FROM (SELECT {} AS t FROM generate_series(1, 1000::bigint) i) s", sql::quote_literal(pattern), made));
    EXPECT_EQ(told.integer(0, 0), 1000) << pattern << ": " << told.string(0, 2) << "\n"
                                        << made;
    EXPECT_GE(told.integer(0, 1), different) << pattern << ": " << told.string(0, 2);
  }
  for (const char* pattern : {R"((?=a)b)", R"(^(a)\1$)", R"(***=literal)", R"([)", R"((a)", R"(\u0041)"}) EXPECT_EQ(text_for_pattern(pattern, "i"), "") << pattern;
}

TEST(Patterns, HintsOfConditionsAsTheServerPrintsThem) {
  const auto of = [](const std::string& condition, const std::string& column) { return hints_in(condition)[column]; };
  const ColumnHints between = of("((score >= (0)::numeric) AND (score < (100)::numeric))", "score");
  EXPECT_EQ(between.lower, "(0)::numeric");
  EXPECT_EQ(between.upper, "(100)::numeric");
  EXPECT_FALSE(between.above);
  EXPECT_TRUE(between.below);
  EXPECT_EQ(of("((status)::text = ANY ((ARRAY['new'::character varying(10), 'it''s'::character varying(10)])::text[]))", "status").listed.size(), 2u);
  EXPECT_EQ(of("(kind = ANY (ARRAY[1, 2, '-3'::integer]))", "kind").listed.size(), 3u);
  EXPECT_EQ(of("((a = 'x'::text) OR (a = 'y'::text))", "a").listed.size(), 2u);
  EXPECT_EQ(of("((upd IS NULL) OR (upd >= created))", "upd").after, "created");
  EXPECT_TRUE(of("(starts < ends)", "ends").strictly);
  EXPECT_EQ(of("(char_length((\"Sel ect\")::text) <= 20)", "Sel ect").longest, 20);
  EXPECT_EQ(of("((VALUE)::text ~ E'^\\\\d+$'::text)", "VALUE").pattern, "^\\d+$");
  EXPECT_EQ(of("(url ~~ 'https://%.x'::text)", "url").pattern, "^https\\:\\/\\/.*\\.x$");
  EXPECT_TRUE(of("(slug = lower(slug))", "slug").small_letters);
  EXPECT_EQ(of("((at >= '2024-01-01 00:00:00+00'::timestamp with time zone) AND (at < '2025-01-01 00:00:00+00'::timestamp with time zone))", "at").upper, "'2025-01-01 00:00:00+00'::timestamp with time zone");
  // Nothing is guessed of what depends on more than a column, or is turned around.
  for (const char* condition : {"(NOT (a > 3))", "((a + b) > 3)", "((a > 3) OR (b > 3))", "(f(a) > 3)", "(a <> 3)"}) EXPECT_TRUE(hints_in(condition).empty() || of(condition, "a").empty()) << condition;
}

}  // namespace
}  // namespace contraflow::rehearse
