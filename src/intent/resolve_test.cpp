// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/read.h"
#include "catalog/source.h"
#include "intent/intent.h"
#include "pg/sandbox.h"

namespace contraflow::intent {
namespace {

using catalog::column_id;
using catalog::Kind;
using catalog::ObjectId;

constexpr const char* kSchema = R"(
CREATE TYPE order_state AS ENUM ('new', 'packed', 'paid', 'sent');
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_name text NOT NULL,
  email text UNIQUE,
  country text NOT NULL DEFAULT 'de',
  code text UNIQUE
);
CREATE UNIQUE INDEX users_lower_name ON users (lower(user_name)) WHERE country <> 'xx';
CREATE TABLE orders (
  id int PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  user_code text REFERENCES users (code),
  amount int NOT NULL DEFAULT 0,
  state order_state DEFAULT 'packed',
  created_at timestamptz DEFAULT now()
);
CREATE VIEW order_totals AS SELECT user_id, sum(amount) AS total FROM orders GROUP BY user_id;
CREATE VIEW big_totals AS SELECT * FROM order_totals WHERE total > 100;
COMMENT ON VIEW big_totals IS 'kept';
CREATE SCHEMA app;
CREATE TABLE app."Odd Name" (id int PRIMARY KEY, "a.b" text);
)";

