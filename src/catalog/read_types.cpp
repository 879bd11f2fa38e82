// SPDX-License-Identifier: Apache-2.0
//
// Enums, domains, composite types' owners, range and base types, shell types.
#include <fmt/format.h>

#include "catalog/reader.h"
#include "catalog/reader_sql.h"

namespace contraflow::catalog::detail {

namespace {

using catalog_oid::type;

struct TypeRow {
  Oid oid = 0, schema = 0, owner = 0, relation = 0, element = 0, array = 0;
  std::string name;
  char kind = 0;  // typtype
  bool defined = false, acl_null = true;
  std::vector<std::string> acl;
  std::string base, collation, default_expression, create;
  bool not_null = false, canonical = false;
};

// A base type and its I/O functions need each other, so does a range type with its canonical function: the
// shell that is made first is an object of its own, on which the functions depend.
void add_with_shell(Reader& reader, const TypeRow& row, Kind kind, bool shell) {
  const std::string& schema = reader.schema(row.schema);
  Generic generic;
  generic.create.push_back(row.create);
  Object* object = reader.add_owned(type, row.oid, relation_id(kind, schema, row.name), std::move(generic),
                                    row.owner, 'T', row.acl_null, row.acl);
  if (!object || !shell) return;
  const ObjectId id = relation_id(Kind::shell_type, schema, row.name);
  Object& made = reader.database.objects[id];
  made.id = id;
  made.body = Generic{{"CREATE TYPE " + sql::quote(QualifiedName{schema, row.name})}, {}};
  made.depends_on.insert(ObjectId{Kind::schema, {}, {}, schema, {}});
  object->depends_on.insert(id);
}

void enter(Reader& reader, const TypeRow& row) {
  const std::string& schema = reader.schema(row.schema);
  const auto owned = [&](Kind kind, Body body) {
    return reader.add_owned(type, row.oid, relation_id(kind, schema, row.name), std::move(body), row.owner,
                            'T', row.acl_null, row.acl);
  };
  if (!row.defined) {
    owned(Kind::shell_type, Generic{{"CREATE TYPE " + sql::quote(QualifiedName{schema, row.name})}, {}});
    return;
  }
  switch (row.kind) {
    case 'e':
      owned(Kind::enum_type, EnumType{});
      return;
    case 'd': {
      Domain domain;
      domain.base_type = row.base;
      domain.collation = row.collation;
      domain.not_null = row.not_null;
      domain.default_expression = row.default_expression;
      owned(Kind::domain, std::move(domain));
      return;
    }
    case 'c': {
      const auto found = reader.relations.find(row.relation);
      if (found == reader.relations.end()) return;
      Relation& relation = found->second;
      Object* object = relation.object;
      if (!object) object = reader.resolve({catalog_oid::relation, row.relation, 0});
      if (!object) object = reader.member_of({type, row.oid, 0});
      if (!object) return;
      reader.alias({type, row.oid, 0}, object);
      if (relation.kind == 'c' && object->id.kind == Kind::composite_type) {
        // A standalone composite type has its comment, owner and privileges in pg_type.
        reader.enter({type, row.oid, 0}, object);
        object->owner = relation.owner;
        object->default_grants = reader.default_grants('T', object->owner);
        object->grants = reader.grants(row.acl_null, row.acl, 'T', object->owner);
      }
      return;
    }
    case 'r':
      add_with_shell(reader, row, Kind::range_type, row.canonical);
      return;
    case 'b':
      add_with_shell(reader, row, Kind::base_type, true);
      return;
    case 'm':
      return;  // a multirange: an alias of its range, below
    default: {
      const ObjectId id = relation_id(Kind::base_type, schema, row.name);
      reader.unsupported(id, fmt::format("type {} of unknown kind '{}'",
                                         sql::quote(QualifiedName{schema, row.name}), row.kind));
    }
  }
}

void read_types(Reader& reader, const pg::Result& result) {
  std::unordered_map<Oid, Oid> array_of;  // element type -> its array type
  std::vector<TypeRow> rows;
  rows.reserve(static_cast<std::size_t>(result.rows()));
  for (int i = 0; i < result.rows(); ++i) {
    Cells cells(result, i);
    TypeRow row;
    row.oid = cells.oid();
    row.schema = cells.oid();
    row.name = cells.text();
    row.kind = cells.letter();
    row.owner = cells.oid();
    row.relation = cells.oid();
    row.element = cells.oid();
    row.array = cells.oid();
    row.defined = cells.boolean();
    row.acl_null = cells.boolean();
    row.acl = cells.texts();
    row.not_null = cells.boolean();
    row.base = cells.text();
    row.collation = cells.text();
    row.default_expression = cells.text();
    row.canonical = cells.boolean();
    row.create = cells.text();
    if (row.array) array_of[row.oid] = row.array;
    rows.push_back(std::move(row));
  }
  std::unordered_map<Oid, Oid> element_of;
  for (const auto& [element, array] : array_of) element_of[array] = element;
  for (const TypeRow& row : rows) {
    if (!element_of.contains(row.oid)) enter(reader, row);
  }
  for (const auto& [array, element] : element_of) {
    if (Object* object = reader.resolve({type, element, 0})) reader.alias({type, array, 0}, object);
  }
}

// CREATE TYPE of a base or range type from its columns.
std::string create_type_expression(int version) {
  std::string base = "concat_ws(', ', 'INPUT = ' || " + function_name("t.typinput") + ", 'OUTPUT = ' || " +
                     function_name("t.typoutput") + ", ";
  base += function_option("RECEIVE", "t.typreceive") + ", ";
  base += function_option("SEND", "t.typsend") + ", ";
  base += function_option("TYPMOD_IN", "t.typmodin") + ", ";
  base += function_option("TYPMOD_OUT", "t.typmodout") + ", ";
  base += function_option("ANALYZE", "t.typanalyze") + ", ";
  if (version >= 14) base += function_option("SUBSCRIPT", "t.typsubscript") + ", ";
  base +=
      "'INTERNALLENGTH = ' || CASE WHEN t.typlen = -1 THEN 'VARIABLE' ELSE t.typlen::text END, "
      "CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END, "
      "'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE "
      "'double' "
      "END, 'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'x' THEN "
      "'extended' "
      "ELSE 'main' END, format('CATEGORY = %L', t.typcategory), CASE WHEN t.typispreferred THEN 'PREFERRED = "
      "true' "
      "END, CASE WHEN t.typdefault IS NOT NULL THEN format('DEFAULT = %L', t.typdefault) END, "
      "CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END, "
      "CASE WHEN t.typdelim <> ',' THEN format('DELIMITER = %L', t.typdelim) END, "
      "CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END)";
  std::string range =
      "concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, NULL), "
      "CASE WHEN NOT o.opcdefault THEN (SELECT format('SUBTYPE_OPCLASS = %I.%I', opn.nspname, o.opcname) "
      "FROM "
      "pg_namespace opn WHERE opn.oid = o.opcnamespace) END, "
      "CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation THEN (SELECT format('COLLATION = "
      "%I.%I', "
      "cn.nspname, rc.collname) FROM pg_collation rc JOIN pg_namespace cn ON cn.oid = rc.collnamespace WHERE "
      "rc.oid = "
      "r.rngcollation) END, ";
  range += function_option("CANONICAL", "r.rngcanonical") + ", ";
  range += function_option("SUBTYPE_DIFF", "r.rngsubdiff") + ", ";
  range +=
      version >= 14
          ? "(SELECT format('MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, mt.typname) FROM pg_type mt JOIN "
            "pg_namespace mn ON mn.oid = mt.typnamespace WHERE mt.oid = r.rngmultitypid))"
          : "NULL)";
  return "CASE WHEN t.typtype = 'r' THEN format('CREATE TYPE %I.%I AS RANGE (%s)', n.nspname, t.typname, " +
         range +
         ") WHEN t.typtype = 'b' AND t.typisdefined AND NOT (t.typcategory = 'A' AND t.typelem <> 0) THEN "
         "format('CREATE TYPE %I.%I (%s)', n.nspname, t.typname, " +
         base + ") END";
}

void ask_type_rows(Reader& reader) {
  const bool made = reader.holds(type);  // base and range types
  reader.ask(
      fmt::format(
          "SELECT t.oid, t.typnamespace, t.typname, t.typtype, t.typowner, t.typrelid, t.typelem, "
          "t.typarray, "
          "t.typisdefined, t.typacl IS NULL, t.typacl::text[], t.typnotnull, "
          "CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, "
          "CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN (SELECT format('%I.%I', "
          "cn.nspname, "
          "l.collname) FROM pg_collation l JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = "
          "t.typcollation) END, "
          "CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 'pg_type'::regclass), "
          "t.typdefault) "
          "END, {} FROM pg_type t LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typbasetype <> 0 {} "
          "WHERE t.typnamespace IN {}",
          made ? "coalesce(r.rngcanonical <> 0, false), " + create_type_expression(reader.version) : "false, NULL",
          made ? "JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc "
                 "LEFT JOIN pg_type st ON st.oid = r.rngsubtype"
               : "",
          kUserSchemas),
      [&reader](const pg::Result& result) { read_types(reader, result); });
}

void ask_enum_labels(Reader& reader) {
  reader.ask("SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder",
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 Object* object = reader.identify({type, cells.oid(), 0});
                 if (object) std::get<EnumType>(object->body).labels.push_back(cells.text());
               }
             });
}

// Multiranges and their arrays.
void ask_multiranges(Reader& reader) {
  if (reader.version < 14) return;
  reader.ask(
      "SELECT r.rngtypid, r.rngmultitypid, m.typarray FROM pg_range r JOIN pg_type m ON m.oid = "
      "r.rngmultitypid WHERE r.rngtypid >= 16384",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          Object* range = reader.resolve({type, cells.oid(), 0});
          if (!range) continue;
          reader.alias({type, cells.oid(), 0}, range);
          reader.alias({type, cells.oid(), 0}, range);
        }
      });
}

}  // namespace

void ask_types(Reader& reader) {
  ask_type_rows(reader);
  ask_enum_labels(reader);
  ask_multiranges(reader);
}

}  // namespace contraflow::catalog::detail
