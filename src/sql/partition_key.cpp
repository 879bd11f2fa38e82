// SPDX-License-Identifier: Apache-2.0
#include "sql/partition_key.h"

#include "sql/parse_tree.h"

namespace contraflow::sql {

std::vector<std::string> partition_key_columns(std::string_view key) {
  const ParseTree tree = parse(std::string("CREATE TABLE t () PARTITION BY ").append(key));
  std::vector<std::string> out;
  walk(tree.node(0).create_stmt->partspec->base, [&](const ProtobufCMessage& message) {
    if (const auto* element = message_as<PgQuery__PartitionElem>(message, pg_query__partition_elem__descriptor)) {
      if (element->name != nullptr && element->name[0] != '\0') out.emplace_back(element->name);
    }
    if (const auto* column = message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
      const PgQuery__Node& last = *column->fields[column->n_fields - 1];
      if (last.node_case == PG_QUERY__NODE__NODE_STRING) out.emplace_back(last.string->sval);
    }
    return true;
  });
  return out;
}

}  // namespace contraflow::sql
