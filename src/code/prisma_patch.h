// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/model.h"
#include "prisma/schema.h"

namespace contraflow::code {

// What the plan gives another name: models, fields and enum values keep theirs, and are mapped to the new one.
struct PlanRenames {
  std::map<sql::QualifiedName, sql::QualifiedName> tables;
  std::map<sql::QualifiedName, std::map<std::string, std::string>> columns;  // by the table's old name
  std::map<sql::QualifiedName, std::map<std::string, std::string>> values;   // by enum type
  bool filled = false;                                                       // the state is that after backfill or later: a column that stands beside the old one under the new name has its contents
};

struct SchemaPatch {
  std::vector<std::pair<std::string, std::string>> files;  // of the schema's files, those that change: as prisma format writes them
  std::vector<std::string> notes;                          // what they cannot say: partial indexes, triggers, …
};

// schema.prisma for a database that went from `before` to `now`: models, fields, types, defaults, enums, indexes, uniques and relations follow. Columns and
// tables that `end` (the plan's last state) no longer has get @ignore while they are there. Names that contraflow's own helpers carry (…__new) are left out.
SchemaPatch patch_schema(const prisma::Schema& schema, const catalog::Database& before, const catalog::Database& now, const catalog::Database& end, const PlanRenames& renames);

}  // namespace contraflow::code
