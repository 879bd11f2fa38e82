// SPDX-License-Identifier: Apache-2.0
#include "sql/name.h"

#include <gtest/gtest.h>

namespace contraflow::sql {
namespace {

TEST(QuoteIdentifier, LeavesPlainNamesAlone) {
  for (const char* name : {"users", "_x", "a1_b", "name", "text", "type", "year", "role", "status"}) {
    EXPECT_EQ(quote_identifier(name), name);
  }
}

TEST(QuoteIdentifier, QuotesKeywordsOfEveryMajor) {
  for (const char* name :
       {"user", "order", "timestamp", "left", "values", "system_user", "json_table", "merge_action"}) {
    EXPECT_EQ(quote_identifier(name), "\"" + std::string(name) + "\"");
  }
}

TEST(QuoteIdentifier, QuotesWhateverFoldsOrSplits) {
  EXPECT_EQ(quote_identifier("Users"), "\"Users\"");
  EXPECT_EQ(quote_identifier("1st"), "\"1st\"");
  EXPECT_EQ(quote_identifier("a$b"), "\"a$b\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
  EXPECT_EQ(quote_identifier("grün"), "\"grün\"");
  EXPECT_EQ(quote_identifier("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(quote_identifier("users; drop table x"), "\"users; drop table x\"");
}

TEST(QuoteName, QuotesEachPart) {
  EXPECT_EQ(quote(QualifiedName{"public", "order"}), "public.\"order\"");
  EXPECT_EQ(quote(QualifiedName{"", "users"}), "users");
}

TEST(QuoteLiteral, DoublesQuotesAndBackslashes) {
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\b'c"), "E'a\\\\b''c'");
  EXPECT_EQ(quote_literal(""), "''");
}

TEST(DollarQuote, ChoosesATagThatDoesNotOccur) {
  EXPECT_EQ(dollar_quote("select 1"), "$sql$select 1$sql$");
  EXPECT_EQ(dollar_quote("do $sql$ x $sql$"), "$sql1$do $sql$ x $sql$$sql1$");
  EXPECT_EQ(dollar_quote("ends in $sql"), "$sql1$ends in $sql$sql1$");
  EXPECT_EQ(dollar_quote("$sql$ $sql1$", "sql"), "$sql2$$sql$ $sql1$$sql2$");
}

TEST(TruncateIdentifier, CutsAtACharacterBoundary) {
  EXPECT_EQ(truncate_identifier(std::string(63, 'x')), std::string(63, 'x'));
  EXPECT_EQ(truncate_identifier(std::string(70, 'x')), std::string(63, 'x'));
  EXPECT_EQ(truncate_identifier(std::string(62, 'x') + "ü"), std::string(62, 'x'));
  EXPECT_EQ(truncate_identifier(std::string(61, 'x') + "üy"), std::string(61, 'x') + "ü");
}

TEST(WithoutQuotes, TakesOffWhatQuotesAName) {
  EXPECT_EQ(without_quotes("users.email"), "users.email");
  EXPECT_EQ(without_quotes("\"Weird Shop\".\"Order\""), "Weird Shop.Order");
  EXPECT_EQ(without_quotes("\"a\"\"b\""), "a\"b");
}

}  // namespace

}  // namespace contraflow::sql
