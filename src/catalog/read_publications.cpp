// SPDX-License-Identifier: Apache-2.0
//
// Publications with their tables and schemas.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

void add_publish(Options& options, bool published, const char* what) {
  if (!published) return;
  std::string& list = options["publish"];
  list += list.empty() ? what : std::string(", ") + what;
}

void ask_publication_rows(Reader& reader) {
  reader.ask(fmt::format(
                 "SELECT oid, pubname, pubowner, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, "
                 "pubviaroot, {} FROM pg_publication",
                 reader.version >= 18 ? "pubgencols" : "NULL"),
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 ObjectId id{Kind::publication, {}, {}, cells.text(), {}};
                 const Oid owner = cells.oid();
                 Publication publication;
                 publication.all_tables = cells.boolean();
                 publication.options["publish"] = "";
                 add_publish(publication.options, cells.boolean(), "insert");
                 add_publish(publication.options, cells.boolean(), "update");
                 add_publish(publication.options, cells.boolean(), "delete");
                 add_publish(publication.options, cells.boolean(), "truncate");
                 publication.options["publish_via_partition_root"] = cells.boolean() ? "true" : "false";
                 switch (cells.letter()) {  // PUBLISH_GENCOLS_*
                   case 's':
                     publication.options["publish_generated_columns"] = "stored";
                     break;
                   case 'n':
                     publication.options["publish_generated_columns"] = "none";
                     break;
                   default:
                     break;  // before 18
                 }
                 reader.add_owned(catalog_oid::publication, oid, std::move(id), std::move(publication), owner,
                                  '\0', true, {});
               }
             });
}

void ask_publication_tables(Reader& reader) {
  reader.ask(fmt::format("SELECT oid, prpubid, prrelid, {} FROM pg_publication_rel",
                         reader.version >= 15 ? "prattrs, pg_get_expr(prqual, prrelid)" : "NULL, NULL"),
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 Object* object = reader.identify({catalog_oid::publication, cells.oid(), 0});
                 const Oid relation = cells.oid();
                 const auto found = reader.relations.find(relation);
                 if (!object || found == reader.relations.end()) continue;
                 PublicationTable table;
                 table.table = found->second.name;
                 table.columns = reader.column_names(relation, cells.numbers());
                 std::sort(table.columns.begin(), table.columns.end());  // a set: the server keeps it by attribute number
                 table.where = cells.text();
                 auto& tables = std::get<Publication>(object->body).tables;
                 tables.insert(std::upper_bound(tables.begin(), tables.end(), table), std::move(table));
                 reader.alias({catalog_oid::publication_rel, oid, 0}, object);
               }
             });
  if (reader.version < 15) return;
  reader.ask("SELECT oid, pnpubid, pnnspid FROM pg_publication_namespace",
             [&reader](const pg::Result& result) {
               for (int row = 0; row < result.rows(); ++row) {
                 Cells cells(result, row);
                 const Oid oid = cells.oid();
                 Object* object = reader.identify({catalog_oid::publication, cells.oid(), 0});
                 if (!object) continue;
                 auto& schemas = std::get<Publication>(object->body).schemas;
                 const std::string& schema = reader.schema(cells.oid());
                 schemas.insert(std::upper_bound(schemas.begin(), schemas.end(), schema), schema);
                 object->depends_on.insert(ObjectId{Kind::schema, {}, {}, schema, {}});
                 reader.alias({catalog_oid::publication_namespace, oid, 0}, object);
               }
             });
}

}  // namespace

void ask_publications(Reader& reader) {
  ask_publication_rows(reader);
  ask_publication_tables(reader);
}

}  // namespace contraflow::catalog::detail
