// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "catalog/read_live.h"

namespace contraflow::catalog {
namespace {

using namespace live;

TEST(Read, Types) {
  EXPECT_EQ(body<EnumType>(named(Kind::enum_type, "order_state")).labels,
            (std::vector<std::string>{"new", "it's paid", "packed", "Shipped 🚚", ""}));
  const auto& positive = body<Domain>(named(Kind::domain, "positive"));
  EXPECT_EQ(positive.base_type, "numeric(10,2)");
  EXPECT_TRUE(positive.not_null);
  EXPECT_TRUE(positive.not_null_name.empty());
  EXPECT_EQ(object(part(Kind::domain_constraint, "positive", "is > 0")).comment, "no refunds");
  EXPECT_FALSE(body<DomainConstraint>(part(Kind::domain_constraint, "code", "short")).validated);
  EXPECT_EQ(body<Domain>(named(Kind::domain, "code")).collation, "pg_catalog.\"C\"");
  const auto& address = body<CompositeType>(named(Kind::composite_type, "address"));
  ASSERT_EQ(address.attributes.size(), 3U);
  EXPECT_EQ(address.attributes[1].comment, "house number");
  EXPECT_FALSE(granted(object(named(Kind::composite_type, "address")).grants, "", "USAGE"));
  EXPECT_EQ(object(named(Kind::composite_type, "address")).comment, "where people live");
  // A base type needs its functions, these need the shell: no cycle.
  EXPECT_TRUE(depends(named(Kind::base_type, "my_int"), routine("my_int_in", "cstring")));
  EXPECT_TRUE(depends(routine("my_int_in", "cstring"), named(Kind::shell_type, "my_int")));
  EXPECT_TRUE(depends(named(Kind::range_type, "int_span"), routine("int_span_canonical", "app.int_span")));
  EXPECT_TRUE(depends(routine("int_span_canonical", "app.int_span"), named(Kind::shell_type, "int_span")));
  EXPECT_NE(model().find(named(Kind::shell_type, "shell_only")), nullptr);
}

TEST(Read, Routines) {
  const auto& outs = body<Routine>(routine("outs", "integer, text"));
  EXPECT_EQ(outs.argument_names,
            (std::vector<std::string>{"IN a", "OUT b integer", "INOUT c text", "OUT d app.order_state"}));
  const auto& full_name = body<Routine>(routine("full_name", "app.users, text, text[]"));
  EXPECT_EQ(full_name.default_count, 2);
  EXPECT_EQ(full_name.volatility, 's');
  EXPECT_EQ(full_name.language, "sql");
  EXPECT_TRUE(depends(routine("full_name", "app.users, text, text[]"), named(Kind::table, "users")));
  EXPECT_EQ(body<Routine>(routine("tidy", "integer")).kind, 'p');
  EXPECT_EQ(body<Routine>(routine("my_rank", "")).kind, 'w');
  EXPECT_FALSE(granted(object(routine("odd", "")).grants, "", "EXECUTE"));
  EXPECT_TRUE(depends(routine("odd", ""), ObjectId{Kind::language, {}, {}, "PL/Odd", {}}));
  EXPECT_TRUE(depends(routine("touch", ""), ObjectId{Kind::extension, {}, {}, "plpgsql", {}}));
  // What a range type makes itself is no routine of its own.
  EXPECT_EQ(model().find(routine("float_range", "double precision, double precision")), nullptr);
  if (model().major() >= 14) {
    EXPECT_TRUE(depends(routine("count_users", ""), column_id("app", "users", "email")));
    EXPECT_NE(model().find(routine("with_out", "integer")), nullptr);
  }
}

TEST(Read, TriggersRulesPolicies) {
  const ObjectId touch = part(Kind::trigger, "users", "Touch me");
  EXPECT_EQ(body<Trigger>(touch).enabled, 'A');
  EXPECT_EQ(body<Trigger>(touch).function, routine("touch", ""));
  EXPECT_TRUE(depends(touch, column_id("app", "users", "email")));
  EXPECT_TRUE(body<Trigger>(part(Kind::trigger, "users", "checked")).constraint);
  EXPECT_EQ(model().find(part(Kind::constraint, "users", "checked")), nullptr);
  EXPECT_EQ(body<Trigger>(part(Kind::trigger, "users", "by_statement")).enabled, 'D');
  EXPECT_EQ(body<Trigger>(part(Kind::trigger, "parent_a", "no_change")).function.schema, "pg_catalog");
  EXPECT_EQ(body<Rule>(part(Kind::rule, "users", "log it")).enabled, 'D');
  EXPECT_EQ(model().find(part(Kind::rule, "active", "_RETURN")), nullptr);
  EXPECT_TRUE(depends(part(Kind::rule, "active", "to_users"), named(Kind::view, "active")));
  const auto& own = body<Policy>(part(Kind::policy, "users", "own rows"));
  EXPECT_FALSE(own.permissive);
  EXPECT_EQ(own.command, "UPDATE");
  EXPECT_EQ(own.roles.size(), 2U);
  EXPECT_EQ(own.check_expression, "(state <> 'new'::app.order_state)");
  EXPECT_EQ(body<Policy>(part(Kind::policy, "users", "all_rows")).roles, std::vector<std::string>{""});
  EXPECT_TRUE(depends(part(Kind::policy, "users", "all_rows"), routine("state_code", "app.order_state")));
  const auto& on_ddl = body<EventTrigger>(ObjectId{Kind::event_trigger, {}, {}, "on ddl", {}});
  EXPECT_EQ(on_ddl.tags, (std::vector<std::string>{"CREATE TABLE", "ALTER TABLE"}));
  EXPECT_EQ(on_ddl.function, "app.ddl_happened");
  EXPECT_EQ(on_ddl.enabled, 'R');
  EXPECT_EQ(body<StatisticsObject>(named(Kind::statistics, "users stats")).target, 42);
}

TEST(Read, GenericKinds) {
  EXPECT_EQ(first_statement({Kind::cast, {}, {}, "app.my_int AS integer", {}}),
            "CREATE CAST (app.my_int AS integer) WITHOUT FUNCTION AS IMPLICIT");
  EXPECT_EQ(first_statement({Kind::operator_, "app", {}, "@-", "NONE, app.my_int"}),
            "CREATE OPERATOR app.@- (FUNCTION = app.my_int_negate, RIGHTARG = app.my_int)");
  EXPECT_EQ(
      body<Generic>({Kind::operator_family, "app", {}, "odd family", "btree"}).create.at(1),
      "ALTER OPERATOR FAMILY app.\"odd family\" USING btree ADD OPERATOR 1 app.< (app.my_int, app.my_int), "
      "FUNCTION 1 (app.my_int, app.my_int) app.my_int_cmp(app.my_int, app.my_int)");
  EXPECT_TRUE(depends({Kind::operator_family, "app", {}, "odd family", "btree"},
                      {Kind::operator_, "app", {}, "<", "app.my_int, app.my_int"}));
  EXPECT_EQ(first_statement({Kind::aggregate, "app", {}, "how_many", ""}),
            "CREATE AGGREGATE app.how_many(*) (SFUNC = pg_catalog.int8inc, STYPE = bigint, INITCOND = '0')");
  EXPECT_EQ(first_statement(named(Kind::collation, "ignore case")),
            "CREATE COLLATION app.\"ignore case\" (provider = icu, deterministic = false, locale = "
            "'und-u-ks-level2')");
  EXPECT_EQ(body<Generic>(named(Kind::text_search_configuration, "search")).create.size(), 4U);
  EXPECT_EQ(body<Generic>(named(Kind::text_search_dictionary, "stop words")).options,
            (Options{{"stopwords", "english"}, {"accept", "false"}}));
  const auto& server = body<Generic>({Kind::foreign_server, {}, {}, "remote", {}});
  EXPECT_EQ(server.options, (Options{{"host", "nowhere"}}));
  EXPECT_EQ(first_statement({Kind::user_mapping, {}, "remote", "public", {}}),
            "CREATE USER MAPPING FOR PUBLIC SERVER remote OPTIONS (password 'secret')");
  EXPECT_NE(first_statement({Kind::subscription, {}, {}, "from afar", {}}).find("connect = false"),
            std::string::npos);
  EXPECT_EQ(body<ForeignTable>(named(Kind::foreign_table, "far")).server, "remote");
}

TEST(Read, Publications) {
  const auto& some = body<Publication>({Kind::publication, {}, {}, "some tables", {}});
  ASSERT_EQ(some.tables.size(), 2U);
  EXPECT_EQ(some.tables[1].table, (QualifiedName{"app", "users"}));
  EXPECT_EQ(some.options.at("publish"), "insert, update");
  EXPECT_TRUE(depends({Kind::publication, {}, {}, "some tables", {}}, named(Kind::table, "users")));
  EXPECT_TRUE(body<Publication>({Kind::publication, {}, {}, "everything", {}}).all_tables);
  if (model().major() >= 15) {
    const auto& filtered = body<Publication>({Kind::publication, {}, {}, "filtered", {}});
    EXPECT_EQ(filtered.tables[0].columns, (std::vector<std::string>{"email", "id"}));
    EXPECT_EQ(filtered.tables[0].where, "(id > 10)");
    EXPECT_EQ(body<Publication>({Kind::publication, {}, {}, "by_schema", {}}).schemas,
              std::vector<std::string>{kOdd});
  }
}

TEST(Read, Privileges) {
  const Object& users = object(named(Kind::table, "users"));
  const std::string writer = "contraflow \"writer\"=/x";
  const auto grant = std::find_if(users.grants.begin(), users.grants.end(), [&](const Grant& one) {
    return one.grantee == writer && one.privilege == "INSERT";
  });
  ASSERT_NE(grant, users.grants.end());
  EXPECT_TRUE(grant->grantable);
  EXPECT_FALSE(granted(users.grants, users.owner, "TRUNCATE"));
  EXPECT_TRUE(granted(users.default_grants, users.owner, "TRUNCATE"));
  EXPECT_TRUE(std::is_sorted(users.grants.begin(), users.grants.end()));
  const Object& tables = object({Kind::default_privileges, "app", users.owner, "tables", {}});
  EXPECT_TRUE(granted(tables.grants, "contraflow reader", "SELECT"));
  EXPECT_TRUE(std::get<DefaultPrivileges>(tables.body).built_in.empty());
  const Object& functions = object({Kind::default_privileges, {}, users.owner, "functions", {}});
  EXPECT_FALSE(granted(functions.grants, "", "EXECUTE"));
  EXPECT_TRUE(granted(std::get<DefaultPrivileges>(functions.body).built_in, "", "EXECUTE"));
}

TEST(Read, MembersOfExtensionsAreLeftToTheExtension) {
  const std::string conninfo = live::database_with(
      "CREATE SCHEMA x; CREATE EXTENSION hstore SCHEMA x; CREATE TABLE t (a x.hstore);"
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() DEPENDS ON EXTENSION "
      "hstore");
  const Database database = live::read_from(conninfo);
  const ObjectId hstore{Kind::extension, {}, {}, "hstore", {}};
  ASSERT_NE(database.find(hstore), nullptr);
  EXPECT_EQ(database.find_body<Extension>(hstore)->schema, "x");
  for (const auto& [id, one] : database.objects) EXPECT_NE(id.schema, "x") << describe(id);
  EXPECT_TRUE(database.find(column_id("public", "t", "a"))->depends_on.contains(hstore));
  EXPECT_EQ(database.find({Kind::routine, "public", {}, "f", ""})->extension_dependencies,
            std::set<std::string>{"hstore"});
}

TEST(Read, Filters) {
  const Database only = read_with(everything(), {.schemas = {"Odd*"}});
  EXPECT_NE(only.find(named(Kind::table, "select", kOdd)), nullptr);
  EXPECT_NE(only.find(ObjectId{Kind::schema, {}, {}, kOdd, {}}), nullptr);
  EXPECT_EQ(only.find(named(Kind::table, "users")), nullptr);
  EXPECT_EQ(only.find(ObjectId{Kind::extension, {}, {}, "plpgsql", {}}), nullptr);
  const Database without =
      read_with(everything(), {.exclude = {"app.users", "subscription:*", "function:odd"}});
  EXPECT_EQ(without.find(named(Kind::table, "users")), nullptr);
  EXPECT_EQ(without.find(column_id("app", "users", "email")), nullptr);
  EXPECT_EQ(without.find(named(Kind::index, "users by name")), nullptr);
  EXPECT_EQ(without.find(part(Kind::trigger, "users", "Touch me")), nullptr);
  EXPECT_EQ(without.find({Kind::subscription, {}, {}, "from afar", {}}), nullptr);
  EXPECT_EQ(without.find(routine("odd", "")), nullptr);
  EXPECT_NE(without.find(routine("touch", "")), nullptr);
  EXPECT_NE(without.find(named(Kind::table, "scratch")), nullptr);
}

TEST(Read, TellsWhichExcludesLeaveSomethingOut) {
  ReadOptions options{.exclude = {"app.users", "app.*", "app.usres", "view:nothing"}};
  options.excluding = std::make_shared<std::set<std::string>>();
  read_with(everything(), options);
  EXPECT_EQ(*options.excluding, (std::set<std::string>{"app.users", "app.*"}));
}

TEST(Read, LeavesTheCallersTransactionAsItWas) {
  pg::Connection connection(everything());
  connection.execute("BEGIN; SET LOCAL search_path = app; CREATE TEMP TABLE mine (a int)");
  const Database inside = read(connection);
  EXPECT_EQ(inside.objects.size(), model().objects.size());
  EXPECT_TRUE(connection.in_transaction());
  EXPECT_EQ(connection.execute("SHOW search_path").text(0, 0), "app");
  connection.execute("ROLLBACK");
  read(connection);
  EXPECT_FALSE(connection.in_transaction());
}

TEST(Read, WaitsForALockedTable) {
  const std::string conninfo =
      live::database_with("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t");
  pg::Connection blocker(conninfo);
  blocker.execute("BEGIN; LOCK TABLE t, v IN ACCESS EXCLUSIVE MODE");
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // longer than one attempt waits
    blocker.execute("COMMIT");
  });
  pg::Connection connection(conninfo);
  const Database database = read(connection);
  release.join();
  EXPECT_NE(database.find(relation_id(Kind::view, "public", "v")), nullptr);
}

TEST(Read, WithoutSuperuserNamesWhatItMayNotSee) {
  pg::Connection connection(everything());
  connection.execute("SET SESSION AUTHORIZATION \"contraflow reader\"");
  const Database database = read(connection, {.sizes = false});
  EXPECT_EQ(database.objects.count({Kind::subscription, {}, {}, "from afar", {}}), 0U);
  EXPECT_NE(std::find(database.unsupported.begin(), database.unsupported.end(),
                      "subscription \"from afar\": only a superuser sees its connection"),
            database.unsupported.end());
}

}  // namespace
}  // namespace contraflow::catalog
