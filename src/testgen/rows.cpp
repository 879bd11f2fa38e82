// SPDX-License-Identifier: Apache-2.0
#include "testgen/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/row_values.h"
#include "sql/expression.h"
#include "testgen/partition_values.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintType;
using catalog::Kind;
using catalog::ObjectId;

template <class Use>
void each_column(const Database& database, const QualifiedName& table, const Use& use) {
  for (auto at = database.objects.lower_bound(ObjectId{Kind::column, table.schema, table.name, {}, {}}); at != database.objects.end(); ++at) {
    if (at->first.kind != Kind::column || at->first.schema != table.schema || at->first.relation != table.name) break;
    use(at->first.name, std::get<Column>(at->second.body));
  }
}

std::string column_list(const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  for (const std::string& column : columns) quoted.push_back(sql::quote_identifier(column));
  return join(quoted, ", ");
}

}  // namespace

std::string literal(const pg::Value& value) { return value ? sql::quote_literal(*value) : "NULL"; }

const char* sqlstate_of(Rule::Kind kind) {  // documentation, appendix A: class 23
  switch (kind) {
    case Rule::Kind::not_null: return "23502";
    case Rule::Kind::foreign_key: return "23503";
    case Rule::Kind::unique: return "23505";
    case Rule::Kind::exclusion: return "23P01";
    case Rule::Kind::check: return "23514";
  }
  return "";
}

RowMaker::RowMaker(pg::Connection& connection, const Database& database, const Database& other) : connection_(connection), database_(database), other_(other) {
  connection_.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE");  // what is pending would keep a table from being altered
}

RowMaker::~RowMaker() {
  try {
    connection_.execute("ROLLBACK");
  } catch (const Error&) {
    // The connection goes with the sandbox.
  }
}

std::optional<std::string> RowMaker::refusal(const std::string& statement) {
  connection_.execute("SAVEPOINT tried");
  std::optional<std::string> out;
  try {
    connection_.execute(statement);
    connection_.execute("SET CONSTRAINTS ALL IMMEDIATE");
  } catch (const pg::ServerError& error) {
    out = error.sqlstate();
  }
  connection_.execute("ROLLBACK TO SAVEPOINT tried; RELEASE SAVEPOINT tried");
  return out;
}

bool RowMaker::accepts(const std::string& statement) { return !refusal(statement); }

pg::Value RowMaker::evaluate(const std::string& expression) {
  connection_.execute("SAVEPOINT evaluated");
  try {
    const pg::Result rows = connection_.execute("SELECT " + expression);
    pg::Value out;
    if (rows.rows() > 0 && !rows.is_null(0, 0)) out = rows.string(0, 0);
    connection_.execute("RELEASE SAVEPOINT evaluated");
    return out;
  } catch (const pg::ServerError&) {
    connection_.execute("ROLLBACK TO SAVEPOINT evaluated; RELEASE SAVEPOINT evaluated");
    throw;
  }
}

std::optional<pg::Value> RowMaker::after(const std::vector<std::string>& statements, const std::string& query) {
  connection_.execute("SAVEPOINT after");
  std::optional<pg::Value> out;
  try {
    for (const std::string& statement : statements) connection_.execute(statement);
    const pg::Result rows = connection_.execute(query);
    out.emplace();
    if (rows.rows() > 0 && !rows.is_null(0, 0)) *out = rows.string(0, 0);
  } catch (const pg::ServerError&) {
    out.reset();
  }
  connection_.execute("ROLLBACK TO SAVEPOINT after; RELEASE SAVEPOINT after");
  return out;
}

std::vector<std::string> RowMaker::outcome(const std::vector<std::string>& first, const std::string& query) {
  connection_.execute("SAVEPOINT outcome; SET LOCAL statement_timeout = '5s'");  // a function may be called with whatever it loops on
  std::vector<std::string> out;
  try {
    for (const std::string& statement : first) connection_.execute(statement);
    const pg::Result rows = connection_.execute(fmt::format("SELECT contraflow_row::text FROM ({}) AS contraflow_row", query));
    for (int i = 0; i < rows.rows(); ++i) out.push_back(rows.string(i, 0));
  } catch (const pg::ServerError& error) {
    out = {"refused: " + error.sqlstate()};
  }
  connection_.execute("ROLLBACK TO SAVEPOINT outcome; RELEASE SAVEPOINT outcome");
  std::sort(out.begin(), out.end());
  return out;
}

