// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace contraflow::testgen {

// Values, as SQL expressions, that a partitioned table has a partition for, and that a partition's own bounds allow; by column. Of keys that are columns.
std::map<std::string, std::vector<std::string>> partition_values(const catalog::Database& database, const sql::QualifiedName& table);

}  // namespace contraflow::testgen
