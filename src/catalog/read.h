// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "pg/connection.h"

namespace contraflow::catalog {

struct ReadOptions {
  std::vector<std::string> schemas =
      {};  // --schema: only these (patterns with *); empty: all but the system's
  std::vector<std::string> exclude =
      {};                                                 // --exclude: `schema`, `schema.object` or `kind:name`, patterns with *
  bool sizes = true;                                      // also pg_table_size and reltuples
  std::shared_ptr<std::set<std::string>> excluding = {};  // where given: those of `exclude` that left something out
};

// Reads the whole catalog in one REPEATABLE READ, READ ONLY transaction with a constant number of set-based
// queries, in pipeline mode. Members of extensions are left to the extension; schema `contraflow` (the
// journal) is left out.
Database read(pg::Connection& connection, const ReadOptions& options = {});

}  // namespace contraflow::catalog
