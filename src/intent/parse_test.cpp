// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "intent/intent.h"

namespace contraflow::intent {
namespace {

template <class T>
T one(const std::string& text) {
  const std::vector<Intent> intents = parse(text);
  EXPECT_EQ(intents.size(), 1u) << text;
  return std::get<T>(intents.at(0).action);
}

Error failure(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error for: " << text;
  return Error(ErrorCode::usage, "");
}

using Strings = std::vector<std::string>;

TEST(IntentParse, ReadsSeveralFromText) {
  const auto intents = parse(
      "# release 12\nsoft-delete users; add users.nickname text\n\n-- then\nindex orders(\n  user_id,\n  "
      "created_at desc\n) where state <> ';'\n");
  ASSERT_EQ(intents.size(), 3u);
  EXPECT_EQ(intents[1].text, "add users.nickname text");
  EXPECT_EQ(intents[2].at.line, 5);
  const auto& index = std::get<CreateIndex>(intents[2].action);
  ASSERT_EQ(index.elements.size(), 2u);
  EXPECT_EQ(index.elements[1].sql, "created_at desc");
  EXPECT_EQ(index.where->sql, "state <> ';'");
}

TEST(IntentParse, ReadsSoftDelete) {
  const auto full = one<SoftDelete>("soft-delete App.\"Users\" column gone_at view live_users");
  EXPECT_EQ(full.table.parts, (Strings{"app", "Users"}));
  EXPECT_EQ(full.column->parts[0], "gone_at");
  EXPECT_EQ(full.view->parts[0], "live_users");
  EXPECT_TRUE(one<SoftDelete>("soft-delete users view").with_view);
}

TEST(IntentParse, ReadsEnums) {
  const auto column = one<AddEnumColumn>(
      "add-enum-column users.tier subscription_tier(free, Basic, 'pro plus') default free not null");
  EXPECT_EQ(column.labels, (Strings{"free", "Basic", "pro plus"}));
  EXPECT_EQ(column.default_label, "free");
  EXPECT_TRUE(column.not_null);
  const auto drop = one<DropEnumValue>("drop-enum-value order_state packed -> paid");
  EXPECT_EQ(drop.label.parts[0], "packed");
  EXPECT_EQ(drop.replacement->parts[0], "paid");
  EXPECT_EQ(one<DropEnumValue>("drop-enum-value s in-transit→sent").label.parts[0], "in-transit");
  EXPECT_EQ(one<AddEnumValue>("add-enum-value order_state refunded after paid").after->parts[0], "paid");
  EXPECT_EQ(one<ReorderEnum>("reorder-enum s (a,b,c)").labels.size(), 3u);
}

TEST(IntentParse, ReadsRenames) {
  EXPECT_EQ(one<Rename>("rename users.user_name to username").from.parts, (Strings{"users", "user_name"}));
  EXPECT_EQ(one<Rename>("rename table a -> b").kind, RenameKind::table);
  EXPECT_EQ(one<Rename>("rename value to worth").kind, RenameKind::any);  // a table called "value"
  const auto value = one<Rename>("rename value order_state.Packed to Paid");
  EXPECT_EQ(value.from.parts, (Strings{"order_state", "Packed"}));
  EXPECT_EQ(value.to.parts[0], "Paid");
  EXPECT_EQ(one<Rename>("rename value \"Kind\".'x.y' to 'x z'").from.parts, (Strings{"Kind", "x.y"}));
  EXPECT_EQ(one<Rename>("rename value public.\"Kind\".\"old one\" to b").from.parts, (Strings{"public", "Kind", "old one"}));
}

TEST(IntentParse, KeepsExpressionsWhole) {
  const auto retype = one<Retype>(
      "retype orders.amount to numeric(14,4) using amount / 100.0 using-back (amount * 100)::int");
  EXPECT_EQ(retype.type.sql, "numeric(14,4)");
  EXPECT_EQ(retype.conversion->sql, "amount / 100.0");
  EXPECT_EQ(retype.conversion_back->sql, "(amount * 100)::int");
  const auto add = one<AddColumn>(
      "add users.nick character varying(20) default case when 1 is not null then 'x' end not null");
  EXPECT_EQ(add.type.sql, "character varying(20)");
  EXPECT_EQ(add.default_expression->sql, "case when 1 is not null then 'x' end");
  EXPECT_TRUE(add.not_null);
  EXPECT_EQ(one<NotNull>("not-null users.email fill 'a' || id").fill->sql, "'a' || id");
  EXPECT_EQ(one<Check>("check orders 'amount > 0 and state <> ''x''' name positive").expression.sql,
            "amount > 0 and state <> 'x'");
  EXPECT_FALSE(one<SetDefault>("default users.x none").expression.has_value());
}

TEST(IntentParse, ReadsKeysAndIndexes) {
  const auto key = one<ForeignKey>("foreign-key orders.user_id -> users.id on delete set null");
  EXPECT_EQ(key.table.parts, Strings{"orders"});
  EXPECT_EQ(key.columns[0].parts[0], "user_id");
  EXPECT_EQ(key.actions, " ON DELETE SET NULL");
  EXPECT_EQ(one<ForeignKey>("foreign-key a(x, y) -> b(c, d)").referenced_columns.size(), 2u);
  const auto index = one<CreateIndex>("index orders(tags) using gin unique include (id)");
  EXPECT_EQ(index.method, "gin");
  EXPECT_TRUE(index.unique);
}

TEST(IntentParse, SaysWhatWasExpectedAndWhere) {
  const Error unknown = failure("soft-delete users;\n  soft-delet orders");
  EXPECT_EQ(unknown.location()->line, 2);
  EXPECT_EQ(unknown.location()->column, 3);
  EXPECT_NE(unknown.hint().find("soft-delete"), std::string::npos);
  EXPECT_EQ(failure("rename users.a username").message(), "expected \"to NEW_NAME\", found \"username\"");
  EXPECT_EQ(failure("retype users.a").message(), "expected \"to TYPE\", the intent ends here");
  EXPECT_NE(failure("drop users").hint().find("TABLE.COLUMN"), std::string::npos);
  EXPECT_EQ(failure("add users.a text default (1").message(), "a parenthesis is never closed");
  EXPECT_NE(failure("create-table x").hint().find("--to"), std::string::npos);
  failure("");
  failure("check t 'unclosed");
  failure("foreign-key a.b -> c.d on delete explode");
}

TEST(IntentParse, EveryUsageHasItsCommand) {
  for (const Usage& usage : usages()) {
    const std::string command(usage.syntax.substr(0, usage.syntax.find(' ')));
    // Alone, a command misses its operands; it is never an unknown one.
    EXPECT_EQ(failure(command).message().find("is no intent"), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace contraflow::intent
