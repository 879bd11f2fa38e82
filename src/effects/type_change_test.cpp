// SPDX-License-Identifier: Apache-2.0
#include "effects/type_change.h"

#include <gtest/gtest.h>

namespace contraflow::effects {
namespace {

// Each pair was asked of PostgreSQL 15: a value there and back by casts, compared as text. The value that shows it stands beside the pair.
TEST(MayChange, WhatACastTakesAndDoesNotGiveBack) {
  const struct {
    const char *from, *to, *value;
  } kPairs[] = {
      {"numeric", "numeric(12,3)", "1.23456"},
      {"numeric(10,4)", "numeric(10,2)", "1.2345"},
      {"numeric(10,2)", "integer", "1.25"},
      {"numeric", "bigint", "1.25"},
      {"numeric", "double precision", "1.2345678901234567890"},
      {"double precision", "integer", "1.5"},
      {"double precision", "real", "1.23456789"},
      {"double precision", "numeric", "1.2345678901234567"},
      {"bigint", "double precision", "9007199254740993"},
      {"integer", "real", "16777217"},
      {"timestamp with time zone", "date", "2026-01-01 10:00"},
      {"timestamp(6) without time zone", "timestamp(0) without time zone", "2026-01-01 10:00:00.5"},
      {"time without time zone", "time(0) without time zone", "10:00:00.5"},
      {"interval", "interval(0)", "1.5 s"},
      {"json", "jsonb", "{\"a\" :1}"},
      {"text", "character(10)", "a "},
      {"inet", "cidr", "10.0.0.1/8"},
      {"text", "integer", "007"},
  };
  for (const auto& pair : kPairs) EXPECT_TRUE(may_change(pair.from, pair.to)) << pair.from << " -> " << pair.to << ": " << pair.value;
}

TEST(MayChange, NotWhereEachValueComesBackOrIsRefused) {
  const std::pair<const char*, const char*> kPairs[] = {
      {"integer", "bigint"},
      {"integer", "double precision"},
      {"integer", "numeric"},
      {"bigint", "integer"},
      {"numeric(10,2)", "numeric(12,2)"},
      {"numeric(10,0)", "integer"},
      {"text", "character varying(10)"},
      {"character varying(20)", "text"},
      {"timestamp without time zone", "timestamp with time zone"},
      {"date", "timestamp with time zone"},
      {"jsonb", "json"},
      {"text", "json"},
      {"time(0) without time zone", "time without time zone"},
      {"uuid", "text"},
      {"real", "double precision"},
  };
  for (const auto& [from, to] : kPairs) EXPECT_FALSE(may_change(from, to)) << from << " -> " << to;
}

}  // namespace
}  // namespace contraflow::effects
