// SPDX-License-Identifier: Apache-2.0
#include "apply/backfill_parts.h"

#include <gtest/gtest.h>

#include "pg/sandbox.h"

namespace contraflow::apply {
namespace {

class LiveParts : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    sandbox_ = std::make_unique<pg::Sandbox>();
    conninfo_ = sandbox_->create_database("parts");
    pg::Connection connection(conninfo_);
    connection.execute(
        "CREATE TABLE n (id int PRIMARY KEY, v int); INSERT INTO n SELECT i * 3 FROM generate_series(1, 5000) i;"
        "CREATE TABLE c (a text COLLATE \"C\", b int, PRIMARY KEY (a, b)); INSERT INTO c SELECT 'it''s ' || i % 7, i FROM generate_series(1, 2000) i;"
        "CREATE TABLE bare (v int); INSERT INTO bare SELECT i FROM generate_series(1, 9000) i;"
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent); INSERT INTO parent VALUES (1); INSERT INTO child SELECT i FROM generate_series(2, 3000) i;"
        "CREATE TABLE empty (id int PRIMARY KEY); CREATE EXTENSION citext; CREATE TABLE ci (k citext PRIMARY KEY); INSERT INTO ci VALUES ('b'), ('A'), ('C');");
  }
  static void TearDownTestSuite() { sandbox_.reset(); }

  // Every row is in exactly one range, whatever the size of the steps.
  long long walk(const plan::Backfill& backfill, int pieces, long long size) {
    long long rows = 0;
    for (const Part& part : parts_of(connection_, backfill, pieces)) {
      std::vector<std::string> lower = part.lower;
      for (int i = 0; i < 100000; ++i) {
        const std::vector<std::string> upper = next_bound(connection_, part, lower, size);
        rows += connection_.execute("SELECT count(*) FROM ONLY " + part.relation + " WHERE " + range_condition(part, lower, upper)).integer(0, 0);
        lower = upper;
        if (upper == part.upper) break;
      }
    }
    return rows;
  }

  static inline std::unique_ptr<pg::Sandbox> sandbox_;
  static inline std::string conninfo_;
  pg::Connection connection_{conninfo_};
};

TEST_F(LiveParts, RangesHoldEveryRowOnce) {
  connection_.execute("SET search_path = ''");
  for (const int pieces : {1, 4}) {
    EXPECT_EQ(walk({{"public", "n"}, {"id"}, "", ""}, pieces, 700), 5000) << pieces;
    EXPECT_EQ(walk({{"public", "c"}, {"a", "b"}, "", ""}, pieces, 130), 2000) << pieces;
    EXPECT_EQ(walk({{"public", "bare"}, {}, "", ""}, pieces, 100), 9000) << pieces;
    EXPECT_EQ(walk({{"public", "parent"}, {"id"}, "", ""}, pieces, 500), 3000) << pieces;
    EXPECT_EQ(walk({{"public", "ci"}, {"k"}, "", ""}, pieces, 1), 3) << pieces;
    EXPECT_EQ(walk({{"public", "empty"}, {"id"}, "", ""}, pieces, 500), 0) << pieces;
  }
}

TEST_F(LiveParts, KeysServeOnlyWhereAnIndexSortsAsTheOperatorsCompare) {
  connection_.execute("SET search_path = ''");
  EXPECT_EQ(parts_of(connection_, {{"public", "n"}, {"id"}, "", ""}, 1).front().key, std::vector<std::string>{"id"});
  EXPECT_TRUE(parts_of(connection_, {{"public", "ci"}, {"k"}, "", ""}, 1).front().key.empty());  // citext's operators are not found
  EXPECT_TRUE(parts_of(connection_, {{"public", "n"}, {"v"}, "", ""}, 1).front().key.empty());   // no such index
}

TEST_F(LiveParts, AnotherTableIsAnotherIdentity) {
  const plan::Backfill copy{{"public", "bare"}, {}, "INSERT INTO public.copy SELECT v FROM {rows}", ""};
  connection_.execute("CREATE TABLE public.copy (v int)");
  const std::string before = identity_of(connection_, copy);
  EXPECT_EQ(identity_of(connection_, copy), before);
  connection_.execute("DROP TABLE public.copy; CREATE TABLE public.copy (v int)");
  EXPECT_NE(identity_of(connection_, copy), before);
}

}  // namespace
}  // namespace contraflow::apply
