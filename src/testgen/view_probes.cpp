// SPDX-License-Identifier: Apache-2.0
//
// Views and materialized views: what they show of the sample rows, to a superuser and to a reader who has nothing but the view.
#include <fmt/format.h>

#include "base/text.h"
#include "testgen/probes.h"

namespace contraflow::testgen {
namespace {

using catalog::Database;
using catalog::Kind;
using catalog::MaterializedView;
using catalog::ObjectId;
using catalog::View;

// Columns of the view; nothing where there is none.
std::vector<std::string> columns_in(const Database& database, const ObjectId& id) {
  std::vector<std::string> out;
  const auto* view = database.find_body<View>(id);
  const auto* stored = database.find_body<MaterializedView>(id);
  for (const catalog::ViewColumn& column : view ? view->columns : stored ? stored->columns
                                                                         : std::vector<catalog::ViewColumn>{})
    out.push_back(sql::quote_identifier(column.name) + "::text");
  return out;
}

void find_probes(const ObjectId& id, World& world, Subject& subject) {
  const std::string name = sql::quote(QualifiedName{id.schema, id.name});
  const bool stored = id.kind == Kind::materialized_view;
  const auto old_columns = columns_in(world.before.database(), id), new_columns = columns_in(world.desired.database(), id);
  const std::string old_query = old_columns.empty() ? "" : fmt::format("SELECT {} FROM {}", join(old_columns, ", "), name);
  const std::string new_query = new_columns.empty() ? "" : fmt::format("SELECT {} FROM {}", join(new_columns, ", "), name);
  const auto fresh = [&](const Database& database) {
    const bool stored_here = database.find(catalog::relation_id(Kind::materialized_view, id.schema, id.name)) != nullptr;
    return stored_here ? std::vector<std::string>{"REFRESH MATERIALIZED VIEW " + name} : std::vector<std::string>{};
  };
  const std::vector<std::string> first_before = fresh(world.before.database()), first_desired = fresh(world.desired.database());
  for (const std::string& query : {new_query, old_query}) {
    if (query.empty()) continue;
    subject.probes.push_back({stored ? "its rows once it is refreshed" : "its rows", {first_before, query}, {first_desired, query}});
  }
  if (stored) return;
  // Whose rights the tables are read with.
  const std::string query = new_query.empty() ? old_query : new_query;
  const std::vector<std::string> reader{fmt::format("CREATE ROLE {}", kReader), fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql::quote_identifier(id.schema), kReader), fmt::format("GRANT SELECT ON {} TO {}", name, kReader),
                                        fmt::format("SET LOCAL ROLE {}", kReader)};
  const auto reader_of = [&](std::vector<std::string> first) {
    first.insert(first.end(), reader.begin(), reader.end());
    return first;
  };
  subject.probes.push_back({"its rows for somebody who may read it and nothing else", {reader_of(first_before), query}, {reader_of(first_desired), query}});
  // What can be written through it (WITH CHECK OPTION, rules, defaults).
  for (const QualifiedName& table : subject.tables) {
    if (subject.tables.size() != 1) break;
    const Written rows = written_rows(world, table, 411);
    const auto side = [&](const Database& database, const QualifiedName& base, const std::optional<Row>& row) -> Probe {
      const auto* view = database.find_body<View>(id);
      if (view == nullptr || !row) return {};
      std::vector<std::string> names, values;
      for (const catalog::ViewColumn& column : view->columns) {
        if (!row->contains(column.name)) continue;
        names.push_back(sql::quote_identifier(column.name));
        values.push_back(literal(row->at(column.name)));
      }
      if (names.empty()) return {};
      return {{fmt::format("INSERT INTO {} ({}) VALUES ({})", name, join(names, ", "), join(values, ", "))}, contents(database, base)};
    };
    subject.probes.push_back({"a row that is written through it", side(world.before.database(), rows.old_name, rows.old_row), side(world.desired.database(), rows.new_name, rows.new_row)});
    if (subject.probes.back().before.query.empty() && subject.probes.back().desired.query.empty()) subject.probes.pop_back();
  }
}

}  // namespace

void add_views(const World& world, std::vector<Subject>& out) {
  const Database &from = world.before.database(), &to = world.desired.database();
  for (const Kind kind : {Kind::view, Kind::materialized_view}) {
    for (const ObjectId& id : ids_of(world, kind)) {
      const catalog::Object *was = from.find(id), *becomes = to.find(id);
      const bool same = was && becomes && was->body == becomes->body;
      Subject subject{.heading = catalog::describe(id), .made = !was, .gone = !becomes, .same = same, .ids = {id}, .tables = {}, .changed_by = {}, .find = {}, .probes = {}, .why_none = {}};
      for (const Database* database : {&from, &to}) subject.tables.merge(tables_below(*database, id, &subject.uses));
      const std::string name = sql::quote(QualifiedName{id.schema, id.name});
      subject.changed_by = [name, kind](const std::string& statement) {
        const std::string word = kind == Kind::view ? "VIEW " : "MATERIALIZED VIEW ";
        for (const char* verb : {"CREATE ", "CREATE OR REPLACE ", "DROP ", "ALTER "}) {
          if (statement.starts_with(verb + word) && statement.find(" OWNER TO ") == std::string::npos && (has_name(statement, word, name) || has_name(statement, word + "IF EXISTS ", name) || has_name(statement, word + "IF NOT EXISTS ", name))) return true;
        }
        return kind == Kind::view && statement.starts_with("ALTER TABLE ") && statement.find(" RENAME TO ") != std::string::npos && has_name(statement, "ALTER TABLE ", name);
      };
      if (same && !made_anew(world, subject)) continue;
      subject.find = [id](World& w, Subject& s) { find_probes(id, w, s); };
      out.push_back(std::move(subject));
    }
  }
}

}  // namespace contraflow::testgen
