// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/refused_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "effects/type_change.h"
#include "plan/strategies/domain_parts.h"

namespace contraflow::plan {
namespace {

struct Range {
  std::string_view type, least, most;
};
constexpr std::array<Range, 3> kWhole{{{"smallint", "-32768", "32767"}, {"integer", "-2147483648", "2147483647"}, {"bigint", "-9223372036854775808", "9223372036854775807"}}};

const Range* whole(std::string_view type) {
  const auto it = std::find_if(kWhole.begin(), kWhole.end(), [&](const Range& range) { return range.type == type; });
  return it == kWhole.end() ? nullptr : &*it;
}

bool is_text(const effects::TypeName& type) { return !type.array && (type.base == "text" || type.base.starts_with("character")); }
bool is_float(std::string_view base) { return base == "real" || base == "double precision"; }

// Digits before the decimal point that numeric(p,s) holds, after rounding. NaN is held, infinity is not.
std::string beyond_digits(const std::string& number, const effects::TypeName& to) {
  const int scale = std::max(to.second, 0);
  return fmt::format("({0} <> 'NaN' AND (abs({0}) = 'Infinity' OR abs(round({0}, {1})) >= 1e{2}))", number, scale, to.first - scale);
}

// Before 16 no function says what an input function takes: by the forms that it is documented to take.
std::string no_input_of(const std::string& text, const effects::TypeName& to) {
  constexpr std::string_view kNumber = R"('^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$')", kDigits = R"('^\s*[-+]?\d+\s*$')";
  if (const Range* range = whole(to.base)) return fmt::format("{0} IS NOT NULL AND CASE WHEN {0} ~ {1} THEN {0}::numeric NOT BETWEEN {2} AND {3} ELSE true END", text, kDigits, range->least, range->most);
  if (to.base == "numeric") {
    const std::string range = to.first == -1 ? "false" : beyond_digits(text + "::numeric", to);
    return fmt::format("{0} IS NOT NULL AND CASE WHEN {0} ~* '^\\s*[-+]?(nan|inf|infinity)\\s*$' OR {0} ~ {1} THEN {2} ELSE true END", text, kNumber, range);
  }
  if (to.base == "boolean") return fmt::format("{} !~* '^\\s*(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|0|1)\\s*$'", text);
  if (to.base == "uuid") return fmt::format("{} !~* '^([0-9a-f]{{4}}(-?[0-9a-f]{{4}}){{7}}|\\{{[0-9a-f]{{4}}(-?[0-9a-f]{{4}}){{7}}\\}})$'", text);
  return {};
}

// Of a domain that becomes another one under the same name. Its values are tested as those of the base type, an array's one by one.
std::string refused_by_new_form(const Planner& p, const ObjectId& column, const std::string& name, bool way_back) {
  const Database &before = way_back ? p.to : p.from, &after = way_back ? p.from : p.to;
  const std::string& type = std::get<catalog::Column>(p.from.objects.at(column).body).type;
  const bool array = type.ends_with("[]");
  const Object* domain = Planner::type_named(before, Kind::domain, array ? type.substr(0, type.size() - 2) : type);
  const auto* body = domain ? after.find_body<catalog::Domain>(domain->id) : nullptr;
  if (!body) return {};
  const std::string value = array ? "x.value" : name, &base = std::get<catalog::Domain>(domain->body).base_type;
  const std::string beyond = refused_values(p, after, fmt::format("{}::{}", value, base), base, body->base_type);
  std::string refused = refused_by_domain(before, after, domain->id, fmt::format("{}::{}", value, body->base_type));
  if (!beyond.empty()) refused = refused.empty() ? beyond : fmt::format("CASE WHEN {} THEN true ELSE {} END", beyond, refused);
  return refused.empty() || !array ? refused : fmt::format("EXISTS (SELECT FROM unnest({}) AS x(value) WHERE {})", name, refused);
}

}  // namespace

std::string refused_values(const Planner& planner, const Database& database, const std::string& column, const std::string& from_type, const std::string& to_type) {
  if (from_type == to_type) return {};
  if (const Object* object = Planner::type_named(database, Kind::enum_type, to_type)) {
    const auto* body = std::get_if<catalog::EnumType>(&object->body);
    if (!body || Planner::type_named(database, Kind::enum_type, from_type)) return {};
    std::vector<std::string> labels;
    for (const std::string& label : body->labels) labels.push_back(sql::quote_literal(label));
    return fmt::format("{}::text <> ALL (ARRAY[{}]::text[])", column, contraflow::join(labels, ", "));
  }
  if (from_type.find('.') != std::string::npos || to_type.find('.') != std::string::npos || !effects::has_cast(from_type, to_type) || !effects::may_refuse(from_type, to_type)) return {};
  const effects::TypeName from = effects::parse_type(from_type), to = effects::parse_type(to_type);
  if (from.array || to.array) return {};
  if (to.base.starts_with("character")) return to.first == -1 ? std::string() : fmt::format("char_length({}::text) > {}", column, to.first);  // blanks at its end would be cut without a word
  if (is_text(from)) {
    if (planner.from.major() >= 16) return fmt::format("NOT pg_input_is_valid({}::text, {})", column, sql::quote_literal(to_type));
    return no_input_of(column + "::text", to);
  }
  const bool number = whole(from.base) || from.base == "numeric" || is_float(from.base);
  if (!number) return {};
  if (const Range* range = whole(to.base)) return fmt::format("round({}::numeric) NOT BETWEEN {} AND {}", column, range->least, range->most);
  if (to.base == "numeric" && to.first != -1) return beyond_digits(column + "::numeric", to);
  return {};
}

std::optional<Precondition> refused_rows(const Planner& p, const ObjectId& id, const std::string& name_now, bool way_back) {
  const auto& given = way_back ? p.options.conversion_back : p.options.conversion;
  if (given.contains(option_key(id))) return std::nullopt;
  const std::string &a = std::get<catalog::Column>(p.from.objects.at(id).body).type, &b = std::get<catalog::Column>(p.to.objects.at(id).body).type;
  const std::string name = sql::quote_identifier(name_now), table = sql::quote(QualifiedName{id.schema, id.relation});
  if (a == b) {
    const std::string refused = refused_by_new_form(p, id, name, way_back);
    if (refused.empty()) return std::nullopt;
    return Precondition{fmt::format("rows of {} whose {} the {} form of {} refuses", table, name, way_back ? "old" : "new", a), fmt::format("SELECT count(*) FROM {} WHERE {}", table, refused),
                        fmt::format("they are SELECT * FROM {} WHERE {}: give them another value", table, refused)};
  }
  const std::string refused = refused_values(p, way_back ? p.from : p.to, name, way_back ? b : a, way_back ? a : b);
  if (refused.empty()) return std::nullopt;
  return Precondition{fmt::format("rows of {} whose {} is nothing that {} can hold", table, name, way_back ? a : b), fmt::format("SELECT count(*) FROM {} WHERE {}", table, refused),
                      fmt::format("they are SELECT * FROM {} WHERE {}: give them another value, or plan with --{} {}.{}=EXPR", table, refused, way_back ? "using-back" : "using", table,
                                  sql::quote_identifier(id.name))};
}

}  // namespace contraflow::plan
