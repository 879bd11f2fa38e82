// SPDX-License-Identifier: Apache-2.0
//
// pg_depend as edges between objects of the model, and the check that nothing that depends was left unread.
#include <fmt/format.h>

#include <set>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

using namespace catalog_oid;

bool known_catalog(Oid catalog) {
  static const std::set<Oid> kKnown = {type,
                                       proc,
                                       relation,
                                       foreign_server,
                                       user_mapping,
                                       foreign_data_wrapper,
                                       am,
                                       amop,
                                       amproc,
                                       attrdef,
                                       cast,
                                       constraint,
                                       conversion,
                                       language,
                                       large_object,
                                       schema,
                                       opclass,
                                       operator_,
                                       rewrite,
                                       trigger,
                                       opfamily,
                                       extension,
                                       policy,
                                       statistic_ext,
                                       collation,
                                       event_trigger,
                                       transform,
                                       ts_dict,
                                       ts_parser,
                                       ts_config,
                                       ts_template,
                                       default_acl,
                                       subscription,
                                       publication,
                                       publication_rel,
                                       publication_namespace};
  return kKnown.contains(catalog);
}

// A sequence does not depend on the column that owns it: the column's default may need the sequence.
bool ownership(const Object& from, const Object& to) {
  return from.id.kind == Kind::sequence && to.id.kind == Kind::column;
}

void read_edges(Reader& reader, const pg::Result& result) {
  Address last;
  Object* from = nullptr;
  for (int row = 0; row < result.rows(); ++row) {
    Cells cells(result, row);
    Address address;
    address.catalog = cells.oid();
    address.oid = cells.oid();
    address.sub = cells.number();
    Address target;
    target.catalog = cells.oid();
    target.oid = cells.oid();
    target.sub = cells.number();
    const char kind = cells.letter();
    if (!(address == last)) {
      from = reader.resolve(address);
      last = address;
    }
    if (!from || (from->id.kind == Kind::extension && address.catalog != extension)) continue;
    const Object* to = reader.resolve(target);
    if (!to || to == from || ownership(*from, *to)) continue;
    from->depends_on.insert(to->id);
    if (kind == 'x') from->extension_dependencies.insert(to->id.name);
  }
}

// Schemas are in the ids: cheaper than their rows in pg_depend.
void add_schemas(Reader& reader) {
  for (auto& [id, object] : reader.database.objects) {
    if (id.kind == Kind::extension) {
      const ObjectId schema_id{Kind::schema, {}, {}, std::get<Extension>(object.body).schema, {}};
      if (reader.database.find(schema_id)) object.depends_on.insert(schema_id);
    }
    if (id.schema.empty() || !id.relation.empty()) continue;
    const ObjectId schema_id{Kind::schema, {}, {}, id.schema, {}};
    if (reader.database.find(schema_id)) {
      object.depends_on.insert(schema_id);
    } else if (const Object* made_by = reader.schema_extension(id.schema)) {
      object.depends_on.insert(made_by->id);
    }
  }
}

// A function of a base type's, or the canonical function of a range, depends on the shell, the type on the
// function.
void break_type_cycles(Reader& reader) {
  for (auto& [id, object] : reader.database.objects) {
    if (id.kind != Kind::base_type && id.kind != Kind::range_type) continue;
    const ObjectId shell = relation_id(Kind::shell_type, id.schema, id.name);
    if (!reader.database.find(shell)) continue;
    for (const ObjectId& needed : object.depends_on) {
      if (needed.kind != Kind::routine) continue;
      const auto function = reader.database.objects.find(needed);
      if (function == reader.database.objects.end() || !function->second.depends_on.erase(id)) continue;
      function->second.depends_on.insert(shell);
    }
  }
}

}  // namespace

void ask_dependencies(Reader& reader) {
  // A row type depends on its relation and an array type on its element: both are aliases already. Rows about
  // TOAST tables find no object.
  reader.ask(
      "SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype FROM pg_depend "
      "WHERE objid >= 16384 AND (refobjid >= 16384 OR refclassid = 'pg_extension'::regclass) AND deptype <> "
      "'e' AND "
      "refclassid <> 'pg_namespace'::regclass AND (classid <> 'pg_type'::regclass OR deptype <> 'i') AND "
      // The triggers of a foreign key are its parts.
      "(classid <> 'pg_trigger'::regclass OR refclassid <> 'pg_constraint'::regclass OR deptype <> 'i')",
      [&reader](const pg::Result& result) {
        read_edges(reader, result);
        add_schemas(reader);
        break_type_cycles(reader);
      });
  reader.ask(
      "SELECT DISTINCT classid, objid, pg_describe_object(classid, objid, 0) FROM pg_depend WHERE objid >= "
      "16384 "
      "AND deptype <> 'e' AND classid NOT IN (1247, 1255, 1259, 2606, 2604, 2618, 2620)",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid catalog = cells.oid();
          const Oid oid = cells.oid();
          if (!known_catalog(catalog) && !reader.member_of({catalog, oid, 0})) {
            reader.unsupported(ObjectId{}, cells.text());
          }
        }
      });
}

}  // namespace contraflow::catalog::detail
