// SPDX-License-Identifier: Apache-2.0
#include "diff/rename.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow::diff {
namespace {

using namespace catalog;

void add(Database& database, ObjectId id, Body body) {
  Object object;
  object.id = id;
  object.body = std::move(body);
  database.objects.emplace(std::move(id), std::move(object));
}

void add_column(Database& database, const std::string& table, const std::string& name, const std::string& type = "text") {
  Column column;
  column.type = type;
  int position = 1;
  for (const auto& [id, object] : database.objects) position += id.kind == Kind::column && id.relation == table ? 1 : 0;
  column.position = position;
  add(database, column_id("public", table, name), column);
}

Database with_table(const std::string& table, const std::vector<std::string>& columns) {
  Database out;
  out.server_version = 150000;
  add(out, relation_id(Kind::table, "public", table), Table{});
  for (const std::string& column : columns) add_column(out, table, column);
  return out;
}

std::string resolved(const std::vector<std::string>& options, const Database& a, const Database& b) {
  std::vector<RenameRequest> requests;
  for (const std::string& option : options) requests.push_back(parse_rename(option));
  std::string out;
  for (const Rename& rename : resolve_renames(requests, a, b).renames) out += describe_renamed(rename.from) + " -> " + describe_renamed(rename.to) + "\n";
  return out;
}

std::string refusal(const std::vector<std::string>& options, const Database& a, const Database& b) {
  try {
    return "resolved: " + resolved(options, a, b);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.message() + " | " + error.hint();
  }
}

std::string proposed(const Database& a, const Database& b) {
  std::string out;
  for (const Proposal& proposal : propose_renames(compare(a, b), a, b)) out += (proposal.harmless ? "take " : "ask ") + rename_option(proposal.rename) + "\n";
  return out;
}

TEST(RenameParse, SplitsAtTheEqualsSignOutsideQuotes) {
  EXPECT_EQ(parse_rename("users.user_name=username").from, "users.user_name");
  EXPECT_EQ(parse_rename("\"a=b\"=c").from, "\"a=b\"");
  EXPECT_THROW(parse_rename("users"), Error);
  EXPECT_THROW(parse_rename("=x"), Error);
}

TEST(RenameResolve, ColumnsUnderTheNewNameOfTheirTable) {
  const Database a = with_table("users", {"id", "user_name"}), b = with_table("accounts", {"id", "username"});
  EXPECT_EQ(resolved({"users.user_name=username", "public.users=accounts"}, a, b),
            "table public.users -> table public.accounts\ncolumn public.users.user_name -> column public.accounts.username\n");
  EXPECT_EQ(resolved({"USERS=accounts"}, a, b), "table public.users -> table public.accounts\n");
}

// The index of a key is the key's: renamed by itself it would leave a key of the old name behind.
TEST(RenameResolve, KeysByTheNameOfTheirIndex) {
  const auto with_key = [](const std::string& table, const std::string& name) {
    Database out = with_table(table, {"id"});
    Index index;
    index.table = table;
    index.constraint = name;
    add(out, relation_id(Kind::index, "public", name), index);
    Constraint key;
    key.type = ConstraintType::primary_key;
    key.index_name = name;
    add(out, ObjectId{Kind::constraint, "public", table, name, ""}, key);
    return out;
  };
  const Database a = with_key("user", "user_pkey"), b = with_key("users", "users_pkey");
  const std::string both = "table public.\"user\" -> table public.users\nconstraint user_pkey on public.\"user\" -> constraint users_pkey on public.users\n";
  for (const char* option : {"user_pkey=users_pkey", "public.user_pkey=public.users_pkey", "index:user_pkey=users_pkey"}) EXPECT_EQ(resolved({option, "user=users"}, a, b), both) << option;
}

TEST(RenameResolve, EnumValues) {
  Database a, b;
  add(a, relation_id(Kind::enum_type, "public", "state"), EnumType{{"new", "packed"}});
  add(b, relation_id(Kind::enum_type, "public", "state"), EnumType{{"new", "paid"}});
  for (const char* option : {"state.packed=paid", "\"state\".\"packed\"=\"paid\"", "public.state.'packed'='paid'"}) {
    EXPECT_EQ(resolved({option}, a, b), "value 'packed' of enum type public.state -> value 'paid' of enum type public.state\n") << option;
  }
}

TEST(RenameResolve, UnknownAndTakenNames) {
  const Database a = with_table("users", {"id", "user_name", "mail"}), b = with_table("users", {"id", "username", "mail"});
  EXPECT_EQ(refusal({"users.usr_name=username"}, a, b), "--rename users.usr_name=username: the current schema has no users.usr_name | did you mean users.user_name?");
  EXPECT_EQ(refusal({"users.user_name=usernam"}, a, b), "--rename users.user_name=usernam: the desired schema has no column public.users.usernam | did you mean username?");
  EXPECT_EQ(refusal({"users.username=user_name"}, a, b),
            "--rename users.username=user_name: the current schema has no users.username | the desired schema has it: the old name comes first, OLD=NEW");
  EXPECT_EQ(refusal({"users.mail=username"}, a, b), "--rename users.mail=username: the desired schema still has column public.users.mail | leave the rename out");
  EXPECT_EQ(refusal({"users.user_name=mail"}, a, b),
            "--rename users.user_name=mail: the current schema has column public.users.mail already | let a first plan take that away, then rename");
}

TEST(RenameResolve, AmbiguousNamesAskForMore) {
  Database a = with_table("users", {"x"}), b = with_table("people", {"x"});
  add(a, relation_id(Kind::table, "app", "users"), Table{});
  add(b, relation_id(Kind::table, "app", "people"), Table{});
  EXPECT_EQ(refusal({"users=people"}, a, b),
            "--rename users=people: users could mean table app.users, table public.users | say which with its schema, or with its kind before it: 'table:app.users=people'");
  EXPECT_EQ(resolved({"public.users=people"}, a, b), "table public.users -> table public.people\n");
}

TEST(RenameResolve, HintsThatAreDoneSayNothing) {
  const Database now = with_table("users", {"id", "username"});
  EXPECT_TRUE(resolve_renames({{"users.user_name", "users.username", "schema.sql:3", true}}, now, now).renames.empty());
}

TEST(RenamePropose, ColumnsThatStandOut) {
  EXPECT_EQ(proposed(with_table("users", {"id", "user_name"}), with_table("users", {"id", "username"})), "ask users.user_name=username\n");
  EXPECT_EQ(proposed(with_table("users", {"id", "name"}), with_table("users", {"id", "full_name"})), "ask users.name=full_name\n");
  // Two that fit: nothing stands out.
  EXPECT_EQ(proposed(with_table("users", {"id", "name"}), with_table("users", {"id", "full_name", "name_en"})), "");
  EXPECT_EQ(proposed(with_table("users", {"id", "email"}), with_table("users", {"id", "phone"})), "");
  Database other_type = with_table("users", {"id"});
  add_column(other_type, "users", "username", "integer");
  EXPECT_EQ(proposed(with_table("users", {"id", "user_name"}), other_type), "");
}

TEST(RenamePropose, TablesWithTheSameColumns) {
  EXPECT_EQ(proposed(with_table("user", {"id", "name"}), with_table("users", {"id", "name"})), "ask \"user\"=users\n");
  EXPECT_EQ(proposed(with_table("user", {"id", "name"}), with_table("users", {"id", "title"})), "");
}

// The same tables in a schema of that name.
Database in_schema(const std::string& schema, const Database& database) {
  Database out;
  out.server_version = database.server_version;
  add(out, relation_id(Kind::schema, "", schema), Schema{});
  for (const auto& [id, object] : database.objects) {
    ObjectId there = id;
    there.schema = schema;
    add(out, there, object.body);
  }
  return out;
}

Database both(const Database& a, const Database& b) {
  Database out = a;
  out.objects.insert(b.objects.begin(), b.objects.end());
  return out;
}

TEST(RenameResolve, ToAnotherSchema) {
  const Database people = with_table("people", {"id", "name"}), staff = with_table("staff", {"id", "title"});
  const Database a = in_schema("a", people), b = in_schema("b", staff);
  EXPECT_EQ(resolved({"a.people=b.staff", "a.people.name=title"}, a, b), "table a.people -> table b.staff\ncolumn a.people.name -> column b.staff.title\n");
  EXPECT_EQ(resolved({"a.people=b.people"}, a, in_schema("b", people)), "table a.people -> table b.people\n");
  EXPECT_EQ(refusal({"a.people=c.people"}, a, in_schema("b", people)),
            "--rename a.people=c.people: the desired schema has no table c.people | the desired schema must show the object under its new name");
  EXPECT_EQ(refusal({"people.name=staff.title"}, a, b), "--rename people.name=staff.title: a rename moves nothing to another table | give the bare new name");
  // What is left behind may lie in either schema.
  EXPECT_EQ(refusal({"a.people=b.people"}, a, both(a, in_schema("b", people))),
            "--rename a.people=b.people: the desired schema still has table a.people | leave the rename out");
}

TEST(RenamePropose, TablesInAnotherSchema) {
  const Database stays = with_table("other", {"id"}), people = with_table("people", {"id", "name", "mail"});
  const auto with = [&](const std::string& schema, const Database& tables) { return both(both(in_schema("a", stays), in_schema("b", stays)), in_schema(schema, tables)); };
  EXPECT_EQ(proposed(with("a", people), with("b", people)), "ask a.people=b.people\n");
  // It may have changed a little on its way.
  EXPECT_EQ(proposed(with("a", people), with("b", with_table("people", {"id", "name", "phone"}))), "ask a.people=b.people\n");
  EXPECT_EQ(proposed(with("a", people), with("b", with_table("people", {"x", "y", "z"}))), "");
  // A schema that is gone altogether was renamed.
  EXPECT_EQ(proposed(in_schema("a", people), in_schema("b", people)), "ask a=b\n");
}

TEST(RenamePropose, IndexesAreTakenWithoutAsking) {
  Database a = with_table("t", {"x"}), b = a;
  const auto index = [](const std::string& name) {
    Index body;
    body.table = "t";
    body.definition = "CREATE INDEX " + name + " ON public.t USING btree (x)";
    return body;
  };
  add(a, relation_id(Kind::index, "public", "old"), index("old"));
  add(b, relation_id(Kind::index, "public", "t_x_idx"), index("t_x_idx"));
  EXPECT_EQ(proposed(a, b), "take old=t_x_idx\n");
  const Rename rename{relation_id(Kind::index, "public", "old"), relation_id(Kind::index, "public", "t_x_idx")};
  EXPECT_TRUE(compare(rename_in_model(a, {rename}), b).empty());
}

TEST(SimilarNames, WordsAndSlips) {
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"user_name", "username"}, {"e_mail", "email"}, {"userId", "user_id"}, {"categories", "category"}, {"adress_line", "address_line"}, {"name", "full_name"}}) {
    EXPECT_TRUE(similar_names(a, b)) << a << " " << b;
  }
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"id", "user_id"}, {"first_name", "last_name"}, {"created_at", "updated_at"}, {"line1", "line2"}, {"a", "b"}, {"email", "phone"}, {"total", "new_total"}}) {
    EXPECT_FALSE(similar_names(a, b)) << a << " " << b;
  }
}

}  // namespace
}  // namespace contraflow::diff
