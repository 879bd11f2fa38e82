// SPDX-License-Identifier: Apache-2.0
//
// The suite of a plan: one file for the state before it and one for the state after each phase, and the rows that stand in the tables before.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "plan/plan.h"
#include "testgen/code_reads.h"
#include "testgen/shape.h"
#include "testgen/stack.h"

namespace contraflow::testgen {

inline constexpr const char* kRowsFile = "0_rows.sql";             // SQL: rows as the deployed version has them
inline constexpr const char* kKeptFile = "0_rows_kept";            // test file: they are all there, as they were: before, and after a way back
inline constexpr const char* kBeforeFile = "0_before";             // test file: what the current schema takes and refuses: before, and after a way back
inline constexpr const char* kAnewFile = "0_before_objects_anew";  // test file: the objects after a way back that gives contents up, on the rows of before written anew
std::string file_of(plan::Phase phase);                            // "1_expand"; the stack has the endings
std::string reads_file_of(plan::Phase phase);                      // "1_expand_reads": what the code base reads, where it does

std::string objects_file_of(const std::string& file);  // "1_expand_objects": views, functions, triggers, policies and so on, where the plan changes such

struct Suite {
  std::map<std::string, std::string> files;  // what the stack's test files share among them
  long long tests = 0, test_files = 0;
  std::vector<std::string> notes;  // what is not tested, by name, and why
};

// `before` and `desired`: superuser's connections to sandbox databases with the two schemas and no rows; nothing that is tried there stays.
Suite make_suite(const Stack& stack, const plan::Plan& plan, pg::Connection& before, pg::Connection& desired, const std::vector<CodeRead>& reads = {});

}  // namespace contraflow::testgen
