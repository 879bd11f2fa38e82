// SPDX-License-Identifier: Apache-2.0
//
// The front of the module: files in, findings out. Pure: no connection, no clock, no environment.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "catalog/source_script.h"
#include "lint/finding.h"
#include "lint/rule.h"
#include "lint/versions.h"

namespace contraflow::lint {

// One file to read. Files of one migration history come in the order in which they run: each sees what those before it left.
struct Input {
  std::shared_ptr<const catalog::ScriptFile> file;
  std::string text_shown;  // the whole file where `file` holds a part of it blanked (migrate:up); empty: the same
  std::string layout;      // "flyway", …; empty: plain
  Runner runner = Runner::none;
  bool rollback = false;  // it undoes the file before it: runs on the state that one left, and is forgotten then
  bool in_plan = false;
  bool report = true;           // false: read for what it leaves, without findings
  bool lacks_rollback = false;  // its layout has one beside each file, and here is none
};

struct RelationStats {
  double rows = -1;
  long long bytes = -1;
};

struct CheckOptions {
  Majors majors;
  const catalog::Database* schema = nullptr;     // what the first file runs on
  std::map<QualifiedName, RelationStats> stats;  // sizes, where known
  bool have_stats = false;
  std::set<std::string> enabled, disabled;  // rules, on top of what is on by default
  bool all_rules = false;
  std::vector<std::pair<std::string, std::set<std::string>>> disabled_paths;  // pattern -> rules; empty set: all
  bool each = false;                                                          // every file by itself, on the schema
  unsigned threads = 0;                                                       // 0: as many as the machine has
};

struct Report {
  std::vector<Finding> findings;  // by file in the order given, then by place
  std::size_t files = 0;
  std::size_t statements = 0;
  std::size_t suppressed = 0;  // by comments or by path
};

Report check(const std::vector<Input>& inputs, const CheckOptions& options);

}  // namespace contraflow::lint