std::string RowMaker::insert(const QualifiedName& table, const Row& row) const {
  std::vector<std::string> names, values;
  bool identity = false;
  for (const auto& [name, value] : row) {
    names.push_back(sql::quote_identifier(name));
    values.push_back(literal(value));
    const auto* column = database_.find_body<Column>(catalog::column_id(table.schema, table.name, name));
    const auto* other = other_.find_body<Column>(catalog::column_id(table.schema, table.name, name));
    identity = identity || (column && column->identity == catalog::Identity::always) || (!column && other && other->identity == catalog::Identity::always) || (column && column->identity != catalog::Identity::none && other && other->identity == catalog::Identity::always);
  }
  return fmt::format("INSERT INTO {} ({}){} VALUES ({})", sql::quote(table), join(names, ", "), identity ? " OVERRIDING SYSTEM VALUE" : "", join(values, ", "));
}

std::optional<Row> RowMaker::make(const QualifiedName& table, long long number, const Row& given) {
  if (std::optional<Row> row = make(table, number, given, false)) return row;
  return make(table, number, given, true);
}

// `alone`: refers to nothing where it need not, as its reference may decide about its key.
std::optional<Row> RowMaker::make(const QualifiedName& table, long long number, const Row& given, bool alone) {
  bool may_be_alone = false;
  Row references = given;
  const auto has_columns = [&](const QualifiedName& name, const std::vector<std::string>& columns) {
    return std::all_of(columns.begin(), columns.end(), [&](const std::string& column) { return database_.find_body<Column>(catalog::column_id(name.schema, name.name, column)) != nullptr; });
  };
  // The keys of the other side of the plan, too: both schemas are to take the row.
  std::vector<const Constraint*> keys;
  for (const Database* database : {&database_, &other_}) {
    for (const auto& [id, object] : database->objects) {
      const auto* key = std::get_if<Constraint>(&object.body);
      if (!key || key->type != ConstraintType::foreign_key || !key->references || id.schema != table.schema || id.relation != table.name) continue;
      if (has_columns(table, key->columns) && has_columns(*key->references, key->referenced_columns)) keys.push_back(key);
    }
  }
  for (const Constraint* key : keys) {
    if (*key->references == table) {
      for (const std::string& column : key->columns) references[column] = std::nullopt;
      continue;
    }
    const pg::Result rows = connection_.execute(fmt::format("SELECT {0} FROM {1} ORDER BY {0} LIMIT 1 OFFSET {2} % greatest(1, (SELECT count(*) FROM {1}))", column_list(key->referenced_columns),
                                                            sql::quote(*key->references), number));
    if (rows.rows() == 0 || alone) {  // or there is no row to refer to, as in a circle
      bool left_out = false;
      for (const std::string& column : key->columns) {
        const auto* body = database_.find_body<Column>(catalog::column_id(table.schema, table.name, column));
        if (body == nullptr || body->not_null || references.contains(column)) continue;
        references[column] = std::nullopt;
        left_out = true;
      }
      may_be_alone = may_be_alone || left_out;
      if (left_out) continue;
    }
    for (std::size_t i = 0; i < key->columns.size() && rows.rows() > 0; ++i) {
      if (!references.contains(key->columns[i])) references[key->columns[i]] = rows.string(0, static_cast<int>(i));
    }
  }
  std::map<std::string, std::vector<std::string>> listed;
  for (const auto& [id, object] : database_.objects) {
    const auto* check = std::get_if<Constraint>(&object.body);
    if (!check || check->type != ConstraintType::check || id.schema != table.schema || id.relation != table.name) continue;
    for (auto& [column, values] : rehearse::listed_values(check->expression)) listed[column] = values;
  }
  for (const Database* database : {&other_, &database_}) {
    for (auto& [column, values] : partition_values(*database, table)) listed[column] = values;
  }
  if (alone && !may_be_alone) return {};
  for (long long attempt = 0; attempt < 24; ++attempt) {
    const long long i = number + attempt * (attempt % 2 == 0 ? 1009 : 10);
    Row row;
    int place = 0;
    each_column(database_, table, [&](const std::string& name, const Column& column) {
      ++place;
      if (column.generated != catalog::Generated::none) return;
      if (const auto known = references.find(name); known != references.end()) {
        row[name] = known->second;
        return;
      }
      rehearse::ValueRequest request{.type = column.type, .unique = true, .salt = place};
      if (const auto allowed = listed.find(name); allowed != listed.end()) request.listed = allowed->second;
      const std::string expression = rehearse::value_expression(request, database_);
      if (expression.empty()) {
        if (column.default_expression.empty()) row[name] = std::nullopt;
        return;
      }
      try {
        row[name] = evaluate(fmt::format("(({})::{})::text FROM (VALUES ({}::bigint)) AS made(i)", expression, column.type, i));
      } catch (const pg::ServerError&) {
        row[name] = std::nullopt;
      }
    });
    if (accepts(insert(table, row))) return row;
  }
  return {};
}

