// SPDX-License-Identifier: Apache-2.0
//
// Roles, schemas, extensions and their members: what the rest of the catalog refers to.
#include <fmt/format.h>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

void ask_names(Reader& reader) {
  reader.ask("SELECT oid, rolname FROM pg_roles", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      std::string name = cells.text();
      reader.database.roles.insert(name);
      if (oid == 10) reader.bootstrap_superuser = name;  // BOOTSTRAP_SUPERUSERID
      reader.roles[oid] = std::move(name);
    }
  });
  reader.ask("SELECT datdba FROM pg_database WHERE datname = current_database()",
             [&reader](const pg::Result& result) {
               reader.database.owner = reader.role(static_cast<Oid>(result.integer(0, 0)));
             });
  reader.ask("SELECT oid, amname FROM pg_am", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      reader.access_methods[oid] = cells.text();
    }
  });
  reader.ask("SELECT oid, spcname FROM pg_tablespace", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      reader.tablespaces[oid] = cells.text();
    }
  });
  // acldefault() gives the owner's and PUBLIC's items: asked once per kind, then put on each owner.
  reader.ask("SELECT k, acldefault(k::\"char\", 10::oid)::text[] FROM unnest('{r,s,f,l,n,F,S,T}'::text[]) k",
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const char kind = cells.letter();
                 reader.acl_templates[kind] = cells.texts();
               }
             });
}

void ask_extensions(Reader& reader) {
  reader.ask("SELECT oid, nspname FROM pg_namespace", [&reader](const pg::Result& result) {
    for (int row = 0; row < result.rows(); ++row) {
      Cells cells(result, row);
      const Oid oid = cells.oid();
      reader.schemas[oid] = cells.text();
    }
  });
  reader.ask("SELECT oid, extname, extversion, extnamespace, extrelocatable FROM pg_extension",
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 Extension extension;
                 ObjectId id{Kind::extension, {}, {}, cells.text(), {}};
                 extension.version = cells.text();
                 extension.schema = reader.schema(cells.oid());
                 extension.relocatable = cells.boolean();
                 // Extensions have an owner that no statement changes: left out.
                 reader.add(catalog_oid::extension, oid, std::move(id), std::move(extension));
               }
             });
  reader.ask(
      "SELECT classid, objid, refobjid FROM pg_depend WHERE deptype = 'e' AND "
      "refclassid = 'pg_extension'::regclass",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid catalog = cells.oid();
          const Oid oid = cells.oid();
          reader.addresses[{catalog, oid, 0}].extension =
              reader.identify({catalog_oid::extension, cells.oid(), 0});
        }
      });
  reader.ask(fmt::format("SELECT oid, nspname, nspowner, nspacl IS NULL, nspacl::text[] FROM pg_namespace "
                         "WHERE oid IN {}",
                         kUserSchemas),
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 ObjectId id{Kind::schema, {}, {}, cells.text(), {}};
                 const Oid owner = cells.oid();
                 const bool null = cells.boolean();
                 reader.add_owned(catalog_oid::schema, oid, std::move(id), Schema{}, owner, 'n', null,
                                  cells.texts());
               }
             });
}

}  // namespace

void ask_basics(Reader& reader) {
  ask_names(reader);
  ask_extensions(reader);
}

}  // namespace contraflow::catalog::detail
