// SPDX-License-Identifier: Apache-2.0
#include "catalog/archive.h"

#include <gtest/gtest.h>

#include "catalog/read_live.h"
#include "catalog/stamp.h"
#include "pg/connection.h"

namespace contraflow::catalog {
namespace {

using namespace live;

TEST(Archive, EveryKindOfObjectComesBack) {
  const std::string bytes = pack(model());
  const std::optional<Database> back = unpack(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(live::differences(model(), *back), std::vector<std::string>{});
  EXPECT_TRUE(back->objects == model().objects);
  EXPECT_EQ(back->roles, model().roles);
  EXPECT_EQ(back->owner, model().owner);
  EXPECT_EQ(back->sizes.size(), model().sizes.size());
  EXPECT_EQ(pack(*back), bytes);
}

TEST(Archive, WhatWasAlteredOrCutShortIsNone) {
  const std::string bytes = pack(model());
  EXPECT_FALSE(unpack(""));
  EXPECT_FALSE(unpack("contraflow catalog 0.0.0 1 1\n" + bytes.substr(bytes.find('\n') + 1)));
  for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 50) EXPECT_FALSE(unpack(bytes.substr(0, length))) << length;
  for (std::size_t at = 0; at < bytes.size(); at += bytes.size() / 50) {
    std::string altered = bytes;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    EXPECT_FALSE(unpack(altered)) << at;
  }
}

TEST(Stamp, ChangesWithTheSchemaOnly) {
  pg::Connection connection(live::database_with("SELECT 1"));
  connection.execute("BEGIN; CREATE SCHEMA stamped; CREATE TABLE stamped.t (id int PRIMARY KEY, a text); CREATE TYPE stamped.e AS ENUM ('a'); CREATE VIEW stamped.v AS SELECT 1 AS x");
  std::string last = stamp(connection);
  EXPECT_EQ(stamp(connection), last);
  connection.execute("INSERT INTO stamped.t SELECT g, 'x' FROM generate_series(1, 1000) g; ANALYZE stamped.t");
  EXPECT_EQ(stamp(connection), last) << "rows and statistics are no schema";
  // What adds no row changes a version of one, and in one transaction the versions are equal: each of these is a transaction of its own.
  connection.execute("COMMIT");
  last = stamp(connection);
  for (const char* change : {"ALTER TABLE stamped.t ALTER a SET NOT NULL", "ALTER TABLE stamped.t ALTER a SET DEFAULT 'y'", "ALTER TABLE stamped.t ALTER a TYPE varchar(90)", "ALTER TABLE stamped.t RENAME a TO b",
                             "COMMENT ON COLUMN stamped.t.b IS 'c'", "COMMENT ON COLUMN stamped.t.b IS 'd'", "ALTER TYPE stamped.e ADD VALUE 'b'", "CREATE OR REPLACE VIEW stamped.v AS SELECT 2 AS x",
                             "CREATE INDEX ON stamped.t (b)", "GRANT SELECT ON stamped.t TO PUBLIC", "ALTER TABLE stamped.t ENABLE ROW LEVEL SECURITY", "COMMENT ON SCHEMA public IS 'p'",
                             "CREATE FUNCTION stamped.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE FUNCTION stamped.f() RETURNS int LANGUAGE sql AS 'SELECT 2'", "DROP SCHEMA stamped CASCADE"}) {
    connection.execute(change);
    const std::string now = stamp(connection);
    EXPECT_NE(now, last) << change;
    last = now;
  }
}

}  // namespace
}  // namespace contraflow::catalog
