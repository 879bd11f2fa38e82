// SPDX-License-Identifier: Apache-2.0
#include "code/query_site.h"

#include <algorithm>

namespace contraflow::code {

std::string_view origin_name(Origin origin) {
  switch (origin) {
    case Origin::raw_sql: return "raw_sql";
    case Origin::sql_file: return "sql_file";
    case Origin::typed_sql: return "typed_sql";
    case Origin::prisma: return "prisma";
  }
  return "raw_sql";
}

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::high: return "high";
    case Confidence::medium: return "medium";
    case Confidence::low: return "low";
  }
  return "low";
}

bool QuerySite::touches(std::string_view table) const {
  return std::any_of(tables.begin(), tables.end(), [&](const TableUse& use) {
    return use.table.name == table || (!use.table.schema.empty() && use.table.schema + "." + use.table.name == table);
  });
}

}  // namespace contraflow::code
