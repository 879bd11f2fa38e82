// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pg/connection.h"
#include "sql/name.h"

namespace contraflow::rehearse {

struct ColumnStatistics {
  double null_fraction = 0;
  double distinct = 0;  // as in pg_stats.n_distinct: negative is a share of the rows
  int width = 0;
};
struct TableStatistics {
  double rows = 0, bytes = 0, index_bytes = 0;
  std::map<std::string, ColumnStatistics> columns;
};
// What production looks like, without a single value of it.
struct Statistics {
  int server_version = 0;
  std::map<sql::QualifiedName, TableStatistics> tables;
};

// Reads pg_class and pg_stats of a live database; no row, no most common value, no histogram.
Statistics read_statistics(pg::Connection& connection);
std::string statistics_json(const Statistics& statistics, std::string_view tool_version);
// Error{usage} with what is wrong in it.
Statistics parse_statistics(std::string_view text, const std::string& file);

}  // namespace contraflow::rehearse