class IntentLive : public testing::Test {
 protected:
  static pg::Sandbox& sandbox() {
    static pg::Sandbox instance;
    return instance;
  }
  static const catalog::Database& current() {
    static const catalog::Database database = [] {
      pg::Connection connection(sandbox().create_database("intent"));
      connection.execute(kSchema);
      return catalog::read(connection);
    }();
    return database;
  }
  // The schema that the intents lead to, from a copy of the current one.
  catalog::Database desired(const std::string& text) {
    result_ = resolve(parse(text), current());
    pg::Connection connection(sandbox().create_database("copy"));
    catalog::run_statements(connection, catalog::create_database(current()));
    catalog::run_statements(connection, result_.statements);
    return catalog::read(connection);
  }
  static Error failure(const std::string& text) {
    try {
      resolve(parse(text), current());
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error for: " << text;
    return Error(ErrorCode::usage, "");
  }
  std::string notes() const { return join(result_.notes, "\n"); }

  static const catalog::Column* column(const catalog::Database& database, const std::string& table,
                                       const std::string& name) {
    return database.find_body<catalog::Column>(column_id("public", table, name));
  }
  static const catalog::Index* index(const catalog::Database& database, const std::string& name) {
    return database.find_body<catalog::Index>({Kind::index, "public", {}, name, {}});
  }

  IntentResult result_;
};

TEST_F(IntentLive, SoftDelete) {
  const auto database = desired("soft-delete users view");
  ASSERT_NE(column(database, "users", "deleted_at"), nullptr);
  EXPECT_EQ(column(database, "users", "deleted_at")->type, "timestamp with time zone");
  EXPECT_EQ(index(database, "users_email_key"), nullptr);
  ASSERT_NE(index(database, "users_email_key_live"), nullptr);
  EXPECT_EQ(index(database, "users_email_key_live")->predicate, "(deleted_at IS NULL)");
  EXPECT_NE(index(database, "users_lower_name_live")->predicate.find("country"), std::string::npos);
  EXPECT_NE(index(database, "users_code_key"), nullptr);  // orders.user_code references it
  EXPECT_NE(notes().find("users_code_key keeps counting deleted rows: a foreign key references it"),
            std::string::npos);
  EXPECT_NE(notes().find("orders_user_id_fkey"), std::string::npos);
  EXPECT_NE(index(database, "users_live_idx"), nullptr);
  EXPECT_NE(database.find({Kind::view, "public", {}, "users_live", {}}), nullptr);
  EXPECT_NE(index(database, "users_pkey"), nullptr);
}

TEST_F(IntentLive, SoftDeleteOfWhatWasRenamedBefore) {
  const auto database = desired(
      "rename users.email to mail; rename users.user_name to title; rename users.country to land; "
      "rename table users to people; soft-delete people");
  const auto* mail = database.find_body<catalog::Index>({catalog::Kind::index, "public", "", "users_email_key_live", ""});
  ASSERT_NE(mail, nullptr);
  EXPECT_EQ(mail->definition,
            "CREATE UNIQUE INDEX users_email_key_live ON public.people USING btree (mail) WHERE (deleted_at IS NULL)");
  const auto* title = database.find_body<catalog::Index>({catalog::Kind::index, "public", "", "users_lower_name_live", ""});
  ASSERT_NE(title, nullptr);
  EXPECT_EQ(title->definition,
            "CREATE UNIQUE INDEX users_lower_name_live ON public.people USING btree (lower(title)) "
            "WHERE ((land <> 'xx'::text) AND (deleted_at IS NULL))");
}

TEST_F(IntentLive, EnumColumnsAndValues) {
  const auto database = desired(
      "add-enum-column users.tier subscription_tier(free, basic, pro) default free not null\nadd-enum-value "
      "order_state refunded after paid\n"
      "rename value order_state.sent to shipped; drop-enum-value order_state packed -> paid; reorder-enum "
      "order_state (shipped, refunded, paid, new)");
  const auto* tier = column(database, "users", "tier");
  ASSERT_NE(tier, nullptr);
  EXPECT_TRUE(tier->not_null);
  EXPECT_EQ(tier->default_expression, "'free'::public.subscription_tier");
  const auto* state =
      database.find_body<catalog::EnumType>({Kind::enum_type, "public", {}, "order_state", {}});
  EXPECT_EQ(state->labels, (std::vector<std::string>{"shipped", "refunded", "paid", "new"}));
  EXPECT_EQ(column(database, "orders", "state")->default_expression, "'paid'::public.order_state");
  EXPECT_EQ(result_.enum_maps.at("public.order_state").at("packed"), "paid");
  EXPECT_EQ(result_.renames.at(0),
            (std::pair<std::string, std::string>{"public.order_state.sent", "shipped"}));
}

TEST_F(IntentLive, RenamesCarryLaterIntentsAlong) {
  const auto database = desired(
      "retype orders.amount to numeric(14,4) using amount / 100.0 using-back (amount * 100)::int; rename "
      "orders.amount to total; rename table orders to purchases;"
      "not-null purchases.state; index purchases(user_id, created_at desc) where total > 0");
  const auto* total = column(database, "purchases", "total");
  ASSERT_NE(total, nullptr);
  EXPECT_EQ(total->type, "numeric(14,4)");
  EXPECT_EQ(total->default_expression, "0");
  EXPECT_TRUE(column(database, "purchases", "state")->not_null);
  EXPECT_NE(index(database, "purchases_user_id_created_at_idx"), nullptr);
  EXPECT_EQ(result_.conversions.begin()->first, "public.purchases.total");
  EXPECT_EQ(result_.conversions_back.at("public.purchases.total"), "(amount * 100)::int");
  // The views came back, with their comments.
  const auto* view = database.find({Kind::view, "public", {}, "big_totals", {}});
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->comment, "kept");
  ASSERT_EQ(result_.renames.size(), 2u);
  EXPECT_EQ(result_.renames[1].first, "public.orders");
}

TEST_F(IntentLive, WhatIsRenamedAndDroppedIsDropped) {
  auto database = desired(
      "rename users.country to land; rename users to people; drop people.land; rename people.email to mail");
  EXPECT_EQ(column(database, "people", "land"), nullptr);
  EXPECT_EQ(column(database, "people", "country"), nullptr);
  const std::vector<std::pair<std::string, std::string>> kept{{"public.users", "people"},
                                                              {"public.people.email", "mail"}};
  EXPECT_EQ(result_.renames, kept);
  database = desired("rename orders to purchases; rename purchases.state to status; drop-table purchases cascade; rename users.email to mail");
  EXPECT_EQ(database.find({Kind::table, "public", {}, "orders", {}}), nullptr);
  ASSERT_EQ(result_.renames.size(), 1u);
  EXPECT_EQ(result_.renames[0].first, "public.users.email");
  ASSERT_EQ(result_.renamed_objects.size(), 1u);
}

