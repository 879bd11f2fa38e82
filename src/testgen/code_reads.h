// SPDX-License-Identifier: Apache-2.0
//
// Reads of the code base on tables with soft delete, run as they are: a deleted user must not log in, and the admin's pages must still find the row.
#pragma once

#include <string>
#include <vector>

#include "testgen/table_tests.h"

namespace contraflow::testgen {

struct CodeRead {
  std::string place;      // src/login.ts:5
  std::string function;   // may be empty
  QualifiedName table;    // whose deleted rows it is about, by the name after the plan
  std::string column;     // that marks them
  std::string statement;  // with $1 …; empty: `reason`
  std::string reason;
  bool sees_deleted = false;
  // A call of Prisma's client, for stacks that have one: texts[0] $parameters[0] texts[1] …; empty: the statement stands for it.
  std::vector<std::string> texts;
  std::vector<int> parameters;
};

// Picks the reads that are keyed as a login is (by a unique or credential-like column), and those that are to see deleted rows; finds rows and parameters with which each
// returns something. What it leaves out, `notes` of the world say.
class CodeReadTests {
 public:
  CodeReadTests(World& world, const std::vector<CodeRead>& reads);
  void write(TestFile& file, State state) const;
  bool empty() const { return reads_.empty(); }

 private:
  struct Prepared {
    std::string says, heading;
    State from = 0;
    std::vector<std::string> before, after;  // make the rows fit, and put them back
    std::string mark, restore;
    std::string query, live, deleted;  // one text
    std::string client;                // TypeScript behind the client
    bool sees_deleted = false;
    bool counted = true;  // the text is a number of rows
  };
  void prepare(const CodeRead& read);
  void left_out(const CodeRead& read, const std::string& why);

  World& world_;
  std::vector<Prepared> reads_;
};

}  // namespace contraflow::testgen
