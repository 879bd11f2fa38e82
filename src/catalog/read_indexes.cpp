// SPDX-License-Identifier: Apache-2.0
//
// Indexes. pg_get_indexdef() is by far the dearest call of the whole reading (it searches all operator
// classes for each column's default), so that the texts of plain indexes are put together here; a test
// compares them with the server's. The others are asked for by name, once it is known which they are.
#include <fmt/format.h>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

// A type's own default class prints as nothing; so does text_ops on varchar, which has none of its own.
bool classes_are_default(const Reader& reader, const Relation& relation, const std::vector<int>& key, std::size_t key_count, const std::vector<int>& classes) {
  constexpr Oid kText = 25, kVarchar = 1043;
  for (std::size_t i = 0; i < key_count; ++i) {
    const auto type = relation.types.find(key[i]);
    const auto of = reader.default_classes.find(static_cast<Oid>(classes[i]));
    if (type == relation.types.end() || of == reader.default_classes.end()) return false;
    if (of->second != type->second && !(of->second == kText && type->second == kVarchar)) return false;
  }
  return true;
}

// pg_get_indexdef() of a plain index: columns only, each with its type's default operator class; no storage parameters; the database's
// collation, or none.
std::string compose_definition(const Relation& relation, const std::string& name, const Index& index,
                               const std::vector<int>& key, const std::vector<int>& flags) {
  constexpr int kDescending = 1;  // INDOPTION_DESC
  constexpr int kNullsFirst = 2;  // INDOPTION_NULLS_FIRST
  std::string text = fmt::format("CREATE {}INDEX {} ON {}{} USING {} (", index.unique ? "UNIQUE " : "",
                                 sql::quote_identifier(name), index.partitioned ? "ONLY " : "",
                                 sql::quote(relation.name), index.access_method);
  for (std::size_t i = 0; i < index.columns.size(); ++i) {
    if (i > 0) text += ", ";
    text += sql::quote_identifier(index.columns[i]);
    // The column has a collation of its own, the index does not share it.
    if (relation.collated.contains(key[i])) text += " COLLATE \"default\"";
    const int flag = i < flags.size() ? flags[i] : 0;
    const bool nulls_first = (flag & kNullsFirst) != 0;
    if ((flag & kDescending) != 0) {
      text += nulls_first ? " DESC" : " DESC NULLS LAST";
    } else if (nulls_first) {
      text += " NULLS FIRST";
    }
  }
  for (std::size_t i = 0; i < index.include.size(); ++i) {
    text += i == 0 ? ") INCLUDE (" : ", ";
    text += sql::quote_identifier(index.include[i]);
  }
  text += ")";
  if (index.nulls_not_distinct) text += " NULLS NOT DISTINCT";
  if (!index.predicate.empty()) text += " WHERE " + index.predicate;
  return text;
}