TEST_F(IntentLive, ColumnsAndConstraints) {
  const auto database = desired(
      "add users.nickname varchar(20) default 'x'; default users.country 'fr'; nullable users.user_name; "
      "unique users(nickname) where nickname <> '';"
      "check orders 'amount >= 0' name positive; drop orders.created_at; foreign-key orders.id -> users.id "
      "on delete cascade; drop-constraint users.users_email_key;"
      "unique users(user_name, country); add app.\"Odd Name\".state order_state[]; rename app.\"Odd "
      "Name\".\"a.b\" to c");
  EXPECT_EQ(column(database, "users", "nickname")->default_expression, "'x'::character varying");
  EXPECT_EQ(column(database, "users", "country")->default_expression, "'fr'::text");
  EXPECT_FALSE(column(database, "users", "user_name")->not_null);
  EXPECT_EQ(column(database, "orders", "created_at"), nullptr);
  EXPECT_NE(database.find({Kind::constraint, "public", "orders", "positive", {}}), nullptr);
  EXPECT_EQ(database.find({Kind::constraint, "public", "users", "users_email_key", {}}), nullptr);
  EXPECT_NE(database.find({Kind::constraint, "public", "users", "users_user_name_country_key", {}}), nullptr);
  EXPECT_NE(database.find(column_id("app", "Odd Name", "c")), nullptr);
  EXPECT_EQ(result_.renames[0].first, "app.\"Odd Name\".\"a.b\"");
}

TEST_F(IntentLive, EveryKindOfRename) {
  const auto database = desired(
      "rename users_lower_name to users_name; rename type order_state to state; rename view big_totals to "
      "large_totals; rename constraint users.users_email_key to users_mail;"
      "rename schema app to application");
  EXPECT_NE(index(database, "users_name"), nullptr);
  EXPECT_NE(index(database, "users_mail"), nullptr);
  EXPECT_NE(database.find({Kind::enum_type, "public", {}, "state", {}}), nullptr);
  EXPECT_NE(database.find({Kind::view, "public", {}, "large_totals", {}}), nullptr);
  EXPECT_NE(database.find(column_id("application", "Odd Name", "id")), nullptr);
  EXPECT_EQ(result_.renamed_objects.size(), 6u);  // the constraint's index too
}

TEST_F(IntentLive, UnknownNamesAreSuggested) {
  const Error table = failure("soft-delete users;\nsoft-delete user");
  EXPECT_EQ(table.message(), "table \"user\" does not exist");
  EXPECT_EQ(table.hint(), "did you mean users?");
  EXPECT_EQ(failure("soft-delete \"odd name\"").hint(), "write app.\"Odd Name\" with its quotes: names without them are folded to lower case, as in SQL");
  EXPECT_EQ(table.location()->line, 2);
  EXPECT_EQ(table.location()->column, 13);
  EXPECT_EQ(failure("rename users.username to x").hint(), "did you mean user_name?");
  EXPECT_EQ(failure("add-enum-value order_state x after payd").hint(), "did you mean paid?");
  EXPECT_EQ(failure("add users.x varchr(20)").hint(), "did you mean varchar?");
  EXPECT_EQ(failure("index orders(amonut)").hint(), "did you mean amount?");
  EXPECT_EQ(failure("check orders 'amont > 0'").hint(), "did you mean amount?");
}

TEST_F(IntentLive, RefusesWhatCannotBe) {
  EXPECT_NE(failure("drop orders.amount").message().find("order_totals"), std::string::npos);
  EXPECT_NE(failure("drop-table users").message().find("orders_user_id_fkey"), std::string::npos);
  EXPECT_NE(failure("drop-index users_email_key").hint().find("drop-constraint"), std::string::npos);
  EXPECT_NE(failure("foreign-key orders.amount -> users.country").hint().find("unique"), std::string::npos);
  EXPECT_NE(failure("add users.email text").message().find("already"), std::string::npos);
  EXPECT_NE(failure("soft-delete order_totals").message().find("view"), std::string::npos);
  EXPECT_NE(failure("rename users.email to orders.email").message().find("move"), std::string::npos);
  failure("add users.x int default 1); drop table users; --");
  failure("add users.x int default 1 + ");
  failure("check orders 'amount > 0); drop table users; select (1'");
  failure("reorder-enum order_state (new, paid)");
  failure("rename users to orders");
}

}  // namespace
}  // namespace contraflow::intent
