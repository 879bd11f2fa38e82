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
#include "rehearse/column_hints.h"
#include "rehearse/row_references.h"
#include "rehearse/row_values.h"
#include "sql/scan.h"

namespace contraflow::rehearse {
namespace {

using namespace catalog;
using sql::QualifiedName;

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

 private:
  void collect() {
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

  // What an index on expressions keeps unique, it keeps so by the columns that they name.
  static std::vector<std::string> columns_of(const Index& index, const TableToFill& table) {
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

  // Rows that are asked for the partitioned table above, and how many partitions share them.
  std::pair<long long, long long> divided(const TableToFill& table) const {
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

  long long rows_for(const TableToFill& table) const {
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

  const ColumnStatistics* statistics_of(const TableToFill& table, const std::string& column) const {
    if (!wanted_.statistics) return nullptr;
    const auto known = wanted_.statistics->tables.find(table.name);
    if (known == wanted_.statistics->tables.end()) return nullptr;
    const auto found = known->second.columns.find(column);
    return found == known->second.columns.end() ? nullptr : &found->second;
  }

  long long insert(const TableToFill& table, long long rows) {
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

 public:
  std::string one(const QualifiedName& name) {
    collect();
    const auto table = tables_.find(name);
    return table == tables_.end() || table->second.table->partitioned
               ? std::string()
               : statement_for(table->second, 1, "{n}");
  }

 private:
  // How many numbers are tried for so many rows: conditions let some through.
  static long long candidates(const TableToFill& table, long long rows) { return table.conditions.empty() ? rows : std::max<long long>(rows * 4, 2000); }

  // `number`: the number that the one row is made from, instead of `skip` + 1, ….
  std::string statement_for(const TableToFill& table, long long rows, const std::string& number, long long skip = 0) {
    std::map<std::string, std::string> values;  // column -> expression over i
    std::string joins;
    if (!refer(table, rows, values, joins)) return {};
    for (const auto& [column, definition] : table.columns) {
      if (values.contains(column)) continue;
      const ColumnStatistics* known = statistics_of(table, column);
      const ValueRequest request = request_for(table, column, rows);
      std::string expression = value_expression(request, database_);
      if (expression.empty()) {
        if (definition->not_null && definition->default_expression.empty())
          used_.notes.push_back(fmt::format("{}.{}: no value can be made up for type {}",
                                            sql::quote(table.name), column, definition->type));
        if (!definition->default_expression.empty()) continue;  // its default, then
        expression = "NULL";
      }
      if (std::string late = after(table, column, values, rows); !late.empty()) expression = std::move(late);
      if (expression != "NULL" && !has_no_null(definition->type, database_)) {
        if (const std::string nulls = nulls_of(table, column, known, "i"); !nulls.empty()) expression = fmt::format("CASE WHEN NOT ({}) THEN {} END", nulls, expression);
      }
      values[column] = std::move(expression);
    }
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
                                   ? fmt::format("pg_catalog.generate_series({}::bigint, {}::bigint)", skip + 1, skip + candidates(table, rows))
                                   : fmt::format("(VALUES ({}::bigint))", number);
    std::string conditions;
    for (const std::string& condition : table.conditions)
      conditions += fmt::format("{} ({}) IS NOT FALSE", conditions.empty() ? " WHERE" : " AND", condition);
    const std::string target = sql::quote(table.name), alias = sql::quote_identifier(table.name.name);
    // A join gives its rows in an order of its own: the first of those would all refer to the same row.
    const bool ordered = number.empty() && !conditions.empty() && !joins.empty();
    if (ordered) selected += ", i AS \"number of contraflow\"";
    std::string made = fmt::format("(SELECT {} FROM {} AS series(i){}) AS {}", selected, series, joins, alias);
    if (!conditions.empty() && !table.generated.empty()) {  // checks may look at them
      std::string generated;
      for (const auto& [column, definition] : table.generated) generated += fmt::format(", ({})::{} AS {}", definition->default_expression, definition->type, sql::quote_identifier(column));
      made = fmt::format("(SELECT *{} FROM {}) AS {}", generated, made, alias);
    }
    return fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}{}{} LIMIT {} ON CONFLICT DO NOTHING", target, names, names, made, conditions, ordered ? " ORDER BY \"number of contraflow\"" : "", rows);
  }

  // Foreign keys take rows of the referenced table in turn. Where a key consists of several references (a join table) each goes at its own pace, so that the
  // combinations differ. False where a row is needed and there will be none.
  bool refer(const TableToFill& table, long long rows, std::map<std::string, std::string>& values, std::string& joins) {
    int number = 0;
    std::string stride = "1";
    std::map<std::string, std::string> nulls;  // column -> where it is NULL; wrapped at the end, because other references join by the values
    for (const Reference& reference : table.references) {
      std::set<std::string> shared;
      std::vector<std::string> open;
      for (const std::string& column : reference.columns) {
        if (values.contains(column)) shared.insert(column);
        else open.push_back(column);
      }
      if (!tables_.contains(reference.table)) continue;
      const bool optional = !open.empty() && std::all_of(open.begin(), open.end(), [&](const std::string& column) { return table.find(column) && !table.find(column)->not_null; });
      const ColumnStatistics* known = open.empty() ? nullptr : statistics_of(table, open.front());
      const std::string where_null = optional && shared.empty() ? nulls_of(table, open.front(), known, "i") : "";
      const long long there = connection_.execute(fmt::format("SELECT count(*) FROM {}", sql::quote(reference.table))).integer(0, 0);
      if (there == 0) {
        if (visited_.contains(reference.table) && reference.table != table.name && !optional) {
          lacking_ = sql::quote(reference.table);
          return false;
        }
        for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i) {
          const std::string& column = reference.columns[i];
          if (shared.contains(column)) continue;
          // What it will refer to is not there yet: likely what the other table's rows will be made from.
          const TableToFill& other = tables_.at(reference.table);
          values[column] = table.find(column) && table.find(column)->not_null && other.find(reference.referenced[i]) ? value_expression(request_for(other, reference.referenced[i], rows), database_) : "NULL";
        }
        if (!visited_.contains(reference.table)) late_.add(table.name, reference, shared, optional && shared.empty() ? nulls_of(table, open.front(), known, "x.n") : "");
        continue;
      }
      const std::string alias = fmt::format("r{}", ++number);
      std::string keys, group, grouped, same;
      for (std::size_t i = 0; i < reference.columns.size() && i < reference.referenced.size(); ++i) {
        const std::string key = sql::quote_identifier(reference.referenced[i]);
        keys += fmt::format(", {} AS k{}", key, i);
        if (!shared.contains(reference.columns[i])) {
          values[reference.columns[i]] = fmt::format("{}.k{}", alias, i);
          if (!where_null.empty()) nulls[reference.columns[i]] = where_null;
          continue;
        }
        group += fmt::format("{}{}", group.empty() ? "" : ", ", key);
        grouped += fmt::format(", {} AS k{}", key, i);
        same += fmt::format(" AND {}.k{} = {}", "{}", i, values.at(reference.columns[i]));
      }
      if (!shared.empty()) {
        // Of those that agree in what another reference has decided; counted first, so that both joins are by equality.
        const std::string kind = optional ? "LEFT JOIN" : "JOIN", target = sql::quote(reference.table), counted = alias + "c";
        joins += fmt::format(" {} (SELECT count(*) AS c{} FROM {} GROUP BY {}) {} ON true{}", kind, grouped, target, group, counted, replace_all(same, "{}", counted));
        joins += fmt::format(" {} (SELECT row_number() OVER (PARTITION BY {}) - 1 AS n{} FROM {}) {} ON {}.n = (i - 1) % {}.c{}", kind, group, keys, target, alias, alias, counted, replace_all(same, "{}", alias));
        continue;
      }
      const long long some = known && known->distinct > 0 ? std::min(there, static_cast<long long>(known->distinct)) : there;
      joins += fmt::format(" JOIN (SELECT row_number() OVER () - 1 AS n{} FROM {}) {} ON {}.n = ((i - 1) / {}) % {}", keys, sql::quote(reference.table), alias, alias, stride, some);
      const bool part_of_key = std::any_of(table.unique.begin(), table.unique.end(), [&](const auto& key) {
        return key.size() > reference.columns.size() && std::find(key.begin(), key.end(), reference.columns.front()) != key.end();
      });
      if (part_of_key) stride = some > rows ? stride : fmt::format("({} * {})", stride, some);
    }
    for (const auto& [column, where] : nulls) values[column] = fmt::format("CASE WHEN NOT ({}) THEN {} END", where, values[column]);
    return true;
  }

  ValueRequest request_for(const TableToFill& table, const std::string& column, long long rows) {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& entry) { return entry.first == column; });
    const ColumnStatistics* known = statistics_of(table, column);
    ValueRequest request{.type = at->second->type, .unique = table.is_unique(column), .salt = static_cast<int>(at - table.columns.begin()) + 1};
    if (known) request.distinct = known->distinct < 0 ? std::max(1.0, std::round(-known->distinct * static_cast<double>(rows))) : known->distinct;
    if (known) request.width = known->width;
    if (const auto hints = hints_.find({table.name, column}); hints != hints_.end()) request.hints = hints->second;
    request.listed = request.hints.listed;
    return request;
  }

