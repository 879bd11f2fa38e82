// SPDX-License-Identifier: Apache-2.0
//
// What one test file says, as data: each stack renders it (testgen/stack.h).
#pragma once

#include <string>
#include <vector>

#include "testgen/rows.h"

namespace contraflow::testgen {

struct Assertion {
  enum class Kind {
    heading,  // no test: what follows is about `says`
    run,      // no test: the statement prepares the next one
    lives,    // the statement succeeds
    refuses,  // it fails with this SQLSTATE
    gives,    // the query gives exactly these rows, in whatever order; every value as text
    shows,    // after the statements `first`, which leave nothing behind, the query gives exactly these rows, each as one text; or "refused: SQLSTATE"
  } kind{};
  std::string statement;
  std::string says;  // a sentence
  std::string sqlstate;
  std::vector<std::vector<pg::Value>> rows;
  std::size_t columns = 0;
  std::vector<std::string> first = {};
  std::string client = {};  // gives one number: a call of Prisma's client that finds as many rows, in TypeScript behind the client
};

// Runs in one transaction that is rolled back.
class TestFile {
 public:
  void heading(const std::string& text) { assertions_.push_back({.kind = Assertion::Kind::heading, .statement = {}, .says = text, .sqlstate = {}, .rows = {}}); }
  void run(const std::string& statement) { assertions_.push_back({.kind = Assertion::Kind::run, .statement = statement, .says = {}, .sqlstate = {}, .rows = {}}); }
  void lives(const std::string& statement, const std::string& says) { add({.kind = Assertion::Kind::lives, .statement = statement, .says = says, .sqlstate = {}, .rows = {}}); }
  void refuses(const std::string& statement, const std::string& sqlstate, const std::string& says) {
    add({.kind = Assertion::Kind::refuses, .statement = statement, .says = says, .sqlstate = sqlstate, .rows = {}});
  }
  void gives(const std::string& query, const std::vector<std::vector<pg::Value>>& rows, std::size_t columns, const std::string& says) {
    add({.kind = Assertion::Kind::gives, .statement = query, .says = says, .sqlstate = {}, .rows = rows, .columns = columns});
  }
  void found(const std::string& query, const std::string& value, const std::string& client, const std::string& says) {
    add({.kind = Assertion::Kind::gives, .statement = query, .says = says, .sqlstate = {}, .rows = {{value}}, .columns = 1, .client = client});
  }
  void shows(const std::vector<std::string>& first, const std::string& query, const std::vector<std::string>& outcome, const std::string& says) {
    std::vector<std::vector<pg::Value>> rows;
    for (const std::string& row : outcome) rows.push_back({row});
    add({.kind = Assertion::Kind::shows, .statement = query, .says = says, .sqlstate = {}, .rows = rows, .columns = 1, .first = first});
  }
  long long tests() const { return tests_; }
  const std::vector<Assertion>& assertions() const { return assertions_; }

 private:
  void add(Assertion assertion) {
    assertions_.push_back(std::move(assertion));
    ++tests_;
  }

  std::vector<Assertion> assertions_;
  long long tests_ = 0;
};

}  // namespace contraflow::testgen
