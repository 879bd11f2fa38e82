// SPDX-License-Identifier: Apache-2.0
#include "sql/parser_version.h"

#include <pg_query.h>

namespace contraflow::sql {

std::string_view parser_version() { return PG_VERSION; }

}  // namespace contraflow::sql
