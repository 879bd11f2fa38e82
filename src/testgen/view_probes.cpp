// SPDX-License-Identifier: Apache-2.0
//
// Views and materialized views: what they show of the sample rows, to a superuser and to a reader who has nothing but the view.
#include <fmt/format.h>

#include <cctype>

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

// Constants in the text of the view and of those that it reads: numbers and texts.
struct Constants {
  std::set<std::string> numbers, texts;
};

void constants_of(const Database& database, const std::set<ObjectId>& ids, Constants& out) {
  for (const ObjectId& id : ids) {
    const auto* view = database.find_body<View>(id);
    const auto* stored = database.find_body<MaterializedView>(id);
    if (view == nullptr && stored == nullptr) continue;
    const std::string& text = view ? view->definition : stored->definition;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\'') {
        const std::size_t end = text.find('\'', at + 1);
        if (end == std::string::npos) break;
        out.texts.insert(text.substr(at + 1, end - at - 1));
        at = end;
      } else if (std::isdigit(static_cast<unsigned char>(text[at])) != 0 && at > 0 && std::string_view(" (-=").find(text[at - 1]) != std::string_view::npos) {
        std::size_t end = at;
        while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
        if (end - at < 9) out.numbers.insert(text.substr(at, end - at));
        at = end;
      }
    }
  }
}

// Its rows when the tables' rows meet its conditions, and when they do not: a column set to what the view's text names, or to the numbers on either side of it.
void add_conditions(const std::string& query, World& world, Subject& subject) {
  Constants constants;
  std::set<ObjectId> ids = subject.ids;
  ids.insert(subject.uses.begin(), subject.uses.end());
  for (const Database* database : {&world.before.database(), &world.desired.database()}) constants_of(*database, ids, constants);
  std::size_t most = 24;
  for (const QualifiedName& table : subject.tables) {
    const TablePair* pair = pair_of(world, table);
    if (pair == nullptr || !pair->from || !pair->to || table != pair->new_name) continue;
    for (const ColumnPair& column : pair->columns) {
      if (!column.from || !column.to || column.from->generated != catalog::Generated::none || column.to->generated != catalog::Generated::none || column.from->identity != catalog::Identity::none) continue;
      const std::string& type = column.to->type_base;
      std::vector<std::string> values;
      if (type == "numeric" || type == "integer" || type == "bigint" || type == "smallint" || type.starts_with("double") || type == "real") {
        for (const std::string& number : constants.numbers) {
          for (const long long step : {1LL, -1LL}) values.push_back(std::to_string(std::stoll(number) + step));
        }
      } else if (type == "boolean") {
        values = {"true", "false"};
      } else if (type == "text" || type.starts_with("character") || labels_of(world.desired.database(), type) != nullptr) {
        values.assign(constants.texts.begin(), constants.texts.end());
      }
      for (const std::string& value : values) {
        if (most == 0) return;
        --most;
        const auto side = [&](const QualifiedName& name, const std::string& of) -> Probe { return {{fmt::format("UPDATE {} SET {} = {}", sql::quote(name), sql::quote_identifier(of), sql::quote_literal(value))}, query}; };
        const Probe before = side(pair->old_name, column.old_name), desired = side(pair->new_name, column.new_name);
        const auto taken = [](RowMaker& rows, const Probe& probe) {
          const std::vector<std::string> out = rows.outcome(probe.first, probe.query);
          return out.empty() || !out.front().starts_with("refused: ");
        };
        if (taken(world.before, before) && taken(world.desired, desired)) subject.probes.push_back({fmt::format("its rows with {} as {}", sql::quote_literal(value), sql::quote_identifier(column.new_name)), before, desired});
      }
    }
  }
}

void find_probes(const ObjectId& id, World& world, Subject& subject) {
  const std::string name = sql::quote(QualifiedName{id.schema, id.name});
  const bool stored = id.kind == Kind::materialized_view;
  const auto old_columns = columns_in(world.before.database(), id), new_columns = columns_in(world.desired.database(), id);
  const std::string old_query = old_columns.empty() ? "" : fmt::format("SELECT {} FROM {}", join(old_columns, ", "), name);
  const std::string new_query = new_columns.empty() ? "" : fmt::format("SELECT {} FROM {}", join(new_columns, ", "), name);
  for (const std::string& query : {new_query, old_query}) {
    if (query.empty()) continue;
    subject.probes.push_back({stored ? "its rows once it is refreshed" : "its rows", {{}, query}, {{}, query}});
  }
  if (!new_query.empty() && !old_query.empty()) add_conditions(new_query, world, subject);
  if (stored) {
    // It can be renewed while others read it: with a unique index over all rows.
    const std::vector<std::string> renewed{fmt::format("REFRESH MATERIALIZED VIEW {}", name), fmt::format("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", name)};
    subject.probes.push_back({"REFRESH … CONCURRENTLY", {renewed, "SELECT 'renewed'"}, {renewed, "SELECT 'renewed'"}});
    return;
  }
  // Whose rights the tables are read with.
  const std::string query = new_query.empty() ? old_query : new_query;
  const std::vector<std::string> reader{fmt::format("CREATE ROLE {}", kReader), fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql::quote_identifier(id.schema), kReader), fmt::format("GRANT SELECT ON {} TO {}", name, kReader),
                                        fmt::format("SET LOCAL ROLE {}", kReader)};
  subject.probes.push_back({"its rows for somebody who may read it and nothing else", {reader, query}, {reader, query}});
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
