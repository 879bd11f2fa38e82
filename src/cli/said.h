// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "diff/rename.h"
#include "lint/meaning.h"
#include "plan/make_plan.h"
#include "rehearse/evidence.h"
#include "rehearse/migration.h"

namespace contraflow::cli {

// A statement whose effect the schema after the migration does not show, and what becomes of it.
struct SaidStatement {
  rehearse::Place place;
  std::string verb;  // "UPDATE", "UPDATE in a DO block"
  std::string why;
  std::string todo;
};

// What a migration says beyond the schema that it leads to. Names of conversions and fills are those after the whole migration.
struct Said {
  std::vector<diff::RenameRequest> renames;
  struct Value {
    sql::QualifiedName table;
    std::string column, expression;
    bool only_null = false;
    bool new_column = false;  // the migration itself made the column
    SaidStatement statement;
  };
  std::vector<Value> conversions, fills;
  std::vector<SaidStatement> data;      // cannot be carried over
  std::vector<SaidStatement> left_out;  // leaves nothing in the schema, changes no row
  bool takes_back = false;              // it has a ROLLBACK or a savepoint
  std::set<std::size_t> transaction;    // items that are BEGIN or COMMIT
};

Said what_is_said(const rehearse::Script& script, const catalog::Database& before, const catalog::Database& after);

// Puts conversions and fills into the options of the plan from `from` (renames carried out) to `to`, unless the user gave others. Fills that no plan
// step would carry out join `said.data`. Returns what was taken, a line each.
std::vector<std::string> take_over(Said& said, const catalog::Database& from, const catalog::Database& to, plan::Options& options);

}  // namespace contraflow::cli
