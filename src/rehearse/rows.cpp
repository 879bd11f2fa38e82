// SPDX-License-Identifier: Apache-2.0
#include "rehearse/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/row_values.h"

namespace contraflow::rehearse {
namespace {

using namespace catalog;
using sql::QualifiedName;

struct Reference {
  std::vector<std::string> columns;
  QualifiedName table;
  std::vector<std::string> referenced;
};

struct TableToFill {
  QualifiedName name;
  const Table* table = nullptr;
  std::vector<std::pair<std::string, const Column*>> columns;  // in order, generated ones left out
  std::vector<Reference> references;
  std::vector<std::vector<std::string>> unique;             // column sets
  std::vector<std::string> conditions;                      // checks and the partition's bound
  std::map<std::string, std::vector<std::string>> allowed;  // values that a check lists for a column
};

class RowMaker {
 public:
  RowMaker(pg::Connection& connection, const Database& database, const RowsWanted& wanted, DataUsed& used,
           const std::function<void(const std::string&)>& progress)
      : connection_(connection), database_(database), wanted_(wanted), used_(used), progress_(progress) {}

  void run() {
    collect();
    connection_.execute(
        "SET session_replication_role = replica");  // rows are right by construction; triggers of the user's
                                                    // are not ours to fire
    connection_.execute("SET search_path = pg_catalog");
    for (const QualifiedName& name : in_order()) fill(tables_.at(name));
    set_sequences();
    connection_.execute("RESET session_replication_role");
    connection_.execute("ANALYZE");
  }

 private:
  void collect() {
    for (const auto& [id, object] : database_.objects) {
      if (const auto* table = std::get_if<Table>(&object.body)) tables_[{id.schema, id.name}].table = table;
    }
    for (auto& [name, table] : tables_) table.name = name;
    for (const auto& [id, object] : database_.objects) {
      const auto at = tables_.find({id.schema, id.relation});
      if (const auto* column = std::get_if<Column>(&object.body)) {
        if (at != tables_.end() && column->generated == Generated::none)
          at->second.columns.emplace_back(id.name, column);
      } else if (const auto* constraint = std::get_if<Constraint>(&object.body)) {
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
            for (auto& [name, values] : listed_values(constraint->expression)) table.allowed[name] = values;
            break;
          case ConstraintType::exclusion:
          case ConstraintType::not_null:
          case ConstraintType::trigger:
            break;
        }
      } else if (const auto* index = std::get_if<Index>(&object.body)) {
        const auto of = tables_.find({id.schema, index->table});
        if (of != tables_.end() && index->unique) of->second.unique.push_back(index->columns);
      }
    }
    for (auto& [name, table] : tables_) {
      std::sort(table.columns.begin(), table.columns.end(),
                [](const auto& a, const auto& b) { return a.second->position < b.second->position; });
      if (!table.table->partition_constraint.empty())
        table.conditions.push_back(table.table->partition_constraint);
    }
  }

  // Referenced tables first; a cycle is broken where it is met.
  std::vector<QualifiedName> in_order() const {
    std::vector<QualifiedName> out;
    std::set<QualifiedName> seen;
    const std::function<void(const QualifiedName&)> visit = [&](const QualifiedName& name) {
      const auto at = tables_.find(name);
      if (at == tables_.end() || !seen.insert(name).second) return;
      for (const Reference& reference : at->second.references) visit(reference.table);
      for (const auto& [other, table] : tables_)  // a partitioned table has the rows of its partitions
        if (table.table->partition_of == name) visit(other);
      out.push_back(name);
    };
    for (const auto& [name, table] : tables_) visit(name);
    return out;
  }

  long long rows_for(const TableToFill& table) const {
    const auto asked = wanted_.tables.find(table.name);
    long long rows = wanted_.others;
    if (asked != wanted_.tables.end()) {
      rows = asked->second;
    } else if (wanted_.statistics) {
      const auto known = wanted_.statistics->tables.find(table.name);
      if (known != wanted_.statistics->tables.end())
        rows = static_cast<long long>(std::ceil(known->second.rows * wanted_.scale));
    }
    return std::min(rows, asked != wanted_.tables.end() ? asked->second : wanted_.most);
  }

