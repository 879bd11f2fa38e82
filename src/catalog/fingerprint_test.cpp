// SPDX-License-Identifier: Apache-2.0
#include "catalog/fingerprint.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace contraflow::catalog {
namespace {

template <class T>
Object& put(Database& database, ObjectId id, T body, std::string owner = "") {
  Object& object = database.objects[id];
  object.id = std::move(id);
  object.body = std::move(body);
  object.owner = std::move(owner);
  return object;
}

const ObjectId kTable = relation_id(Kind::table, "public", "users");
const ObjectId kColumn = column_id("public", "users", "email");
const ObjectId kIndex = relation_id(Kind::index, "public", "users_email");
const ObjectId kExtension{Kind::extension, "", "", "citext", ""};

Database schema() {
  Database out;
  out.server_version = 150000;
  const std::vector<Grant> implicit{{"app", "INSERT", false, "app"}, {"app", "SELECT", false, "app"}};
  Object& table = put(out, kTable, Table{}, "app");
  table.default_grants = implicit;
  table.grants = implicit;
  put(out, kColumn, Column{.position = 1, .type = "text", .type_base = "text"});
  put(out, kIndex, Index{.table = "users", .definition = "CREATE INDEX users_email ON public.users USING btree (email)"});
  put(out, kExtension, Extension{.version = "1.6", .schema = "public"});
  return out;
}

template <class T>
T& body(Database& database, const ObjectId& id) {
  return std::get<T>(database.objects.at(id).body);
}

TEST(Fingerprint, EveryChangeCountsAndGivesAnotherOne) {
  const std::vector<std::function<void(Database&)>> changes = {
      [](Database& d) { body<Table>(d, kTable).row_security = true; },
      [](Database& d) { body<Table>(d, kTable).options["fillfactor"] = "70"; },
      [](Database& d) { body<Table>(d, kTable).persistence = Persistence::unlogged; },
      [](Database& d) { body<Column>(d, kColumn).not_null = true; },
      [](Database& d) { body<Column>(d, kColumn).position = 2; },
      [](Database& d) { body<Column>(d, kColumn).default_expression = "''::text"; },
      [](Database& d) { body<Column>(d, kColumn).statistics_target = 500; },
      [](Database& d) { body<Index>(d, kIndex).clustered = true; },
      [](Database& d) { body<Extension>(d, kExtension).schema = "extensions"; },
      [](Database& d) { d.objects.at(kTable).owner = "other"; },
      [](Database& d) { d.objects.at(kTable).comment = ""; },
      [](Database& d) { d.objects.at(kTable).grants.push_back({"reader", "SELECT", false, "app"}); },
      [](Database& d) { d.objects.at(kTable).grants.pop_back(); },
      [](Database& d) { d.objects.at(kColumn).grants.push_back({"reader", "SELECT", false, "app"}); },
      [](Database& d) { d.objects.at(kColumn).grants.push_back({"reader", "SELECT", true, "app"}); },
      [](Database& d) { d.objects.erase(kIndex); },
      // What one value loses the next one gains: the same letters, another schema.
      [](Database& d) { body<Column>(d, kColumn).default_expression = "ab", body<Column>(d, kColumn).storage = ""; },
      [](Database& d) { body<Column>(d, kColumn).default_expression = "a", body<Column>(d, kColumn).storage = "b"; },
  };
  std::set<std::string> seen{fingerprint(schema())};
  for (const auto& change : changes) {
    Database changed = schema();
    change(changed);
    EXPECT_TRUE(seen.insert(fingerprint(changed)).second);
  }
  EXPECT_EQ(seen.size(), changes.size() + 1);
}

TEST(Fingerprint, OrderOfColumnsDoesNotCountWhereItIsSaid) {
  Database moved = schema(), other = schema();
  body<Column>(moved, kColumn).position = 2;
  body<Column>(other, kColumn).type = "integer";
  EXPECT_EQ(fingerprint(moved, {"public.users"}), fingerprint(schema(), {"public.users"}));
  EXPECT_NE(fingerprint(moved, {"public.orders"}), fingerprint(schema(), {"public.orders"}));
  EXPECT_NE(fingerprint(other, {"public.users"}), fingerprint(schema(), {"public.users"}));
  EXPECT_EQ(fingerprint(moved, {"public.orders"}), fingerprint(moved));
}

TEST(Fingerprint, WhatIsNoPartOfTheSchemaDoesNotCount) {
  const std::vector<std::function<void(Database&)>> changes = {
      [](Database& d) { d.sizes[{"public", "users"}] = {8192, 3}; },
      [](Database& d) { d.server_version = 160002; },
      [](Database& d) { body<Extension>(d, kExtension).version = "1.7"; },
      [](Database& d) { d.objects.at(kTable).grants[0].rank = 7; },
      [](Database& d) { put(d, relation_id(Kind::index, "public", "users_ccnew"), Index{.table = "users", .definition = "…", .valid = false}); },
  };
  for (const auto& change : changes) {
    Database changed = schema();
    change(changed);
    EXPECT_EQ(fingerprint(changed), fingerprint(schema()));
  }
}

TEST(Fingerprint, APartitionThatWasAttachedIsOneThatWasMadeAsSuch) {
  const auto with = [](bool partition, bool local) {
    Database d = schema();
    if (partition) body<Table>(d, kTable).partition_of = QualifiedName{"public", "everyone"};
    body<Column>(d, kColumn).inherited = true;
    body<Column>(d, kColumn).local = local;
    return fingerprint(d);
  };
  EXPECT_EQ(with(true, true), with(true, false));
  EXPECT_NE(with(false, true), with(false, false));
}

}  // namespace
}  // namespace contraflow::catalog