// `children` and `asked` get the index where it hangs on a parent's, and where its definition is the server's to say.
void read_index(Reader& reader, const pg::Result& result, int row, std::vector<std::pair<Object*, Oid>>& children,
                std::unordered_map<Oid, Object*>& asked) {
  Cells cells(result, row);
  const Oid oid = cells.oid();
  const Oid table = cells.oid();
  const Address address{catalog_oid::relation, oid, 0};
  const auto found = reader.relations.find(table);
  if (found == reader.relations.end()) return;  // of a TOAST table
  const Relation& relation = found->second;
  if (!relation.object) {
    if (Object* extension = reader.resolve({catalog_oid::relation, table, 0}))
      reader.alias(address, extension);
    return;
  }
  const std::string name = cells.text();
  Index index;
  index.table = relation.name.name;
  bool plain = cells.boolean();
  if (const auto am = reader.access_methods.find(cells.oid()); am != reader.access_methods.end()) {
    index.access_method = am->second;
  }
  index.unique = cells.boolean();
  index.valid = cells.boolean();
  index.clustered = cells.boolean();
  index.replica_identity = cells.boolean();
  index.partitioned = cells.letter() == 'I';
  const auto key_count = static_cast<std::size_t>(cells.integer());
  const std::vector<int> key = cells.numbers();
  index.predicate = cells.text();
  if (const auto space = reader.tablespaces.find(cells.oid()); space != reader.tablespaces.end()) {
    index.tablespace = space->second;
  }
  index.options = cells.options();
  index.nulls_not_distinct = cells.boolean();
  const Oid parent = cells.oid();
  Object* constraint = reader.identify({catalog_oid::constraint, cells.oid(), 0});
  const std::vector<int> flags = cells.numbers();
  const std::vector<int> classes = cells.numbers();
  plain = plain && classes_are_default(reader, relation, key, key_count, classes);
  for (std::size_t i = 0; i < key.size(); ++i) {
    (i < key_count ? index.columns : index.include).push_back(reader.column_name(table, key[i]));
  }
  if (const auto targets = reader.index_statistics.find(oid); targets != reader.index_statistics.end()) {
    index.statistics_targets = targets->second;
  }
  if (constraint) index.constraint = constraint->id.name;
  if (plain) index.definition = compose_definition(relation, name, index, key, flags);
  if (index.replica_identity) {
    if (auto* body = std::get_if<Table>(&relation.object->body)) body->replica_identity_index = name;
  }
  Object* object = reader.add(catalog_oid::relation, oid,
                              relation_id(Kind::index, relation.name.schema, name), std::move(index));
  if (!object) return;
  if (!plain) asked[oid] = object;
  object->depends_on.insert(constraint ? constraint->id : relation.object->id);
  // Whatever depends on a constraint's index depends on the constraint; so do the constraint's functions and
  // operators.
  if (constraint) reader.alias(address, constraint);
  if (parent) children.emplace_back(object, parent);
}

void ask_definitions(Reader& reader, std::unordered_map<Oid, Object*> asked) {
  if (asked.empty()) return;
  std::string list;
  for (const auto& [oid, object] : asked) list += (list.empty() ? "" : ",") + std::to_string(oid);
  reader.ask_at_end(fmt::format("SELECT i, pg_get_indexdef(i) FROM unnest('{{{}}}'::oid[]) i", list), [asked = std::move(asked)](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      auto& index = std::get<Index>(asked.at(cells.oid())->body);
      index.definition = cells.text();
    }
  });
}

void read_indexes(Reader& reader, const pg::Result& result) {
  std::vector<std::pair<Object*, Oid>> children;
  std::unordered_map<Oid, Object*> asked;
  for (int row = 0; row < result.rows(); ++row) read_index(reader, result, row, children, asked);
  ask_definitions(reader, std::move(asked));
  for (const auto& [object, parent] : children) {
    if (const Object* above = reader.identify({catalog_oid::relation, parent, 0})) {
      std::get<Index>(object->body).parent = QualifiedName{above->id.schema, above->id.name};
      object->depends_on.insert(above->id);
    }
  }
}

}  // namespace

void ask_indexes(Reader& reader) {
  reader.ask("SELECT oid, opcintype FROM pg_opclass WHERE opcdefault", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      reader.default_classes[oid] = cells.oid();
    }
  });
  reader.ask(
      fmt::format(
          // A plain one: a B-tree (403) over columns.
          "SELECT x.indexrelid, x.indrelid, i.relname, x.indexprs IS NULL AND i.relam = 403 AND i.reloptions IS NULL AND "
          "x.indcollation::oid[] <@ '{{0,100}}'::oid[], "
          "i.relam, x.indisunique, x.indisvalid AND x.indisready AND x.indislive, x.indisclustered, "
          "x.indisreplident, "
          "i.relkind, x.indnkeyatts, x.indkey, pg_get_expr(x.indpred, x.indrelid), i.reltablespace, "
          "i.reloptions, {}, "
          "h.inhparent, k.oid, x.indoption, x.indclass "
          "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
          "LEFT JOIN pg_inherits h ON h.inhrelid = x.indexrelid "
          "LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid AND "
          "k.contype IN ('p', 'u', 'x') "
          "WHERE i.relnamespace IN {}",
          reader.version >= 15 ? "x.indnullsnotdistinct" : "false", kUserSchemas),
      [&reader](const pg::Result& result) { read_indexes(reader, result); });
}

}  // namespace contraflow::catalog::detail