Row RowMaker::keep(const QualifiedName& table, const Row& row, bool silent) {
  std::vector<std::string> names, quoted;
  each_column(database_, table, [&](const std::string& name, const Column&) {
    names.push_back(name);
    quoted.push_back(sql::quote_identifier(name) + "::text");
  });
  if (silent) connection_.execute(kTriggersOff);
  const pg::Result rows = connection_.execute(insert(table, row) + " RETURNING " + join(quoted, ", "));
  if (silent) connection_.execute(kTriggersOn);
  Row out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int column = static_cast<int>(i);
    out[names[i]] = rows.is_null(0, column) ? pg::Value() : pg::Value(rows.string(0, column));
  }
  return out;
}

std::vector<Row> RowMaker::candidates(const QualifiedName& table, const Rule& rule, const Row& row) {
  std::vector<Row> out;
  const auto with = [&](const std::string& column, const pg::Value& value) {
    Row changed = row;
    changed[column] = value;
    out.push_back(changed);
  };
  switch (rule.kind) {
    case Rule::Kind::not_null:
      with(rule.name, std::nullopt);
      break;
    case Rule::Kind::unique:
    case Rule::Kind::exclusion: {
      // The contents of a row that is there, in the key's columns; whatever else the key's predicate wants, NULL or not, it may need, too.
      const bool plain = !rule.columns.empty() && std::none_of(rule.columns.begin(), rule.columns.end(), [](const std::string& column) { return column.empty(); });
      std::vector<std::string> key = rule.columns;
      if (!plain) each_column(database_, table, [&](const std::string& name, const Column&) { if (row.contains(name)) key.push_back(name); });
      std::erase(key, std::string());
      std::vector<std::string> texts;
      for (const std::string& column : key) texts.push_back(sql::quote_identifier(column) + "::text");
      const pg::Result rows = connection_.execute(fmt::format("SELECT {} FROM {} ORDER BY ctid DESC LIMIT 5", join(texts, ", "), sql::quote(table)));
      for (int r = 0; r < rows.rows(); ++r) {
        Row changed = row;
        for (std::size_t i = 0; i < key.size(); ++i) {
          const int column = static_cast<int>(i);
          changed[key[i]] = rows.is_null(r, column) ? pg::Value() : pg::Value(rows.string(r, column));
        }
        if (plain) {
          out.push_back(changed);
          for (const auto& [name, value] : row) {  // the index may be of rows alone whose other column is NULL
            const auto* column = database_.find_body<Column>(catalog::column_id(table.schema, table.name, name));
            if (!rule.by_index || !column || column->not_null || std::find(key.begin(), key.end(), name) != key.end()) continue;
            Row other = changed;
            other[name] = std::nullopt;
            out.push_back(other);
          }
        } else {
          for (const std::string& column : key) with(column, changed[column]);
        }
      }
      break;
    }
    case Rule::Kind::foreign_key: {
      int place = 0;
      Row changed = row;
      for (const std::string& column : rule.columns) {
        const auto* known = database_.find_body<Column>(catalog::column_id(table.schema, table.name, column));
        const std::string expression = known ? rehearse::value_expression({.type = known->type, .unique = true, .salt = 77 + ++place}, database_) : "";
        if (expression.empty()) return {};
        changed[column] = evaluate(fmt::format("(({})::{})::text FROM (VALUES (29877::bigint)) AS made(i)", expression, known->type));
      }
      out.push_back(changed);
      break;
    }
    case Rule::Kind::check: {
      std::vector<std::string> columns = rule.columns;
      for (const auto& [name, value] : row) {
        if (std::find(columns.begin(), columns.end(), name) == columns.end() && rule.expression.find(name) != std::string::npos) columns.push_back(name);
      }
      for (const std::string& column : columns) {
        for (const char* text : {"-1", "0", "1", "-1000000", "1000000", "30000", "", "none of them", "x@y", "1900-01-01", "2999-12-31", "true", "false", "{}", "[]"}) with(column, text);
        with(column, std::string(300, 'x'));
        with(column, std::nullopt);
      }
      break;
    }
  }
  return out;
}

