// SPDX-License-Identifier: Apache-2.0
#include "catalog/psql_commands.h"

#include <gtest/gtest.h>

namespace contraflow::catalog {
namespace {

TEST(PsqlCommands, WhatLeavesTheDatabaseIsRefused) {
  for (const char* line : {"\\! touch x", "\\!touch x", "\\!", "\\o |touch x", "\\o file", "\\out x", "\\g |touch x", "\\gx x", "\\g (format=csv) |touch x", "\\copy t from program 'x'", "\\copy t from PROGRAM 'x'",
                           "\\copy (select 1) to 'x'", "\\copy t to stdout", "\\c postgres", "\\connect x", "\\set x `touch y`", "\\if `touch y`", "\\echo hi \\! touch y", "\\echo 'a' \\\\ \\! touch y", "\\w x", "\\s x", "\\e", "\\setenv a b",
                           "\\cd /", "\\lo_import x", "\\watch 1", "\\password", "\\nosuch", "\\encoding SJIS", "\\gset \\g |touch x", "\\echo 'a'\\! touch x"})
    EXPECT_NE(reaches_outside(line), "") << line;
}

TEST(PsqlCommands, WhatStaysWithinItRuns) {
  for (const char* line : {"\\if :todo", "\\endif", "\\gset", "\\gset prefix_", "\\gexec", "\\g", "\\gx", "\\g (format=csv)", "\\set ON_ERROR_STOP on", "\\set x 'a`b'", "\\set x 'a\\nb \\'! c'", "\\encoding UTF8", "\\echo 'it''s \\! fine'",
                           "\\copy t from 'file.csv' csv", "\\copy t (a, b) from stdin", "\\o", "\\q", "\\pset format unaligned", "\\if :a \\echo b \\endif", "\\i other.sql"})
    EXPECT_EQ(reaches_outside(line), "") << line;
}

}  // namespace
}  // namespace contraflow::catalog
