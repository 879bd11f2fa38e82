// SPDX-License-Identifier: Apache-2.0
#include "rehearse/checksum.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace contraflow::rehearse {

Shape shape_of(pg::Connection& connection) {
  const pg::Result rows = connection.query(
      "SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
      "n.oid = c.relnamespace"
      " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
      "AND a.attgenerated = ''"
      " WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN "
      "('information_schema', 'contraflow')"
      " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = "
      "'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')"
      " ORDER BY 1, 2, a.attname");
  Shape out;
  for (int row = 0; row < rows.rows(); ++row) {
    auto& columns = out[{rows.string(row, 0), rows.string(row, 1)}];
    if (!rows.is_null(row, 2)) columns.push_back(rows.string(row, 2));
  }
  return out;
}

Checksums checksums(pg::Connection& connection, const Shape& shape, std::vector<std::string>* missing) {
  const Shape now = shape_of(connection);
  std::vector<std::string> queries;
  std::vector<sql::QualifiedName> tables;
  for (const auto& [table, columns] : shape) {
    const auto found = now.find(table);
    if (found == now.end() ||
        !std::includes(found->second.begin(), found->second.end(), columns.begin(), columns.end())) {
      if (missing) missing->push_back(sql::quote(table));
      continue;
    }
    std::string row;
    for (const std::string& column : columns)
      row += (row.empty() ? "" : ", ") + ("t." + sql::quote_identifier(column));
    // Sums of two 64-bit hashes: no order, and duplicates count (an exclusive-or would lose pairs).
    queries.push_back(fmt::format(
        "SELECT pg_catalog.count(*), pg_catalog.concat_ws('/', pg_catalog.sum(pg_catalog.hashtextextended(r, "
        "0)), pg_catalog.sum(pg_catalog.hashtextextended(r, 8191)))"
        " FROM (SELECT ROW({})::text COLLATE \"C\" AS r FROM ONLY {} t) x",
        row, sql::quote(table)));
    tables.push_back(table);
  }
  Checksums out;
  if (queries.empty()) return out;
  queries.insert(queries.begin(), {"BEGIN", "SET LOCAL row_security = off", "SET LOCAL timezone = 'UTC'",
                                   "SET LOCAL datestyle = 'ISO, MDY'", "SET LOCAL intervalstyle = 'postgres'",
                                   "SET LOCAL bytea_output = 'hex'", "SET LOCAL extra_float_digits = 1"});
  const std::size_t first = 7;
  queries.push_back("COMMIT");
  const std::vector<pg::Result> results = connection.pipeline(queries);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const pg::Result& result = results[first + i];
    out.emplace(tables[i], TableSum{result.integer(0, 0), result.string(0, 1)});
  }
  return out;
}

std::vector<std::string> differences(const Checksums& want, const Checksums& got) {
  std::vector<std::string> out;
  for (const auto& [table, sum] : want) {
    const auto found = got.find(table);
    if (found == got.end()) {
      if (sum.rows > 0)
        out.push_back(fmt::format("{}: its {} are gone, or a column of them", sql::quote(table),
                                  count_of(sum.rows, "row")));
    } else if (found->second.rows != sum.rows) {
      out.push_back(fmt::format("{}: {} before, {} after", sql::quote(table), count_of(sum.rows, "row"),
                                found->second.rows));
    } else if (!(found->second == sum)) {
      out.push_back(
          fmt::format("{}: the contents of its {} differ", sql::quote(table), count_of(sum.rows, "row")));
    }
  }
  if (out.size() > 20) {
    const std::size_t more = out.size() - 20;
    out.resize(20);
    out.push_back(fmt::format("and {} more tables", more));
  }
  return out;
}

long long total_rows(const Checksums& sums) {
  long long rows = 0;
  for (const auto& [table, sum] : sums) rows += sum.rows;
  return rows;
}

}  // namespace contraflow::rehearse
