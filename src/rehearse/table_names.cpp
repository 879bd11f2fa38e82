// SPDX-License-Identifier: Apache-2.0
#include "rehearse/table_names.h"

#include "pg/connection.h"
#include "sql/name.h"

namespace contraflow::rehearse {

TableNames::TableNames(const std::string& conninfo) : conninfo_(conninfo), first_(now()) {}

// A connection for each look: a database that is copied later must have none.
std::map<long long, std::string> TableNames::now() const {
  pg::Connection connection(conninfo_, "contraflow judge");
  const pg::Result rows = connection.query(
      "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
  std::map<long long, std::string> out;
  for (int row = 0; row < rows.rows(); ++row) out[rows.integer(row, 0)] = sql::quote(sql::QualifiedName{rows.string(row, 1), rows.string(row, 2)});
  return out;
}

void TableNames::look() {
  for (const auto& [oid, name] : now()) {
    const auto first = first_.find(oid);
    if (first != first_.end() && first->second != name) before_[name].insert(first->second);
  }
}

std::set<std::string> TableNames::with_names_before(const std::set<std::string>& names) const {
  std::set<std::string> out = names;
  for (const std::string& name : names) {
    const auto before = before_.find(name);
    if (before != before_.end()) out.insert(before->second.begin(), before->second.end());
  }
  return out;
}

}  // namespace contraflow::rehearse
