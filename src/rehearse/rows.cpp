// SPDX-License-Identifier: Apache-2.0
#include "rehearse/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/row_maker.h"
#include "sql/scan.h"

namespace contraflow::rehearse {

using namespace catalog;
using sql::QualifiedName;

void RowMaker::run() {
  collect();
  connection_.execute(
      "SET session_replication_role = replica");  // rows are right by construction; triggers of the user's
                                                  // are not ours to fire
  connection_.execute("SET search_path = pg_catalog");
  for (const QualifiedName& name : in_order_of_references(tables_)) {
    fill(tables_.at(name));
    visited_.insert(name);
  }
  if (const long long gone = late_.settle(); gone > 0)
    used_.notes.push_back(fmt::format("{} of the made-up rows were taken out again: there is nothing that their foreign keys could refer to", gone));
  set_sequences();
  connection_.execute("RESET session_replication_role");
  connection_.execute("ANALYZE");
}

void RowMaker::collect() {
  for (const auto& [id, object] : database_.objects) {
    if (const auto* table = std::get_if<Table>(&object.body)) tables_[{id.schema, id.name}].table = table;
  }
  for (auto& [name, table] : tables_) table.name = name;
  // Columns first: what follows names them.
  for (const auto& [id, object] : database_.objects) {
    const auto at = tables_.find({id.schema, id.relation});
    const auto* column = std::get_if<Column>(&object.body);
    if (column && at != tables_.end()) (column->generated == Generated::none ? at->second.columns : at->second.generated).emplace_back(id.name, column);
  }
  for (const auto& [id, object] : database_.objects) {
    const auto at = tables_.find({id.schema, id.relation});
    if (const auto* constraint = std::get_if<Constraint>(&object.body)) {
      if (at == tables_.end()) continue;
      TableToFill& table = at->second;
      switch (constraint->type) {
        case ConstraintType::foreign_key:
          if (constraint->references)
            table.references.push_back(
                {constraint->columns, *constraint->references, constraint->referenced_columns});
          break;
        case ConstraintType::primary_key:
        case ConstraintType::unique:
          table.unique.push_back(constraint->columns);
          break;
        case ConstraintType::check:
          table.conditions.push_back(constraint->expression);
          for (const auto& [name, hints] : hints_in(constraint->expression)) hints_[{table.name, name}].take(hints);
          break;
        case ConstraintType::exclusion:
        case ConstraintType::not_null:
        case ConstraintType::trigger:
          break;
      }
    } else if (const auto* index = std::get_if<Index>(&object.body)) {
      const auto of = tables_.find({id.schema, index->table});
      if (of != tables_.end() && index->unique) of->second.unique.push_back(columns_of(*index, of->second));
    }
  }
  for (auto& [name, table] : tables_) {
    std::sort(table.columns.begin(), table.columns.end(),
              [](const auto& a, const auto& b) { return a.second->position < b.second->position; });
    if (table.table->partition_constraint.empty()) continue;
    table.conditions.push_back(table.table->partition_constraint);
    // A partition's bounds say more than a check.
    for (auto [column, hints] : hints_in(table.table->partition_constraint)) {
      hints.take(hints_[{name, column}]);
      hints_[{name, column}] = hints;
    }
  }
}

std::vector<std::string> RowMaker::columns_of(const Index& index, const TableToFill& table) {
  std::vector<std::string> out;
  for (const std::string& column : index.columns)
    if (!column.empty()) out.push_back(column);
  if (out.size() == index.columns.size()) return out;
  for (const sql::Token& token : sql::scan(index.definition)) {
    if (token.kind != sql::TokenKind::identifier && token.kind != sql::TokenKind::keyword) continue;
    std::string name = sql::identifier_value(std::string_view(index.definition).substr(token.begin, token.end - token.begin));
    if (table.find(name)) out.push_back(std::move(name));
  }
  return out;
}

std::pair<long long, long long> RowMaker::divided(const TableToFill& table) const {
  for (auto above = table.table->partition_of; above;) {
    const auto root = tables_.find(*above);
    if (root == tables_.end()) break;
    if (const auto asked = wanted_.tables.find(root->first); asked != wanted_.tables.end()) {
      const auto below = [&](const TableToFill& leaf) {
        for (auto up = leaf.table->partition_of; up; up = tables_.at(*up).table->partition_of) {
          if (*up == root->first) return true;
          if (!tables_.contains(*up)) break;
        }
        return false;
      };
      return {asked->second, std::count_if(tables_.begin(), tables_.end(), [&](const auto& entry) { return !entry.second.table->partitioned && below(entry.second); })};
    }
    above = root->second.table->partition_of;
  }
  return {0, 0};
}

long long RowMaker::rows_for(const TableToFill& table) const {
  const auto asked = wanted_.tables.find(table.name);
  long long rows = wanted_.others;
  if (asked != wanted_.tables.end()) {
    rows = asked->second;
  } else if (const auto [root, parts] = divided(table); parts > 0) {
    return std::max<long long>(1, root / parts);
  } else if (wanted_.statistics) {
    const auto known = wanted_.statistics->tables.find(table.name);
    if (known != wanted_.statistics->tables.end())
      rows = static_cast<long long>(std::ceil(known->second.rows * wanted_.scale));
  }
  return std::min(rows, asked != wanted_.tables.end() ? asked->second : wanted_.most);
}

bool RowMaker::partitions_filled(const QualifiedName& name) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
    return entry.second.table->partition_of == name && !entry.second.table->partition_constraint.empty();
  });
}

