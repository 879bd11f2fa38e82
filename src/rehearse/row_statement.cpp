// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rehearse/row_maker.h"

namespace contraflow::rehearse {

using namespace catalog;
using sql::QualifiedName;

const ColumnStatistics* RowMaker::statistics_of(const TableToFill& table, const std::string& column) const {
  if (!wanted_.statistics) return nullptr;
  const auto known = wanted_.statistics->tables.find(table.name);
  if (known == wanted_.statistics->tables.end()) return nullptr;
  const auto found = known->second.columns.find(column);
  return found == known->second.columns.end() ? nullptr : &found->second;
}

std::string RowMaker::statement_for(const TableToFill& table, long long rows, const std::string& number, long long skip) {
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

bool RowMaker::refer(const TableToFill& table, long long rows, std::map<std::string, std::string>& values, std::string& joins) {
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

ValueRequest RowMaker::request_for(const TableToFill& table, const std::string& column, long long rows) {
  const auto at = std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& entry) { return entry.first == column; });
  const ColumnStatistics* known = statistics_of(table, column);
  ValueRequest request{.type = at->second->type, .unique = table.is_unique(column), .salt = static_cast<int>(at - table.columns.begin()) + 1};
  if (known) request.distinct = known->distinct < 0 ? std::max(1.0, std::round(-known->distinct * static_cast<double>(rows))) : known->distinct;
  if (known) request.width = known->width;
  if (const auto hints = hints_.find({table.name, column}); hints != hints_.end()) request.hints = hints->second;
  request.listed = request.hints.listed;
  return request;
}

std::string RowMaker::nulls_of(const TableToFill& table, const std::string& column, const ColumnStatistics* known, const std::string& row) const {
  const auto at = std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& entry) { return entry.first == column; });
  if (at->second->not_null || wanted_.filled.contains(catalog::column_id(table.name.schema, table.name.name, column))) return {};
  const int share = static_cast<int>((known ? known->null_fraction : 0.25) * 1000);
  return share == 0 ? "" : fmt::format("({} * 2654435761 + {}) % 1000 < {}", row, (at - table.columns.begin() + 1) * 7919LL, share);
}

std::string RowMaker::after(const TableToFill& table, const std::string& column, const std::map<std::string, std::string>& values, long long rows, int depth) {
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

}  // namespace contraflow::rehearse
