// SPDX-License-Identifier: Apache-2.0
//
// Tables, foreign tables, views, materialized views and composite types with their columns.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

std::string without_semicolon(std::string text) {
  while (!text.empty() && (text.back() == ';' || text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

ReplicaIdentity replica_identity(char letter) {
  switch (letter) {
    case 'n':
      return ReplicaIdentity::nothing;
    case 'f':
      return ReplicaIdentity::full;
    case 'i':
      return ReplicaIdentity::index;
    default:
      return ReplicaIdentity::default_;
  }
}

std::string lookup(const std::unordered_map<Oid, std::string>& names, Oid oid) {
  const auto it = names.find(oid);
  return it == names.end() ? std::string{} : it->second;
}

void read_relation(Reader& reader, const pg::Result& result, int row) {
  Cells cells(result, row);
  const Oid oid = cells.oid();
  const Oid row_type = cells.oid();
  Relation& relation = reader.relations[oid];
  relation.name.schema = reader.schema(cells.oid());
  relation.name.name = cells.text();
  relation.kind = cells.letter();
  relation.persistence = cells.letter() == 'u' ? Persistence::unlogged : Persistence::permanent;
  const Oid owner = cells.oid();
  relation.owner = reader.role(owner);
  Options options = cells.options();
  for (auto& [name, value] : cells.options()) options["toast." + name] = value;
  std::string access_method = lookup(reader.access_methods, cells.oid());
  if (access_method == "heap") access_method.clear();
  std::string tablespace = lookup(reader.tablespaces, cells.oid());
  const char identity = cells.letter();
  const bool row_security = cells.boolean();
  const bool force_row_security = cells.boolean();
  relation.partition = cells.boolean();
  std::string bound = cells.text();
  std::string constraint = cells.text();
  // The hash of a partition is written with its parent's OID.
  if (constraint.find("satisfies_hash_partition(") != std::string::npos) constraint.clear();
  std::string key = cells.text();
  std::string of_type = cells.text();
  std::string definition = without_semicolon(cells.text());
  const bool populated = cells.boolean();
  relation.acl_null = cells.boolean();
  relation.acl = cells.texts();
  RelationSize size;
  const std::string rows = cells.text();
  size.rows = rows.empty() ? -1 : std::stod(rows);
  size.bytes = cells.integer();
  std::string server = cells.text();
  Options foreign_options = cells.options();

  // Of a composite type the type is the member, not the relation.
  Object* extension = reader.member_of({catalog_oid::relation, oid, 0});
  if (!extension && relation.kind == 'c') extension = reader.member_of({catalog_oid::type, row_type, 0});
  relation.member = extension != nullptr;
  if (extension) {
    reader.alias({catalog_oid::relation, oid, 0}, extension);
    return;
  }
  const auto enter = [&](Kind kind, Body body) {
    relation.object = reader.add_owned(catalog_oid::relation, oid,
                                       relation_id(kind, relation.name.schema, relation.name.name),
                                       std::move(body), owner, 'r', relation.acl_null, relation.acl);
  };
  switch (relation.kind) {
    case 'r':
    case 'p': {
      Table table;
      table.partitioned = relation.kind == 'p';
      table.persistence = relation.persistence;
      table.access_method = std::move(access_method);
      table.tablespace = std::move(tablespace);
      table.options = std::move(options);
      table.replica_identity = replica_identity(identity);
      table.row_security = row_security;
      table.force_row_security = force_row_security;
      table.partition_bound = std::move(bound);
      table.partition_constraint = std::move(constraint);
      table.partition_key = std::move(key);
      table.of_type = std::move(of_type);
      enter(Kind::table, std::move(table));
      if (reader.options.sizes && relation.kind == 'r') reader.database.sizes[relation.name] = size;
      return;
    }
    case 'f': {
      ForeignTable table;
      table.server = std::move(server);
      table.options = std::move(foreign_options);
      table.partition_bound = std::move(bound);
      enter(Kind::foreign_table, std::move(table));
      return;
    }
    case 'v': {
      View view;
      view.definition = std::move(definition);
      view.options = std::move(options);
      enter(Kind::view, std::move(view));
      return;
    }
    case 'm': {
      MaterializedView view;
      view.definition = std::move(definition);
      view.options = std::move(options);
      view.access_method = std::move(access_method);
      view.tablespace = std::move(tablespace);
      view.populated = populated;
      enter(Kind::materialized_view, std::move(view));
      if (reader.options.sizes) reader.database.sizes[relation.name] = size;
      return;
    }
    case 'c':  // read_types.cpp gives owner and privileges, which are in pg_type
      relation.object = reader.add(
          catalog_oid::relation, oid,
          relation_id(Kind::composite_type, relation.name.schema, relation.name.name), CompositeType{});
      return;
    case 'S':
      return;  // entered by read_sequences(): identity sequences are no objects
    default: {
      const ObjectId id = relation_id(Kind::table, relation.name.schema, relation.name.name);
      reader.unsupported(
          id, fmt::format("relation {} of unknown kind '{}'", sql::quote(relation.name), relation.kind));
    }
  }
}

void ask_relation_rows(Reader& reader) {
  reader.ask(
      fmt::format(
          "SELECT c.oid, c.reltype, c.relnamespace, c.relname, c.relkind, c.relpersistence, c.relowner, "
          "c.reloptions, "
          "t.reloptions, c.relam, c.reltablespace, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, "
          "c.relispartition, CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END, "
          "CASE WHEN c.relispartition THEN pg_get_partition_constraintdef(c.oid) END, "
          "CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, "
          "CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END, "
          "CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, c.relispopulated, "
          "c.relacl IS NULL, c.relacl::text[], c.reltuples, {}, s.srvname, f.ftoptions "
          "FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid AND c.reltoastrelid <> 0 "
          "LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = "
          "f.ftserver "
          "WHERE c.relkind NOT IN ('i', 'I', 't') AND c.relnamespace IN {}",
          reader.options.sizes
              ? "CASE WHEN c.relkind IN ('r', 'm') THEN CASE WHEN pg_relation_size(c.oid) = 0 THEN 0 "
                "ELSE pg_table_size(c.oid) END END"
              : "NULL",
          kUserSchemas),
      [&reader](const pg::Result& result) {
        reader.relations.reserve(static_cast<std::size_t>(result.rows()));
        for (int row = 0; row < result.rows(); ++row) read_relation(reader, result, row);
      });
}

std::string storage_name(char letter) {
  switch (letter) {
    case 'p':
      return "PLAIN";
    case 'e':
      return "EXTERNAL";
    case 'x':
      return "EXTENDED";
    case 'm':
      return "MAIN";
    default:
      return {};
  }
}

// The part of an attribute's row that views and composite types have, too.
struct AttributeRow {
  std::string name, type, type_base, collation, default_expression;
};

void read_attribute(Reader& reader, const pg::Result& result, int row, int position) {
  Cells cells(result, row);
  const Oid table = cells.oid();
  const int attnum = cells.number();
  Relation& relation = reader.relations.find(table)->second;
  AttributeRow attribute;
  attribute.name = cells.text();
  attribute.type = cells.text();
  attribute.type_base = cells.text();
  if (attribute.type_base.empty()) attribute.type_base = attribute.type;
  attribute.collation = cells.text();
  attribute.default_expression = cells.text();
  relation.columns[attnum] = attribute.name;
  if (!attribute.collation.empty()) relation.collated.insert(attnum);
  if (!relation.object) return;

  const bool not_null = cells.boolean();
  const char identity = cells.letter();
  const char generated = cells.letter();
  const char storage = cells.letter();
  const char compression = cells.letter();
  const int target = cells.number();
  Options options = cells.options();
  // The server's own mark since the minor releases of November 2026 (15.20): no setting, pg_dump leaves it
  // out, too.
  options.erase("pg_attver");
  Options fdw_options = cells.options();
  const bool local = cells.boolean();
  const bool inherited = cells.integer() > 0;
  const std::vector<std::string> acl = cells.texts();
  relation.types[attnum] = cells.oid();

  if (auto* view = std::get_if<View>(&relation.object->body)) {
    view->columns.push_back({attribute.name,
                             attribute.type,
                             attribute.collation,
                             attribute.default_expression,
                             {},
                             reader.grants(false, acl, 'c', relation.owner)});
    return;
  }
  if (auto* matview = std::get_if<MaterializedView>(&relation.object->body)) {
    matview->columns.push_back({attribute.name,
                                attribute.type,
                                attribute.collation,
                                {},
                                {},
                                reader.grants(false, acl, 'c', relation.owner)});
    if (target >= 0) matview->statistics_targets[attribute.name] = target;
    const ObjectId id = relation.object->id;
    if (storage || compression || !options.empty()) {
      reader.unsupported(id, fmt::format("storage, compression or options of column {} of {}",
                                         sql::quote_identifier(attribute.name), describe(id)));
    }
    return;
  }
  if (auto* composite = std::get_if<CompositeType>(&relation.object->body)) {
    composite->attributes.push_back({attribute.name, attribute.type, attribute.collation, {}});
    return;
  }
  Column column;
  column.position = position;
  column.type = std::move(attribute.type);
  column.type_base = std::move(attribute.type_base);
  column.collation = std::move(attribute.collation);
  column.not_null = not_null;
  column.default_expression = std::move(attribute.default_expression);
  column.identity = identity == 'a'   ? Identity::always
                    : identity == 'd' ? Identity::by_default
                                      : Identity::none;
  column.generated = generated == 's'   ? Generated::stored
                     : generated == 'v' ? Generated::virtual_
                                        : Generated::none;
  column.storage = storage_name(storage);
  column.compression = compression == 'p' ? "pglz" : compression == 'l' ? "lz4"
                                                                        : "";
  column.statistics_target = target;
  column.options = std::move(options);
  column.fdw_options = std::move(fdw_options);
  column.local = local;
  column.inherited = inherited;
  const ObjectId id = column_id(relation.name.schema, relation.name.name, attribute.name);
  Object& object = reader.database.objects[id];
  object.id = id;
  object.grants = reader.grants(false, acl, 'c', relation.owner);
  object.depends_on.insert(relation.object->id);
  object.body = std::move(column);
  reader.enter({catalog_oid::relation, table, attnum}, &object);
}

void ask_attributes(Reader& reader) {
  reader.ask(
      fmt::format(
          "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), "
          "CASE WHEN a.atttypmod <> -1 THEN format_type(a.atttypid, NULL) END, "
          "CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format('%I.%I', n.nspname, l.collname) "
          "FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) "
          "END, "
          "pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.attidentity, a.attgenerated, "
          "CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END, {}, coalesce(a.attstattarget, -1), "
          "a.attoptions, a.attfdwoptions, a.attislocal, a.attinhcount, a.attacl::text[], a.atttypid "
          "FROM pg_attribute a LEFT JOIN pg_type t ON t.oid = a.atttypid "
          "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef "
          // One pass over pg_attribute, most of which belongs to what is read: a look into its index for each relation costs more.
          // Of indexes, only what has a statistics target of its own.
          "WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid >= 16384 AND (a.attrelid IN (SELECT c.oid FROM pg_class c "
          "WHERE c.relkind NOT IN ('i', 'I', 't', 'S') AND c.relnamespace IN {} OFFSET 0) OR "
          "a.attstattarget >= 0 AND a.attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('i', 'I')))",
          reader.version >= 14 ? "a.attcompression" : "NULL", kUserSchemas),
      [&reader](const pg::Result& result) {
        constexpr int kStatisticsTarget = 12;  // in the SELECT list
        // In order of attnum per relation; the rank among the live ones is the position.
        std::vector<std::pair<std::pair<Oid, int>, int>> order;
        order.reserve(static_cast<std::size_t>(result.rows()));
        reader.addresses.reserve(static_cast<std::size_t>(result.rows()) * 3);
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid relation = cells.oid();
          order.push_back({{relation, cells.number()}, row});
        }
        std::sort(order.begin(), order.end());
        Oid current = 0;
        int position = 0;
        for (const auto& [key, row] : order) {
          position = key.first == current ? position + 1 : 1;
          current = key.first;
          if (reader.relations.contains(current)) {
            read_attribute(reader, result, row, position);
          } else if (const auto target = static_cast<int>(result.integer(row, kStatisticsTarget)); target >= 0) {
            reader.index_statistics[current][key.second] = target;
          }
        }
      });
  reader.ask("SELECT oid, adrelid, adnum FROM pg_attrdef", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      const Oid relation = cells.oid();
      if (Object* column = reader.resolve({catalog_oid::relation, relation, cells.number()})) {
        reader.alias({catalog_oid::attrdef, oid, 0}, column);
      }
    }
  });
}

}  // namespace

void ask_relations(Reader& reader) {
  ask_relation_rows(reader);
  ask_attributes(reader);
}

}  // namespace contraflow::catalog::detail
