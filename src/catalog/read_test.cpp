// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "catalog/read_live.h"

namespace contraflow::catalog {
namespace {

using namespace live;

TEST(Read, KnowsTwoReadsAsTheSameAndLeavesNothingOut) {
  const Database again = live::read_from(everything());
  EXPECT_EQ(live::differences(model(), again), std::vector<std::string>{});
  EXPECT_EQ(model().unsupported, std::vector<std::string>{});
}

TEST(Read, EveryDependencyIsAnObjectAndNothingDependsOnItself) {
  std::set<ObjectId> done, open;
  std::vector<std::string> wrong;
  const std::function<void(const ObjectId&)> visit = [&](const ObjectId& id) {
    if (done.contains(id)) return;
    if (!open.insert(id).second) {
      wrong.push_back("cycle at " + describe(id));
      return;
    }
    for (const ObjectId& needed : object(id).depends_on) {
      if (!model().find(needed)) {
        wrong.push_back(describe(id) + " needs " + describe(needed));
      } else {
        visit(needed);
      }
    }
    open.erase(id);
    done.insert(id);
  };
  for (const auto& [id, one] : model().objects) visit(id);
  EXPECT_EQ(wrong, std::vector<std::string>{});
}

TEST(Read, TextsOfIndexesAreTheServers) {
  pg::Connection connection(everything());
  connection.execute("SET search_path = ''");
  std::size_t indexes = 0;
  for (const auto& [id, one] : model().objects) {
    const auto* index = std::get_if<Index>(&one.body);
    if (!index) continue;
    ++indexes;
    const pg::Result result = connection.query(
        "SELECT pg_get_indexdef(format('%I.%I', $1::text, $2::text)::regclass)", {id.schema, id.name});
    EXPECT_EQ(index->definition, result.text(0, 0));
  }
  EXPECT_GT(indexes, 20U);
}

TEST(Read, TextsOfConstraintsAreTheServers) {
  pg::Connection connection(everything());
  connection.execute("SET search_path = ''");
  std::size_t constraints = 0;
  for (const auto& [id, one] : model().objects) {
    const auto* constraint = std::get_if<Constraint>(&one.body);
    if (!constraint) continue;
    ++constraints;
    const pg::Result result = connection.query(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $3 AND conrelid = "
        "format('%I.%I', "
        "$1::text, $2::text)::regclass",
        {id.schema, id.relation, id.name});
    EXPECT_EQ(constraint->definition, result.text(0, 0));
  }
  EXPECT_GT(constraints, 20U);
}

TEST(Read, Schemas) {
  const Object& app = object(ObjectId{Kind::schema, {}, {}, "app", {}});
  EXPECT_EQ(app.comment, "the application's");
  EXPECT_TRUE(granted(app.grants, "contraflow reader", "USAGE"));
  EXPECT_FALSE(granted(app.default_grants, "contraflow reader", "USAGE"));
  EXPECT_EQ(object(ObjectId{Kind::schema, {}, {}, kOdd, {}}).owner, "contraflow reader");
  EXPECT_NE(model().find(ObjectId{Kind::schema, {}, {}, "public", {}}), nullptr);
  EXPECT_EQ(model().find(ObjectId{Kind::schema, {}, {}, "pg_catalog", {}}), nullptr);
  EXPECT_EQ(model().find(ObjectId{Kind::schema, {}, {}, "information_schema", {}}), nullptr);
  EXPECT_NE(model().find(ObjectId{Kind::extension, {}, {}, "plpgsql", {}}), nullptr);
  EXPECT_TRUE(model().roles.contains("contraflow \"writer\"=/x"));
}

TEST(Read, Tables) {
  const auto& users = body<Table>(named(Kind::table, "users"));
  EXPECT_EQ(users.options, (Options{{"fillfactor", "70"},
                                    {"autovacuum_enabled", "false"},
                                    {"toast.autovacuum_vacuum_threshold", "99"}}));
  EXPECT_EQ(users.replica_identity, ReplicaIdentity::full);
  EXPECT_TRUE(users.row_security);
  EXPECT_TRUE(users.force_row_security);
  const auto& select = body<Table>(named(Kind::table, "select", kOdd));
  EXPECT_EQ(select.replica_identity, ReplicaIdentity::index);
  EXPECT_EQ(select.replica_identity_index, "select_user");
  const auto& scratch = body<Table>(named(Kind::table, "scratch"));
  EXPECT_EQ(scratch.persistence, Persistence::unlogged);
  EXPECT_EQ(scratch.access_method, "heap_again");
  EXPECT_TRUE(
      depends(named(Kind::table, "scratch"), ObjectId{Kind::access_method, {}, {}, "heap_again", {}}));
  EXPECT_EQ(body<Table>(named(Kind::table, "of_address")).of_type, "app.address");
  EXPECT_TRUE(depends(named(Kind::table, "of_address"), named(Kind::composite_type, "address")));
  EXPECT_EQ(body<Table>(named(Kind::table, "child")).inherits,
            (std::vector<QualifiedName>{{"app", "parent_b"}, {"app", "parent_a"}}));
}

TEST(Read, Partitions) {
  const auto& events = body<Table>(named(Kind::table, "events"));
  EXPECT_TRUE(events.partitioned);
  EXPECT_EQ(events.partition_key, "RANGE (at)");
  const auto& year = body<Table>(named(Kind::table, "events_2025"));
  EXPECT_EQ(year.partition_of, (QualifiedName{"app", "events"}));
  EXPECT_EQ(year.partition_bound, "FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00')");
  EXPECT_TRUE(year.partitioned);
  EXPECT_EQ(body<Table>(named(Kind::table, "events_2025_rest")).partition_bound, "DEFAULT");
  EXPECT_TRUE(depends(named(Kind::table, "events_2025"), named(Kind::table, "events")));
  const auto& index = body<Index>(named(Kind::index, "events_2025_kind_idx"));
  EXPECT_EQ(index.parent, (QualifiedName{"app", "events_kind"}));
  EXPECT_TRUE(depends(named(Kind::index, "events_2025_kind_idx"), named(Kind::index, "events_kind")));
  EXPECT_FALSE(body<Index>(named(Kind::index, "events_only")).valid);
  const auto& key = body<Constraint>(part(Kind::constraint, "events_old", "events_old_pkey"));
  EXPECT_TRUE(key.inherited);
  EXPECT_EQ(key.parent, "events_pkey");
  EXPECT_TRUE(body<Trigger>(part(Kind::trigger, "events_2025_a", "on_events")).inherited);
  EXPECT_FALSE(body<Trigger>(part(Kind::trigger, "events", "on_events")).inherited);
  // The rows that a foreign key to a partitioned table has for each partition are no constraints.
  std::size_t foreign_keys = 0;
  for (const auto& [id, one] : model().objects) {
    const auto* constraint = std::get_if<Constraint>(&one.body);
    if (id.relation == "event_notes" && constraint)
      foreign_keys += constraint->type == ConstraintType::foreign_key;
  }
  EXPECT_EQ(foreign_keys, 1U);
}

TEST(Read, Columns) {
  const Column& id = column("users", "id");
  EXPECT_EQ(id.identity, Identity::by_default);
  EXPECT_EQ(id.identity_options.start, "1000");
  EXPECT_EQ(id.identity_options.increment, "10");
  EXPECT_EQ(id.identity_sequence, (QualifiedName{"app", "users_id_seq"}));
  EXPECT_EQ(id.identity_comment, "numbers of people");
  EXPECT_TRUE(granted(id.identity_grants, "contraflow reader", "USAGE"));
  EXPECT_EQ(model().find(named(Kind::sequence, "users_id_seq")), nullptr);
  const Column& email = column("users", "email");
  EXPECT_EQ(email.type, "character varying(320)");
  EXPECT_EQ(email.type_base, "character varying");
  EXPECT_EQ(email.collation, "pg_catalog.\"C\"");
  EXPECT_EQ(email.statistics_target, 500);
  EXPECT_EQ(email.options, (Options{{"n_distinct", "-0.5"}}));
  EXPECT_TRUE(email.not_null);
  EXPECT_EQ(object(column_id("app", "users", "email")).comment, "where to write");
  EXPECT_TRUE(granted(object(column_id("app", "users", "email")).grants, "", "UPDATE"));
  EXPECT_EQ(column("users", "Full \"Name\"").default_expression, "'it''s me'::text");
  EXPECT_EQ(column("users", "picture").storage, "EXTERNAL");
  EXPECT_EQ(column("users", "picture").position, 11);
  EXPECT_EQ(column("users", "friends").position, 12);  // the dropped column between them does not count
  EXPECT_TRUE(column("users", "email").storage.empty());
  EXPECT_EQ(column("users", "doubled").generated, Generated::stored);
  EXPECT_TRUE(depends(column_id("app", "users", "doubled"), column_id("app", "users", "email")));
  EXPECT_TRUE(depends(column_id("app", "users", "state"), named(Kind::enum_type, "order_state")));
  EXPECT_TRUE(depends(column_id("app", "scratch", "b"), named(Kind::sequence, "free sequence")));
  EXPECT_TRUE(depends(column_id("app", "users", "email"), named(Kind::table, "users")));
  EXPECT_TRUE(column("child", "id").not_null_inherited);
  EXPECT_TRUE(column("child", "a").local);
  EXPECT_TRUE(column("child", "a").inherited);
  EXPECT_FALSE(column("child", "b").local);
  EXPECT_EQ(column("far", "id").fdw_options, (Options{{"column_name", "ID"}}));
  if (model().major() >= 14) {
    EXPECT_EQ(column("users", "picture").compression, "pglz");
    EXPECT_TRUE(depends(column_id("app", "schedule", "all_times"), named(Kind::range_type, "time_range")));
  }
}

TEST(Read, Sequences) {
  const auto& sequence = body<Sequence>(named(Kind::sequence, "free sequence"));
  EXPECT_EQ(sequence.options.type, "smallint");
  EXPECT_EQ(sequence.options.increment, "-2");
  EXPECT_TRUE(sequence.options.cycle);
  EXPECT_FALSE(sequence.owned_by);
  const ObjectId serial = named(Kind::sequence, "select_id_seq", kOdd);
  EXPECT_EQ(body<Sequence>(serial).owned_by, column_id(kOdd, "select", "id"));
  EXPECT_TRUE(depends(column_id(kOdd, "select", "id"), serial));
  EXPECT_FALSE(depends(serial, column_id(kOdd, "select", "id")));
}

TEST(Read, Constraints) {
  const auto& late = body<Constraint>(part(Kind::constraint, "select", "late", kOdd));
  EXPECT_EQ(late.expression, "(email <> ''::text)");
  EXPECT_TRUE(late.no_inherit);
  EXPECT_FALSE(late.validated);
  const auto& unique = body<Constraint>(part(Kind::constraint, "users", "unique email"));
  EXPECT_TRUE(unique.deferrable);
  EXPECT_TRUE(unique.initially_deferred);
  EXPECT_EQ(unique.columns, std::vector<std::string>{"email"});
  const ObjectId key = part(Kind::constraint, "select", "select_user_fkey", kOdd);
  EXPECT_EQ(body<Constraint>(key).references, (QualifiedName{"app", "users"}));
  EXPECT_EQ(body<Constraint>(key).referenced_columns, std::vector<std::string>{"id"});
  EXPECT_TRUE(depends(key, part(Kind::constraint, "users", "users_pkey")));
  EXPECT_TRUE(depends(key, column_id("app", "users", "id")));
  EXPECT_TRUE(
      depends(part(Kind::constraint, "select", "fk by email", kOdd), named(Kind::index, "users_email")));
  EXPECT_EQ(body<Constraint>(part(Kind::constraint, "select", "no_overlap", kOdd)).type,
            ConstraintType::exclusion);
  EXPECT_EQ(object(part(Kind::constraint, "users", "users_pkey")).comment, "the key");
  EXPECT_EQ(object(named(Kind::index, "users_pkey")).comment, "the key's index");
  EXPECT_TRUE(body<Constraint>(part(Kind::constraint, "child", "positive")).inherited);
  EXPECT_FALSE(body<Constraint>(part(Kind::constraint, "child", "positive")).local);
  if (model().major() >= 15) {
    EXPECT_TRUE(body<Constraint>(part(Kind::constraint, "distinct_nulls", "distinct_nulls_a_b_key"))
                    .nulls_not_distinct);
  }
}

TEST(Read, NotNullConstraintsOf18) {
  if (model().major() < 18) GTEST_SKIP() << "NOT NULL is no constraint before 18";
  EXPECT_EQ(model().find(part(Kind::constraint, "new_ways", "new_ways_plain_not_null")), nullptr);
  EXPECT_TRUE(column("new_ways", "plain").not_null);
  EXPECT_EQ(column("new_ways", "id").not_null_name, "named not null");
  EXPECT_FALSE(body<Constraint>(part(Kind::constraint, "new_ways", "not yet")).validated);
  EXPECT_FALSE(body<Constraint>(part(Kind::constraint, "new_ways", "unchecked")).enforced);
  EXPECT_EQ(column("new_ways", "doubled").generated, Generated::virtual_);
  EXPECT_EQ(body<Domain>(named(Kind::domain, "required")).not_null_name, "must");
  EXPECT_TRUE(column("child", "id").not_null_inherited);
  EXPECT_FALSE(column("child", "id").not_null_local);
}

TEST(Read, Indexes) {
  const auto& by_name = body<Index>(named(Kind::index, "users by name"));
  EXPECT_EQ(by_name.columns, (std::vector<std::string>{"", "created"}));
  EXPECT_EQ(by_name.include, std::vector<std::string>{"state"});
  EXPECT_EQ(by_name.statistics_targets, (std::map<int, int>{{1, 77}}));
  EXPECT_EQ(by_name.options, (Options{{"fillfactor", "50"}}));
  EXPECT_EQ(by_name.predicate, "(\"users; drop table x\" AND (state <> 'new'::app.order_state))");
  const auto& clustered = body<Index>(named(Kind::index, "select_user", kOdd));
  EXPECT_TRUE(clustered.clustered);
  EXPECT_TRUE(clustered.replica_identity);
  EXPECT_EQ(body<Index>(named(Kind::index, "users_pkey")).constraint, "users_pkey");
  EXPECT_TRUE(depends(named(Kind::index, "users_pkey"), part(Kind::constraint, "users", "users_pkey")));
  EXPECT_TRUE(depends(named(Kind::index, "users_small"),
                      ObjectId{Kind::operator_class, "app", {}, "my_int_ops", "btree"}));
  EXPECT_TRUE(depends(named(Kind::index, "summary_state"), named(Kind::materialized_view, "summary")));
}

TEST(Read, Views) {
  const auto& active = body<View>(named(Kind::view, "active"));
  EXPECT_EQ(active.options, (Options{{"security_barrier", "true"}}));
  ASSERT_EQ(active.columns.size(), 4U);
  EXPECT_EQ(active.columns[1].name, "email");
  EXPECT_EQ(active.columns[1].comment, "mail");
  EXPECT_TRUE(granted(active.columns[0].grants, "contraflow reader", "SELECT"));
  EXPECT_FALSE(active.definition.ends_with(";"));
  EXPECT_TRUE(depends(named(Kind::view, "active"), column_id("app", "users", "email")));
  EXPECT_TRUE(depends(named(Kind::view, "over_view"), named(Kind::view, "active")));
  EXPECT_TRUE(depends(named(Kind::view, "over_view"), routine("full_name", "app.users, text, text[]")));
  EXPECT_EQ(body<View>(named(Kind::view, "simple")).options, (Options{{"check_option", "cascaded"}}));
  EXPECT_EQ(body<View>(named(Kind::view, "simple")).columns[1].default_expression,
            "'packed'::app.order_state");
  const auto& summary = body<MaterializedView>(named(Kind::materialized_view, "summary"));
  EXPECT_FALSE(summary.populated);
  EXPECT_EQ(summary.statistics_targets, (std::map<std::string, int>{{"n", 9}}));
}

}  // namespace
}  // namespace contraflow::catalog
