// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "diff/diff.h"
#include "plan/plan.h"

namespace contraflow::plan {

enum class Synchronise {
  triggers,     // --strategy sync: triggers keep old and new columns equal; one deploy
  application,  // --strategy app: the application writes both columns itself; two deploys, no triggers
};
enum class Drops { retire,
                   direct };

// What the user said beyond the two schemas. Columns are written schema.table.column, unquoted.
struct Options {
  std::string name = "migration";
  Synchronise synchronise = Synchronise::triggers;
  Drops drops = Drops::retire;
  std::set<std::string> allow_blocking;                // rewrite, scan, index-build, exclusion
  std::map<std::string, std::string> conversion;       // --using: column -> expression, old to new
  std::map<std::string, std::string> conversion_back;  // --using-back
  std::map<std::string, std::string> fill;             // --fill: column -> expression for rows that hold NULL
  // Extension -> versions between which the target server's scripts lead.
  std::map<std::string, std::set<std::pair<std::string, std::string>>> extension_updates;
  // Carried out in `from` already (it reads as the server shows it after them); Rename::from is the name before.
  std::vector<diff::Rename> renames;
  std::map<std::string, std::map<std::string, std::string>> enum_map;  // --map: type -> removed label -> label
};

struct Outcome {
  Plan plan;
  std::vector<std::string> refusals;  // empty: the plan may be written
};

// The phased plan that leads from `from` to `to`. `renames` have been carried out in `from` already (it reads as the
// server shows it after them); `original` is the schema before. Pure: no connection, no clock, no environment.
Outcome make_plan(const catalog::Database& from, const catalog::Database& to, const diff::Difference& difference,
                  const Options& options);

}  // namespace contraflow::plan