void RowMaker::fill(const TableToFill& table) {
  const long long rows = rows_for(table);
  if (rows <= 0) return;
  // Partitions with bounds are filled one by one; those by hash get their rows through the parent.
  if (table.table->partitioned && partitions_filled(table.name)) return;
  if (table.table->partition_of && table.table->partition_constraint.empty()) return;
  const QualifiedName& name = table.name;
  if (connection_.execute(fmt::format("SELECT FROM {} LIMIT 1", sql::quote(name))).rows() > 0) return;
  if (progress_) progress_(fmt::format("making {} for {}", count_of(rows, "row"), sql::quote(name)));
  try {
    lacking_.clear();
    const long long made = insert(table, rows);
    if (!lacking_.empty()) {
      used_.notes.push_back(fmt::format("{} stays empty: {}, which its rows must refer to, is empty", sql::quote(name), lacking_));
    } else if (made < rows) {
      used_.notes.push_back(
          made == 0
              ? fmt::format("{} stays empty: no made-up row fulfils its constraints", sql::quote(name))
              : fmt::format(
                    "{} has {} instead of {} rows: its constraints allow no more of the made-up ones",
                    sql::quote(name), made, rows));
    }
  } catch (const pg::ServerError& error) {
    used_.notes.push_back(fmt::format("{} stays empty: {}", sql::quote(name), error.message()));
  }
}

long long RowMaker::insert(const TableToFill& table, long long rows) {
  // What keys refused is made up for from other numbers, as long as that leads somewhere.
  long long made = 0;
  long long skip = 0;
  for (int in_vain = 0; made < rows && in_vain < 5;) {
    const long long wanted = rows - made;
    const std::string statement = statement_for(table, wanted, "", skip);
    if (statement.empty()) break;
    const long long more = connection_.execute(statement).rows_affected();
    in_vain = more > 0 ? 0 : in_vain + 1;
    made += more;
    skip += candidates(table, wanted);
  }
  return made;
}

std::string RowMaker::one(const QualifiedName& name) {
  collect();
  const auto table = tables_.find(name);
  return table == tables_.end() || table->second.table->partitioned
             ? std::string()
             : statement_for(table->second, 1, "{n}");
}

void RowMaker::set_sequences() {
  for (const auto& [name, table] : tables_) {
    for (const auto& [column, definition] : table.columns) {
      if (definition->identity == Identity::none && !definition->default_expression.starts_with("nextval("))
        continue;
      connection_.query("SELECT pg_catalog.setval(s::pg_catalog.regclass, greatest(1, (SELECT max(" +
                            sql::quote_identifier(column) + ") FROM " + sql::quote(name) +
                            ")::bigint)) FROM pg_catalog.pg_get_serial_sequence($1, $2) s WHERE s IS NOT "
                            "NULL AND EXISTS (SELECT FROM " +
                            sql::quote(name) + ")",
                        {sql::quote(name), column});
    }
  }
}

std::pair<sql::QualifiedName, long long> parse_rows(const std::string& text, const Database& database) {
  const std::size_t equals = text.rfind('=');
  char* end = nullptr;
  const double rows = equals == std::string::npos ? -1 : std::strtod(text.c_str() + equals + 1, &end);
  if (equals == std::string::npos || equals == 0 || rows < 0 || *end != '\0' || !std::isfinite(rows))
    throw Error(ErrorCode::usage, fmt::format("--rows {}: expected TABLE=NUMBER", text),
                "for instance --rows users=1e6");
  const std::string table = text.substr(0, equals);
  std::vector<QualifiedName> found;
  std::vector<std::string> all;
  for (const auto& [id, object] : database.objects) {
    if (id.kind != Kind::table) continue;
    all.push_back(id.name);
    if (table == id.name || table == id.schema + "." + id.name) found.push_back({id.schema, id.name});
  }
  if (found.size() == 1) return {found.front(), static_cast<long long>(rows)};
  if (found.size() > 1)
    throw Error(ErrorCode::usage, fmt::format("--rows {}: several schemas have a table {}", text, table),
                "write SCHEMA.TABLE=NUMBER");
  const std::string near = nearest(table, all);
  throw Error(ErrorCode::usage, fmt::format("--rows {}: there is no table {}", text, table),
              near.empty() ? "" : "did you mean " + near + "?");
}

void make_rows(pg::Connection& connection, const Database& database, const RowsWanted& wanted, DataUsed& used,
               const std::function<void(const std::string&)>& progress) {
  RowMaker(connection, database, wanted, used, progress).run();
}

std::string insert_one(pg::Connection& connection, const Database& database, const QualifiedName& table, const std::set<catalog::ObjectId>& filled) {
  DataUsed unused;
  RowsWanted wanted;
  wanted.filled = filled;
  const std::function<void(const std::string&)> silent;
  return RowMaker(connection, database, wanted, unused, silent).one(table);
}

std::vector<TableData> tables_with_rows(pg::Connection& connection, const Statistics* statistics) {
  const pg::Result tables = connection.query(
      "SELECT n.nspname, c.relname, pg_catalog.pg_table_size(c.oid) FROM pg_catalog.pg_class c JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND pg_catalog.pg_relation_size(c.oid) > 0 AND "
      "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'contraflow') ORDER BY 1, 2");
  std::vector<TableData> out;
  for (int row = 0; row < tables.rows(); ++row) {
    TableData table;
    table.relation = {tables.string(row, 0), tables.string(row, 1)};
    table.bytes = tables.integer(row, 2);
    table.rows = connection.execute(fmt::format("SELECT count(*) FROM ONLY {}", sql::quote(table.relation)))
                     .integer(0, 0);
    if (table.rows == 0) continue;
    if (statistics) {
      const auto known = statistics->tables.find(table.relation);
      if (known != statistics->tables.end()) {
        table.production_rows = known->second.rows;
        table.production_bytes = known->second.bytes + known->second.index_bytes;
      }
    }
    out.push_back(std::move(table));
  }
  return out;
}

}  // namespace contraflow::rehearse