std::set<std::string> RowMaker::altered(const QualifiedName& table, const Row& row) {
  std::set<std::string> out;
  connection_.execute("SAVEPOINT altered");
  try {
    const Row found = keep(table, row);
    for (const auto& [column, value] : row) {
      if (found.at(column) != value) out.insert(column);
    }
  } catch (const pg::ServerError&) {
    // It is not taken now; whoever made it says why.
  }
  connection_.execute("ROLLBACK TO SAVEPOINT altered; RELEASE SAVEPOINT altered");
  return out;
}

std::optional<Row> RowMaker::violate(const QualifiedName& table, const Rule& rule, const Row& row, const Row* rival) {
  if (rival == nullptr) return violate_beside(table, rule, row);
  if (!accepts(insert(table, *rival))) return {};
  connection_.execute("SAVEPOINT rival");
  connection_.execute(insert(table, *rival));
  std::optional<Row> out = violate_beside(table, rule, row);
  connection_.execute("ROLLBACK TO SAVEPOINT rival; RELEASE SAVEPOINT rival");
  return out;
}

std::optional<Row> RowMaker::violate_beside(const QualifiedName& table, const Rule& rule, const Row& row) {
  const std::string lifted = rule.kind == Rule::Kind::not_null ? fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", sql::quote(table), sql::quote_identifier(rule.name))
                             : rule.by_index                   ? fmt::format("DROP INDEX {}", sql::quote(QualifiedName{table.schema, rule.name}))
                                                               : fmt::format("ALTER TABLE {} DROP CONSTRAINT {} CASCADE", sql::quote(table), sql::quote_identifier(rule.name));
  // What a parent gives cannot be taken off its partition or heir as long as it is one. Apart from it, the rule still has to be what refuses, and not the partition's bound.
  std::string apart;
  if (const auto* body = database_.find_body<catalog::Table>(catalog::relation_id(Kind::table, table.schema, table.name))) {
    if (body->partition_of) apart = fmt::format("ALTER TABLE {} DETACH PARTITION {}; ", sql::quote(*body->partition_of), sql::quote(table));
    for (const QualifiedName& parent : body->inherits) apart += fmt::format("ALTER TABLE {} NO INHERIT {}; ", sql::quote(table), sql::quote(parent));
  }
  for (const Row& changed : candidates(table, rule, row)) {
    const std::string statement = insert(table, changed);
    if (refusal(statement) != sqlstate_of(rule.kind)) continue;
    if (!apart.empty() && refusal(apart + statement) != sqlstate_of(rule.kind)) continue;
    if (accepts(apart + lifted + "; " + statement)) return changed;
  }
  return {};
}

}  // namespace contraflow::testgen