  // SQL over the row's number, true where the column is NULL; empty: nowhere.
  std::string nulls_of(const TableToFill& table, const std::string& column, const ColumnStatistics* known, const std::string& row) const {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& entry) { return entry.first == column; });
    if (at->second->not_null || wanted_.filled.contains(catalog::column_id(table.name.schema, table.name.name, column))) return {};
    const int share = static_cast<int>((known ? known->null_fraction : 0.25) * 1000);
    return share == 0 ? "" : fmt::format("({} * 2654435761 + {}) % 1000 < {}", row, (at - table.columns.begin() + 1) * 7919LL, share);
  }

  // "upd >= created": what the other column gets, and a little more. Empty where there is no such check, or none that can be followed.
  std::string after(const TableToFill& table, const std::string& column, const std::map<std::string, std::string>& values, long long rows, int depth = 0) {
    const auto hints = hints_.find({table.name, column});
    if (hints == hints_.end() || hints->second.after.empty() || !hints->second.upper.empty() || depth > 3) return {};
    const Column* other = table.find(hints->second.after);
    if (!other) return {};
    const auto has = values.find(hints->second.after);
    std::string expression = after(table, hints->second.after, values, rows, depth + 1);
    if (expression.empty()) expression = has != values.end() && has->second.find('.') != std::string::npos && !table.references.empty() ? has->second : value_expression(request_for(table, hints->second.after, rows), database_);
    const std::string& type = table.find(column)->type_base;
    const int more = hints->second.strictly ? 1 : 0;
    if (expression.empty()) return {};
    if (type == "smallint" || type == "integer" || type == "bigint" || type == "numeric" || type == "real" || type == "double precision") return fmt::format("({}) + i % 5 + {}", expression, more);
    if (type == "date") return fmt::format("({})::date + (i % 5)::int + {}", expression, more);
    if (type.starts_with("timestamp")) return fmt::format("({})::{} + (i % 5 + {}) * interval '1 hour'", expression, type, more);
    return {};
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
  TablesToFill tables_;
  std::map<std::pair<QualifiedName, std::string>, ColumnHints> hints_;
  std::set<QualifiedName> visited_;
  std::string lacking_;  // the table that the one being filled needs rows of
  LateReferences late_{connection_, tables_};
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
