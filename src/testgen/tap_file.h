// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "testgen/rows.h"

namespace contraflow::testgen {

// A pgTAP file: assertions, each with a sentence. It runs in a transaction that is rolled back.
class TapFile {
 public:
  void heading(const std::string& text);
  void lives(const std::string& statement, const std::string& says);
  void refuses(const std::string& statement, const std::string& sqlstate, const std::string& says);
  // The query gives exactly these rows, in whatever order; every value as text.
  void gives(const std::string& query, const std::vector<std::vector<pg::Value>>& rows, std::size_t columns, const std::string& says);
  void run(const std::string& statement);  // no assertion
  long long tests() const { return tests_; }
  std::string text(const std::string& title) const;

 private:
  std::string body_;
  long long tests_ = 0;
};

}  // namespace contraflow::testgen
