// SPDX-License-Identifier: Apache-2.0
//
// Parents of tables: inheritance and partitions.
#include <fmt/format.h>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

void read_parents(Reader& reader, Oid child, const std::vector<Oid>& parents) {
  const auto found = reader.relations.find(child);
  if (found == reader.relations.end()) return;  // an index: read with the indexes
  Relation& relation = found->second;
  relation.parents = parents;
  if (!relation.object) return;
  std::vector<QualifiedName> names;
  for (const Oid parent : parents) {
    if (const auto it = reader.relations.find(parent); it != reader.relations.end())
      names.push_back(it->second.name);
  }
  const auto set = [&](auto& table) {
    if (relation.partition && !names.empty()) {
      table.partition_of = names.front();
    } else {
      table.inherits = names;
    }
  };
  if (auto* table = std::get_if<Table>(&relation.object->body)) set(*table);
  if (auto* table = std::get_if<ForeignTable>(&relation.object->body)) set(*table);
}

// Before 18 nothing in the catalog says whether a child's NOT NULL is inherited: it is where a parent's
// column has it.
void mark_inherited_not_null(Reader& reader) {
  for (auto& [oid, relation] : reader.relations) {
    if (relation.parents.empty() || !relation.object) continue;
    for (const auto& [attnum, name] : relation.columns) {
      Object* object = reader.identify({catalog_oid::relation, oid, attnum});
      Column* column = object ? std::get_if<Column>(&object->body) : nullptr;
      if (!column || !column->not_null || !column->inherited) continue;
      for (const Oid parent : relation.parents) {
        const auto it = reader.relations.find(parent);
        if (it == reader.relations.end()) continue;
        const Column* above =
            reader.database.find_body<Column>(column_id(it->second.name.schema, it->second.name.name, name));
        if (above && above->not_null) column->not_null_inherited = true;
      }
    }
  }
}

}  // namespace

void ask_inheritance(Reader& reader) {
  reader.ask(fmt::format("SELECT inhrelid, inhparent, {} FROM pg_inherits ORDER BY inhrelid, inhseqno",
                         reader.version >= 14 ? "inhdetachpending" : "false"),
             [&reader](const pg::Result& result) {
               std::vector<Oid> parents;
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid child = cells.oid();
                 parents.push_back(cells.oid());
                 const auto found = reader.relations.find(child);
                 if (found != reader.relations.end() && cells.boolean() && found->second.object) {
                   const ObjectId& id = found->second.object->id;
                   reader.unsupported(
                       id, fmt::format("{}: its DETACH CONCURRENTLY is unfinished (run ALTER TABLE … DETACH "
                                       "PARTITION … FINALIZE)",
                                       describe(id)));
                 }
                 const bool last =
                     row + 1 == result.rows() || static_cast<Oid>(result.integer(row + 1, 0)) != child;
                 if (last) {
                   read_parents(reader, child, parents);
                   parents.clear();
                 }
               }
               if (reader.version < 18) mark_inherited_not_null(reader);
             });
}

}  // namespace contraflow::catalog::detail
