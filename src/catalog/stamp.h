// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pg/connection.h"

namespace contraflow::catalog {

// Equal as long as no statement has changed the catalog: a hash over the row versions (xmin) of the catalogs that describe the schema, in one query. It says
// whether a schema that was read before still holds, at a fraction of the cost of reading it; what the schema is, only fingerprint() says. Two databases with the same
// schema have different ones, and a change that is undone gives a new one. VACUUM and ANALYZE do not change it: they update pg_class in place.
std::string stamp(pg::Connection& connection);

}  // namespace contraflow::catalog
