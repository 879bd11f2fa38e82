// SPDX-License-Identifier: Apache-2.0
#include "code/site_json.h"

#include <array>

namespace contraflow::code {
namespace {

constexpr std::array kVerbs{sql::Verb::select, sql::Verb::insert, sql::Verb::update, sql::Verb::delete_, sql::Verb::merge,
                            sql::Verb::truncate, sql::Verb::copy, sql::Verb::lock, sql::Verb::ddl, sql::Verb::other};
constexpr std::array kOrigins{Origin::raw_sql, Origin::sql_file, Origin::typed_sql, Origin::prisma};
constexpr std::array kConfidences{Confidence::high, Confidence::medium, Confidence::low};

sql::Verb verb_of(const std::string& name) {
  for (const sql::Verb verb : kVerbs) {
    if (sql::verb_name(verb) == name) return verb;
  }
  return sql::Verb::other;
}

}  // namespace

nlohmann::ordered_json site_json(const QuerySite& site) {
  nlohmann::ordered_json out;
  out["file"] = site.file;
  out["line"] = site.line;
  out["column"] = site.column;
  out["begin"] = site.begin;
  out["end"] = site.end;
  out["origin"] = origin_name(site.origin);
  out["operation"] = sql::verb_name(site.verb);
  auto& tables = out["tables"] = nlohmann::ordered_json::array();
  for (const TableUse& use : site.tables) {
    nlohmann::ordered_json one;
    one["schema"] = use.table.schema;
    one["name"] = use.table.name;
    one["known"] = use.known;
    one["operation"] = sql::verb_name(use.verb);
    one["columns"] = use.columns;
    if (!use.unknown_columns.empty()) one["unknown_columns"] = use.unknown_columns;
    one["select_star"] = use.star;
    one["all_columns"] = use.all_columns;
    one["unfiltered"] = use.unfiltered;
    one["nested"] = use.nested;
    tables.push_back(std::move(one));
  }
  if (!site.function.empty()) out["function"] = site.function;
  if (!site.call.empty()) out["call"] = site.call;
  if (!site.statement.empty()) out["statement"] = site.statement;
  out["statement_certain"] = site.statement_certain;
  out["confidence"] = confidence_name(site.confidence);
  if (!site.reason.empty()) out["reason"] = site.reason;
  return out;
}

QuerySite site_of_json(const nlohmann::json& json) {
  QuerySite site;
  site.file = json.at("file");
  site.line = json.at("line");
  site.column = json.at("column");
  site.begin = json.at("begin");
  site.end = json.at("end");
  for (const Origin origin : kOrigins) {
    if (origin_name(origin) == json.at("origin").get<std::string>()) site.origin = origin;
  }
  site.verb = verb_of(json.at("operation"));
  for (const auto& one : json.at("tables")) {
    TableUse use;
    use.table = {one.at("schema"), one.at("name")};
    use.known = one.at("known");
    use.verb = verb_of(one.at("operation"));
    use.columns = one.at("columns").get<std::vector<std::string>>();
    if (one.contains("unknown_columns")) use.unknown_columns = one["unknown_columns"].get<std::vector<std::string>>();
    use.star = one.at("select_star");
    use.all_columns = one.at("all_columns");
    use.unfiltered = one.at("unfiltered");
    use.nested = one.at("nested");
    site.tables.push_back(std::move(use));
  }
  site.function = json.value("function", "");
  site.call = json.value("call", "");
  site.statement = json.value("statement", "");
  site.statement_certain = json.at("statement_certain");
  for (const Confidence confidence : kConfidences) {
    if (confidence_name(confidence) == json.at("confidence").get<std::string>()) site.confidence = confidence;
  }
  site.reason = json.value("reason", "");
  return site;
}

}  // namespace contraflow::code
