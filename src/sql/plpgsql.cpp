// SPDX-License-Identifier: Apache-2.0
#include "sql/plpgsql.h"

#include <pg_query.h>

#include <memory>

#include "sql/name.h"

namespace contraflow::sql {

std::string plpgsql_tree(std::string_view body) {
  const std::string statement = "DO " + dollar_quote(body, "body");
  const PgQueryPlpgsqlParseResult raw = pg_query_parse_plpgsql(statement.c_str());
  const std::unique_ptr<const PgQueryPlpgsqlParseResult, void (*)(const PgQueryPlpgsqlParseResult*)> owner(
      &raw, [](const PgQueryPlpgsqlParseResult* result) { pg_query_free_plpgsql_parse_result(*result); });
  if (raw.error != nullptr || raw.plpgsql_funcs == nullptr) return {};
  return raw.plpgsql_funcs;
}

}  // namespace contraflow::sql