  bool partitions_filled(const QualifiedName& name) const {
    return std::any_of(tables_.begin(), tables_.end(), [&](const auto& entry) {
      return entry.second.table->partition_of == name && !entry.second.table->partition_constraint.empty();
    });
  }

  void fill(const TableToFill& table) {
    const long long rows = rows_for(table);
    if (rows <= 0) return;
    // Partitions with bounds are filled one by one; those by hash get their rows through the parent.
    if (table.table->partitioned && partitions_filled(table.name)) return;
    if (table.table->partition_of && table.table->partition_constraint.empty()) return;
    const QualifiedName& name = table.name;
    if (connection_.execute(fmt::format("SELECT FROM {} LIMIT 1", sql::quote(name))).rows() > 0) return;
    if (progress_) progress_(fmt::format("making {} for {}", count_of(rows, "row"), sql::quote(name)));
    try {
      const long long made = insert(table, rows);
      if (made < rows) {
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

  const ColumnStatistics* statistics_of(const TableToFill& table, const std::string& column) const {
    if (!wanted_.statistics) return nullptr;
    const auto known = wanted_.statistics->tables.find(table.name);
    if (known == wanted_.statistics->tables.end()) return nullptr;
    const auto found = known->second.columns.find(column);
    return found == known->second.columns.end() ? nullptr : &found->second;
  }

  long long insert(const TableToFill& table, long long rows) {
    const std::string statement = statement_for(table, rows, "");
    return statement.empty() ? 0 : connection_.execute(statement).rows_affected();
  }

 public:
  std::string one(const QualifiedName& name) {
    collect();
    const auto table = tables_.find(name);
    return table == tables_.end() || table->second.table->partitioned
               ? std::string()
               : statement_for(table->second, 1, "{n}");
  }

 private:
  // `number`: the number that the one row is made from, instead of 1, 2, ….
  std::string statement_for(const TableToFill& table, long long rows, const std::string& number) {
    std::map<std::string, std::string> values;  // column -> expression over i
    std::string joins;
    long long candidates = rows;
    refer(table, rows, values, joins);
    int place = 0;
    for (const auto& [column, definition] : table.columns) {
      ++place;
      if (values.contains(column)) continue;
      const bool unique = is_unique(table, column);
      const ColumnStatistics* known = statistics_of(table, column);
      ValueRequest request{.type = definition->type, .unique = unique, .salt = place};
      request.distinct =
          known
              ? (known->distinct < 0 ? std::max(1.0, std::round(-known->distinct * static_cast<double>(rows)))
                                     : known->distinct)
              : 0;
      request.width = known ? known->width : 0;
      if (const auto listed = table.allowed.find(column); listed != table.allowed.end())
        request.listed = listed->second;
      std::string expression = value_expression(request, database_);
      if (expression.empty()) {
        if (definition->not_null && definition->default_expression.empty())
          used_.notes.push_back(fmt::format("{}.{}: no value can be made up for type {}",
                                            sql::quote(table.name), column, definition->type));
        if (!definition->default_expression.empty()) continue;  // its default, then
        expression = "NULL";
      }
      if (!definition->not_null && expression != "NULL" &&
          !wanted_.filled.contains(catalog::column_id(table.name.schema, table.name.name, column))) {
        const double nulls = known ? known->null_fraction : 0.25;
        if (nulls > 0)
          expression = fmt::format("CASE WHEN (i * 2654435761 + {}) % 1000 >= {} THEN {} END", place * 7919LL,
                                   static_cast<int>(nulls * 1000), expression);
      }
      values[column] = std::move(expression);
    }
    if (!table.conditions.empty()) candidates = std::max<long long>(rows * 4, 2000);
    std::string names, selected;
    for (const auto& [column, definition] : table.columns) {
      const auto value = values.find(column);
      if (value == values.end()) continue;
      const std::string quoted = sql::quote_identifier(column);
      names += (names.empty() ? "" : ", ") + quoted;
      selected += fmt::format("{}({})::{} AS {}", selected.empty() ? "" : ", ", value->second,
                              definition->type, quoted);
    }
    if (names.empty()) return {};
    const std::string series = number.empty()
                                   ? fmt::format("pg_catalog.generate_series(1, {}::bigint)", candidates)
                                   : fmt::format("(VALUES ({}::bigint))", number);
    std::string conditions;
    for (const std::string& condition : table.conditions)
      conditions += fmt::format("{} ({}) IS NOT FALSE", conditions.empty() ? " WHERE" : " AND", condition);
    const std::string target = sql::quote(table.name);
    return fmt::format(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM (SELECT {} FROM {} AS series(i){}) AS "
        "{}{} LIMIT {} ON CONFLICT DO NOTHING",
        target, names, names, selected, series, joins, sql::quote_identifier(table.name.name), conditions,
        rows);
  }

  // Foreign keys take rows of the referenced table in turn. Where a key consists of several references (a
  // join table) each goes at its own pace, so that the combinations differ.
  void refer(const TableToFill& table, long long rows, std::map<std::string, std::string>& values,
             std::string& joins) {
    int number = 0;
    std::string stride = "1";
    for (const Reference& reference : table.references) {
      if (std::any_of(reference.columns.begin(), reference.columns.end(),
                      [&](const std::string& column) { return values.contains(column); }))
        continue;
      ++number;
      if (reference.table == table.name) {
        refer_to_itself(table, reference, values);
        continue;
      }
      const auto target = tables_.find(reference.table);
      if (target == tables_.end()) continue;
      const std::string alias = fmt::format("r{}", number);
      const long long available =
          connection_.execute(fmt::format("SELECT count(*) FROM {}", sql::quote(reference.table)))
              .integer(0, 0);
      if (available == 0) continue;
      std::string picked;
      for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i)
        picked += fmt::format(", {} AS k{}", sql::quote_identifier(reference.referenced[i]), i);
      joins += fmt::format(
          " JOIN (SELECT row_number() OVER () - 1 AS n{} FROM {}) {} ON {}.n = ((i - 1) / {}) % {}", picked,
          sql::quote(reference.table), alias, alias, stride, available);
      for (std::size_t i = 0; i < reference.columns.size(); ++i)
        values[reference.columns[i]] = fmt::format("{}.k{}", alias, i);
      const bool part_of_key = std::any_of(table.unique.begin(), table.unique.end(), [&](const auto& key) {
        return key.size() > reference.columns.size() &&
               std::find(key.begin(), key.end(), reference.columns.front()) != key.end();
      });
      if (part_of_key) stride = available > rows ? stride : fmt::format("({} * {})", stride, available);
    }
  }

  void refer_to_itself(const TableToFill& table, const Reference& reference,
                       std::map<std::string, std::string>& values) {
    // A row that refers to itself: what its key column gets, it gets too.
    for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i) {
      const auto column = std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& entry) {
        return entry.first == reference.columns[i];
      });
      if (column == table.columns.end()) continue;
      if (!column->second->not_null) {
        values[reference.columns[i]] = "NULL";
        continue;
      }
      int place = 0;
      for (const auto& [name, definition] : table.columns) {
        ++place;
        if (name == reference.referenced[i])
          values[reference.columns[i]] = value_expression(
              {.type = definition->type, .unique = is_unique(table, name), .salt = place}, database_);
      }
    }
  }

  static bool is_unique(const TableToFill& table, const std::string& column) {
    return std::any_of(table.unique.begin(), table.unique.end(), [&](const auto& key) {
      return std::find(key.begin(), key.end(), column) != key.end();
    });
  }

  void set_sequences() {
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

  pg::Connection& connection_;
  const Database& database_;
  const RowsWanted& wanted_;
  DataUsed& used_;
  const std::function<void(const std::string&)>& progress_;
  std::map<QualifiedName, TableToFill> tables_;
};

}  // namespace

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
