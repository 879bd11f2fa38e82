// SPDX-License-Identifier: Apache-2.0
#include "catalog/extension_updates.h"

#include <fmt/format.h>

#include "sql/name.h"

namespace contraflow::catalog {

std::set<std::pair<std::string, std::string>> extension_updates(pg::Connection& connection,
                                                                const std::string& name) {
  const pg::Result result = connection.execute(
      fmt::format("SELECT source, target FROM pg_catalog.pg_extension_update_paths({}) WHERE path IS NOT NULL",
                  sql::quote_literal(name)));
  std::set<std::pair<std::string, std::string>> out;
  for (int row = 0; row < result.rows(); ++row) out.emplace(result.string(row, 0), result.string(row, 1));
  return out;
}

}  // namespace contraflow::catalog
