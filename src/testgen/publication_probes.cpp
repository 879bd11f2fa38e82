// SPDX-License-Identifier: Apache-2.0
//
// Publications: which tables, columns and rows the server says that it sends, and of which writes; and whether a table without an identity for its rows still takes them.
// The stream itself cannot be had inside of a transaction.
#include <fmt/format.h>

#include <algorithm>

#include "testgen/probes.h"

namespace contraflow::testgen {

using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Publication;

void add_publications(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const ObjectId& id : ids_of(world, Kind::publication)) {
    const auto *was = from.find_body<Publication>(id), *becomes = to.find_body<Publication>(id);
    if (was && becomes && *was == *becomes) continue;
    Subject subject{.heading = catalog::describe(id), .made = !was, .gone = !becomes, .ids = {id}, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
    for (const Publication* side : {was, becomes}) {
      if (side == nullptr) continue;
      for (const catalog::PublicationTable& table : side->tables) subject.tables.insert(table.table);
      if (!side->schemas.empty() || side->all_tables) {
        for (const Database* database : {&from, &to}) {
          for (const auto& [other, object] : database->objects) {
            const bool sent = side->all_tables || std::find(side->schemas.begin(), side->schemas.end(), other.schema) != side->schemas.end();
            if (other.kind == Kind::table && sent) subject.tables.insert({other.schema, other.name});
          }
        }
      }
    }
    const std::string name = sql::quote_identifier(id.name), text = sql::quote_literal(id.name);
    subject.changed_by = [name](const std::string& statement) {
      const bool named = has_name(statement, "PUBLICATION ", name) || has_name(statement, "PUBLICATION IF EXISTS ", name);
      return named && statement.find(" OWNER TO ") == std::string::npos && !statement.starts_with("COMMENT ");
    };
    const bool newer = to.major() >= 15;
    subject.find = [=](World& w, Subject& s) {
      const Probe writes{{}, fmt::format("SELECT pubinsert::text, pubupdate::text, pubdelete::text, pubtruncate::text, pubviaroot::text FROM pg_catalog.pg_publication WHERE pubname = {}", text)};
      s.probes.push_back({"the writes that it sends", writes, writes});
      const Probe tables{{}, fmt::format("SELECT schemaname::text, tablename::text{} FROM pg_catalog.pg_publication_tables WHERE pubname = {} AND tablename NOT LIKE '%\\_\\_retired'", newer ? ", attnames::text, rowfilter" : "", text)};
      s.probes.push_back({"the tables, columns and rows that it sends", tables, tables});
      for (const QualifiedName& table : s.tables) {
        const Written rows = written_rows(w, table, 441);
        const auto side = [](const RowMaker& maker, const QualifiedName& of, const std::optional<Row>& row) -> Probe {
          if (!row || row->empty()) return {};
          return {{maker.insert(of, *row), fmt::format("UPDATE {0} SET {1} = {1}", sql::quote(of), sql::quote_identifier(row->begin()->first))}, "SELECT 'taken'"};
        };
        ProbePair pair{fmt::format("an UPDATE of {}", sql::quote(table)), side(w.before, rows.old_name, rows.old_row), side(w.desired, rows.new_name, rows.new_row)};
        if (!pair.before.query.empty() && !pair.desired.query.empty()) s.probes.push_back(std::move(pair));
      }
    };
    out.push_back(std::move(subject));
  }
}

}  // namespace contraflow::testgen
