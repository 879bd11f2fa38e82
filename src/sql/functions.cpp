// SPDX-License-Identifier: Apache-2.0
#include "sql/functions.h"

#include <algorithm>
#include <array>
#include <string>

#include "sql/parse_tree.h"

namespace contraflow::sql {

std::vector<FunctionCall> functions_in(std::string_view expression) {
  const ParseTree tree = parse("SELECT " + std::string(expression));
  std::vector<FunctionCall> out;
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    if (const auto* call = message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor)) {
      FunctionCall found;
      for (std::size_t i = 0; i < call->n_funcname; ++i) {
        if (call->funcname[i]->node_case != PG_QUERY__NODE__NODE_STRING) continue;
        if (!found.name.empty()) found.schema = found.name;
        found.name = call->funcname[i]->string->sval;
      }
      out.push_back(std::move(found));
    }
    return true;
  });
  return out;
}

bool is_volatile_built_in(std::string_view name) {
  // select proname from pg_proc where provolatile = 'v' and pronamespace = 'pg_catalog'::regnamespace: those that return a plain
  // value and can stand in a default.
  static constexpr std::array<std::string_view, 20> kVolatile{
      "clock_timestamp", "currval", "gen_random_uuid", "lastval", "nextval", "pg_backend_pid", "pg_current_wal_insert_lsn",
      "pg_current_wal_lsn", "pg_export_snapshot", "pg_notify", "query_to_xml", "random", "random_normal", "set_config", "setseed", "setval",
      "timeofday", "txid_current", "uuidv4", "uuidv7"};
  return std::find(kVolatile.begin(), kVolatile.end(), name) != kVolatile.end();
}

}  // namespace contraflow::sql
