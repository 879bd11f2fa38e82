// SPDX-License-Identifier: Apache-2.0
#include "rehearse/snapshot.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace contraflow::rehearse {

namespace {
using Json = nlohmann::ordered_json;
constexpr int kFormat = 1;
}  // namespace

Statistics read_statistics(pg::Connection& connection) {
  Statistics out;
  out.server_version = connection.server_version();
  connection.execute("BEGIN TRANSACTION READ ONLY");
  const pg::Result tables = connection.query(
      "SELECT n.nspname, c.relname, greatest(c.reltuples, 0), pg_catalog.pg_table_size(c.oid), "
      "pg_catalog.pg_indexes_size(c.oid)"
      " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT "
      "IN ('information_schema', 'contraflow')");
  for (int row = 0; row < tables.rows(); ++row) {
    TableStatistics& table = out.tables[{tables.string(row, 0), tables.string(row, 1)}];
    table.rows = std::stod(tables.string(row, 2));
    table.bytes = std::stod(tables.string(row, 3));
    table.index_bytes = std::stod(tables.string(row, 4));
  }
  const pg::Result columns = connection.query(
      "SELECT schemaname, tablename, attname, null_frac, n_distinct, avg_width FROM pg_catalog.pg_stats "
      "WHERE NOT inherited");
  for (int row = 0; row < columns.rows(); ++row) {
    const auto table = out.tables.find({columns.string(row, 0), columns.string(row, 1)});
    if (table == out.tables.end()) continue;
    table->second.columns[columns.string(row, 2)] = {std::stod(columns.string(row, 3)),
                                                     std::stod(columns.string(row, 4)),
                                                     static_cast<int>(columns.integer(row, 5))};
  }
  connection.execute("COMMIT");
  return out;
}

std::string statistics_json(const Statistics& statistics, std::string_view tool_version) {
  Json tables = Json::array();
  for (const auto& [name, table] : statistics.tables) {
    Json columns = Json::object();
    for (const auto& [column, known] : table.columns)
      columns[column] = {
          {"null_fraction", known.null_fraction}, {"distinct", known.distinct}, {"width", known.width}};
    tables.push_back({{"schema", name.schema},
                      {"name", name.name},
                      {"rows", table.rows},
                      {"bytes", table.bytes},
                      {"index_bytes", table.index_bytes},
                      {"columns", std::move(columns)}});
  }
  return Json{{"format", kFormat},
              {"tool", fmt::format("contraflow {}", tool_version)},
              {"server_version", statistics.server_version},
              {"tables", std::move(tables)}}
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

Statistics parse_statistics(std::string_view text, const std::string& file) {
  const auto broken = [&](const std::string& why) {
    return Error(ErrorCode::usage, fmt::format("{} is no snapshot: {}", file, why),
                 "contraflow snapshot URL -o FILE writes one");
  };
  try {
    const Json document = Json::parse(text);
    if (document.at("format").get<int>() != kFormat)
      throw broken(
          fmt::format("its format is {}, this version reads {}", document.at("format").dump(), kFormat));
    Statistics out;
    out.server_version = document.at("server_version").get<int>();
    for (const Json& entry : document.at("tables")) {
      TableStatistics& table =
          out.tables[{entry.at("schema").get<std::string>(), entry.at("name").get<std::string>()}];
      table.rows = entry.at("rows").get<double>();
      table.bytes = entry.at("bytes").get<double>();
      table.index_bytes = entry.at("index_bytes").get<double>();
      for (const auto& [column, known] : entry.at("columns").items())
        table.columns[column] = {known.at("null_fraction").get<double>(), known.at("distinct").get<double>(),
                                 known.at("width").get<int>()};
    }
    return out;
  } catch (const nlohmann::json::exception& error) {
    throw broken(error.what());
  }
}

}  // namespace contraflow::rehearse
