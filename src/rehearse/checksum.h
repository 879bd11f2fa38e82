// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "sql/name.h"

namespace contraflow::rehearse {

// The columns of one table by name, in their order, generated ones left out: the shape in which its rows are
// compared.
using Shape = std::map<sql::QualifiedName, std::vector<std::string>>;
Shape shape_of(pg::Connection& connection);

struct TableSum {
  long long rows = 0;
  std::string sum;  // sees neither the order of rows nor that of columns
  bool operator==(const TableSum&) const = default;
};
using Checksums = std::map<sql::QualifiedName, TableSum>;
// Of the tables and columns of `shape`; a table that lacks one of them is left out, and named in `missing`.
Checksums checksums(pg::Connection& connection, const Shape& shape,
                    std::vector<std::string>* missing = nullptr);

// What is not as it was, a sentence each; at most a screenful.
std::vector<std::string> differences(const Checksums& want, const Checksums& got);
long long total_rows(const Checksums& sums);

}  // namespace contraflow::rehearse
