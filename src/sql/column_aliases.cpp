// SPDX-License-Identifier: Apache-2.0
#include "sql/column_aliases.h"

#include <algorithm>

#include "sql/parse_tree.h"

namespace contraflow::sql {

std::vector<QualifiedName> relations_with_column_aliases(std::string_view query) {
  const ParseTree tree = parse(query);
  std::vector<QualifiedName> out;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    walk(tree.node(i).base, [&](const ProtobufCMessage& message) {
      const auto* relation = message_as<PgQuery__RangeVar>(message, pg_query__range_var__descriptor);
      if (relation != nullptr && relation->alias != nullptr && relation->alias->n_colnames > 0) {
        QualifiedName name{relation->schemaname, relation->relname};
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
      }
      return true;
    });
  }
  return out;
}

}  // namespace contraflow::sql
