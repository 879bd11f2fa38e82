// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/conversion.h"

#include <fmt/format.h>

#include "effects/type_change.h"
#include "sql/expression.h"

namespace contraflow::plan {
namespace {

template <class Body>
const Body* user_type(const Database& database, Kind kind, const std::string& type) {
  const Object* object = Planner::type_named(database, kind, type);
  return object ? std::get_if<Body>(&object->body) : nullptr;
}

// Columns of the table itself, without its name where nothing else can be meant; in a sub-query with the one name that it has in the plan.
std::string of_its_table(const Planner& planner, const std::string& expression, const ObjectId& column) {
  std::set<std::string> names{column.relation};
  for (const diff::Rename& rename : planner.renames) {
    if (rename.to.kind == Kind::table && rename.to.schema == column.schema && rename.to.name == column.relation) names.insert(rename.from.name);
  }
  return sql::rewrite_column_references(expression, [&](const sql::ColumnReference& reference) -> std::optional<std::string> {
    if (!names.contains(reference.relation) || reference.column == "*") return std::nullopt;
    const std::string name = sql::quote_identifier(reference.column);
    return reference.in_subquery ? sql::quote_identifier(column.relation) + "." + name : name;
  });
}

Conversion given_or_default(const Planner& planner, const std::map<std::string, std::string>& given, const ObjectId& column,
                            const std::string& from, const std::string& to) {
  if (auto it = given.find(option_key(column)); it != given.end()) {
    // The user's expression is taken to be partial: what it refuses is counted before the backfill.
    return {fmt::format("({})", of_its_table(planner, it->second, column)), true, true, false};
  }
  return convert(planner.from, sql::quote_identifier(column.name), from, to);
}

}  // namespace

Conversion convert(const Database& database, const std::string& column_sql, const std::string& from, const std::string& to) {
  Conversion out;
  if (from == to) {
    out.expression = column_sql;
    return out;
  }
  const auto* enum_from = user_type<catalog::EnumType>(database, Kind::enum_type, from);
  const auto* enum_to = user_type<catalog::EnumType>(database, Kind::enum_type, to);
  if (enum_from || enum_to) {
    const bool to_text = to == "text" || to == "character varying";
    out.expression = to_text ? fmt::format("{}::{}", column_sql, to) : fmt::format("{}::text::{}", column_sql, to);
    out.may_fail = !to_text;
    return out;
  }
  if (const auto* domain = user_type<catalog::Domain>(database, Kind::domain, from)) {
    Conversion inner = convert(database, column_sql, domain->base_type, to);
    if (inner.expression == column_sql) inner.expression = fmt::format("{}::{}", column_sql, to);
    return inner;
  }
  if (const auto* domain = user_type<catalog::Domain>(database, Kind::domain, to)) {
    Conversion inner = convert(database, column_sql, from, domain->base_type);
    inner.expression = fmt::format("{}::{}", inner.expression, to);
    inner.may_fail = true;
    return inner;
  }
  const bool both_built_in = from.find('.') == std::string::npos && to.find('.') == std::string::npos;
  if (both_built_in && effects::has_cast(from, to)) {
    // A cast to varchar(n) cuts silently; the assignment refuses what is too long.
    const effects::TypeName target = effects::parse_type(to);
    const bool would_cut = target.first != -1 && !target.array && (target.base.starts_with("character") || target.base.starts_with("bit"));
    const std::string source = effects::parse_type(from).base;
    const bool text_source = source == "text" || source.starts_with("character");
    out.expression = !would_cut ? fmt::format("{}::{}", column_sql, to) : text_source || source.starts_with("bit") ? column_sql
                                                                                                                   : fmt::format("{}::text", column_sql);
    out.may_fail = effects::may_refuse(from, to);
    out.loses = effects::may_refuse(from, to);
    out.changes = effects::may_change(from, to);
    return out;
  }
  // A schema that both types live in may hold a cast of the user's.
  const ObjectId cast{Kind::cast, "", "", from + " AS " + to, ""};
  if (database.find(cast)) {
    out.expression = fmt::format("{}::{}", column_sql, to);
    out.may_fail = true;
    return out;
  }
  out.expression = fmt::format("{}::text::{}", column_sql, to);
  out.may_fail = true;
  out.loses = true;
  out.through_text = true;
  return out;
}

bool has_equality(const std::string& type) {
  static const std::set<std::string> without{"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"};
  std::string base = type.substr(0, type.find('('));
  if (base.ends_with("[]")) base.resize(base.size() - 2);
  return !without.contains(base);
}

std::string differs(const std::string& a, const std::string& b, const std::string& type) {
  if (has_equality(type)) return fmt::format("{} IS DISTINCT FROM {}", a, b);
  return fmt::format("{}::text IS DISTINCT FROM ({})::text", a, b);
}

Conversion forward_conversion(const Planner& planner, const ObjectId& column, const std::string& from, const std::string& to) {
  return given_or_default(planner, planner.options.conversion, column, from, to);
}

Conversion back_conversion(const Planner& planner, const ObjectId& column, const std::string& from, const std::string& to) {
  return given_or_default(planner, planner.options.conversion_back, column, from, to);
}

}  // namespace contraflow::plan
