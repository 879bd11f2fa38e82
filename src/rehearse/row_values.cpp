// SPDX-License-Identifier: Apache-2.0
#include "rehearse/row_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "effects/type_change.h"
#include "rehearse/patterns.h"
#include "sql/name.h"

namespace contraflow::rehearse {
namespace {

using effects::TypeName;

// The number from which a value is made: every i another, or a few only.
std::string number(const ValueRequest& request) {
  if (request.unique || request.distinct <= 0) return "i";
  return fmt::format("((i * 7919 + {}) % {} + 1)", request.salt,
                     static_cast<long long>(std::max(1.0, request.distinct)));
}

std::string plain_text(const ValueRequest& request, const std::string& n, int limit) {
  // The number comes first: what is cut off a unique value must not be what makes it unique.
  if (limit > 0 && limit < 12)
    return fmt::format("right(lpad(to_hex(({})::bigint), {}, '0'), {})", n, limit, limit);
  const std::string value = fmt::format("({})::text || '_' || md5(({})::text || '{}')", n, n, request.salt);
  const int width = limit > 0 ? std::min(request.width, limit) : request.width;
  if (width > 12) return fmt::format("rpad({}, {}, ' lorem ipsum dolor')", value, width);
  return fmt::format("left({}, {})", value, limit > 0 ? std::min(limit, 24) : 24);
}

std::string text_of(const ValueRequest& request, const std::string& n, int limit) {
  const ColumnHints& hints = request.hints;
  if (!hints.pattern.empty()) {
    if (std::string made = text_for_pattern(hints.pattern, n); !made.empty()) return made;
  }
  if (hints.longest >= 0 && (limit < 0 || hints.longest < limit)) limit = hints.longest;
  std::string made = plain_text(request, n, limit);
  if (hints.shortest > 0) made = fmt::format("rpad({0}, greatest({1}, length({0})), 'x')", made, hints.shortest);
  if (hints.small_letters) made = fmt::format("lower({})", made);
  if (hints.capitals) made = fmt::format("upper({})", made);
  return made;
}

bool is_whole(const std::string& base) { return base == "smallint" || base == "integer" || base == "bigint"; }
bool is_moment(const std::string& base) { return base.starts_with("timestamp"); }

// Between the bounds that checks, domains and partitions ask for; empty where the type has none that are known here.
std::string bounded(const ColumnHints& hints, const TypeName& type, const std::string& n) {
  if (hints.lower.empty() && hints.upper.empty()) return {};
  const std::string &base = type.base, lower = fmt::format("({})", hints.lower), upper = fmt::format("({})", hints.upper);
  const int above = hints.above ? 1 : 0, below = hints.below ? 1 : 0;
  if (is_whole(base) || base == "date") {
    // Both count in steps of one.
    const std::string as = base == "date" ? "date" : "bigint", step = fmt::format("({})::{}", n, base == "date" ? "int" : "bigint");
    if (hints.upper.empty()) return fmt::format("{}::{} + {} + {} % 2000", lower, as, above, step);
    if (hints.lower.empty() && as == "date") return fmt::format("{}::date - {} - {} % 2000", upper, below, step);
    if (hints.lower.empty()) return fmt::format("CASE WHEN {0}::bigint > {1} THEN 1 + {2} % ({0}::bigint - {1}) ELSE {0}::bigint - {1} - {2} % 2000 END", upper, below, step);
    return fmt::format("{0}::{2} + {3} + {5} % greatest(1, {1}::{2} - {0}::{2} - {3} - {4} + 1)", lower, upper, as, above, below, step);
  }
  // A share of the way, never an end of it; a prime spreads what follows each other.
  const std::string share = fmt::format("(((({})::bigint * 1640531513) % 2147483647 + 1) / 2147483649.0)", n);
  if (base == "numeric" || base == "real" || base == "double precision") {
    if (hints.upper.empty()) return fmt::format("{}::numeric + 1 + ({}) % 2000", lower, n);
    if (hints.lower.empty()) return fmt::format("{}::numeric - 1 - ({}) % 2000", upper, n);
    return fmt::format("{0}::numeric + ({1}::numeric - {0}::numeric) * {2}", lower, upper, share);
  }
  if (is_moment(base)) {
    if (hints.upper.empty()) return fmt::format("{}::{} + ({}) * interval '37 seconds'", lower, base, n);
    if (hints.lower.empty()) return fmt::format("{}::{} - ({}) * interval '37 seconds'", upper, base, n);
    return fmt::format("{0}::{2} + ({1}::{2} - {0}::{2}) * {3}", lower, upper, base, share);
  }
  return {};
}

std::string base_value(const ValueRequest& request, const TypeName& type, const std::string& n);

// The enum, domain or composite type of that name.
const catalog::Object* user_type(const std::string& type, const catalog::Database& database) {
  for (const auto& [id, object] : database.objects) {
    if (id.kind != catalog::Kind::enum_type && id.kind != catalog::Kind::domain && id.kind != catalog::Kind::composite_type) continue;
    if (sql::quote(sql::QualifiedName{id.schema, id.name}) == type || sql::quote_identifier(id.name) == type) return &object;
  }
  return nullptr;
}

std::string value_of(const ValueRequest& request, const catalog::Database& database,
                     const std::string& type_text, int depth) {
  const std::string n = number(request);
  if (!request.listed.empty()) {
    std::string list;
    for (const std::string& value : request.listed) list += (list.empty() ? "" : ", ") + value;
    return fmt::format("(ARRAY[{}])[1 + ({}) % {}]", list, n, request.listed.size());
  }
  if (depth > 4) return {};
  if (type_text.ends_with("[]")) {
    const std::string element =
        value_of(request, database, type_text.substr(0, type_text.size() - 2), depth + 1);
    return element.empty()
               ? ""
               : fmt::format("ARRAY[({})::{}]", element, type_text.substr(0, type_text.size() - 2));
  }
  if (const catalog::Object* object = user_type(type_text, database)) {
    if (const auto* labels = std::get_if<catalog::EnumType>(&object->body)) {
      if (labels->labels.empty()) return {};
      std::string list;
      for (const std::string& label : labels->labels) list += (list.empty() ? "" : ", ") + sql::quote_literal(label);
      return fmt::format("(ARRAY[{}])[1 + (i + {}) % {}]", list, request.salt, labels->labels.size());
    }
    if (const auto* domain = std::get_if<catalog::Domain>(&object->body)) {
      ValueRequest inner = request;
      for (auto at = database.objects.lower_bound(catalog::ObjectId{.kind = catalog::Kind::domain_constraint}); at != database.objects.end() && at->first.kind == catalog::Kind::domain_constraint; ++at) {
        if (at->first.schema != object->id.schema || at->first.relation != object->id.name) continue;
        const std::string& definition = std::get<catalog::DomainConstraint>(at->second.body).definition;
        const std::size_t open = definition.find('(');
        if (!definition.starts_with("CHECK") || open == std::string::npos) continue;
        inner.hints.take(hints_in(definition.substr(open, definition.rfind(')') + 1 - open))["VALUE"]);
      }
      if (inner.listed.empty()) inner.listed = inner.hints.listed;
      return value_of(inner, database, domain->base_type, depth + 1);
    }
    if (const auto* composite = std::get_if<catalog::CompositeType>(&object->body)) {
      std::string fields;
      for (const catalog::CompositeAttribute& attribute : composite->attributes) {
        const std::string field = value_of({.type = attribute.type, .unique = request.unique, .salt = request.salt}, database, attribute.type, depth + 1);
        fields += fmt::format("{}({})::{}", fields.empty() ? "" : ", ", field.empty() ? "NULL" : field, attribute.type);
      }
      return fmt::format("ROW({})::{}", fields, type_text);
    }
  }
  return base_value(request, effects::parse_type(type_text), n);
}

std::string base_value(const ValueRequest& request, const TypeName& type, const std::string& n) {
  const std::string& base = type.base;
  if (std::string within = bounded(request.hints, type, n); !within.empty()) return within;
  if (base == "smallint") return fmt::format("1 + ({}) % 32000", n);
  if (base == "integer" || base == "bigint" || base == "oid") return n;
  if (base == "numeric") {
    if (type.first < 0) return fmt::format("({}) + 0.25", n);
    const int whole = std::max(0, type.first - std::max(0, type.second));
    std::string limit =
        "1" + std::string(static_cast<std::size_t>(std::min(whole, request.unique ? 15 : 6)), '0');
    return fmt::format("({}) % {}", n, limit) +
           (type.second > 0 && whole > 0
                ? fmt::format(" + round((({}) % 100) / 100.0, {})", n, std::min(type.second, 2))
                : "");
  }
  if (base == "real" || base == "double precision") return fmt::format("({}) * 0.5", n);
  if (base == "money") return fmt::format("(({})::numeric)::money", n);
  if (base == "text" || base == "name" || base == "public.citext" || base == "citext")
    return text_of(request, n, base == "name" ? 63 : -1);
  if (base == "character varying" || base == "character" || base == "bpchar")
    return text_of(request, n, type.first > 0 ? type.first : (base == "character" ? 1 : -1));
  if (base == "boolean") return fmt::format("(i + {}) % 2 = 0", request.salt);
  if (base == "uuid") return fmt::format("md5(({})::text || '/{}')::uuid", n, request.salt);
  if (base == "date") return fmt::format("date '2020-01-01' + (({}) % 2000)::int", n);
  if (base == "timestamp without time zone" || base == "timestamp with time zone" || base == "timestamp" ||
      base == "timestamptz")
    return fmt::format("timestamptz '2020-01-01 00:00:00+00' + ({}) * interval '37 seconds'", n);
  if (base == "time without time zone" || base == "time with time zone" || base == "time")
    return fmt::format("time '00:00' + (({}) % 86400) * interval '1 second'", n);
  if (base == "interval") return fmt::format("(({}) % 10000) * interval '1 minute'", n);
  if (base == "json" || base == "jsonb")
    return fmt::format("jsonb_build_object('n', {}, 'name', 'x' || ({}))", n, n);
  if (base == "bytea") return fmt::format("decode(md5(({})::text), 'hex')", n);
  if (base == "inet" || base == "cidr")
    return fmt::format("(inet '10.0.0.0' + (({}) % 16000000))::{}", n, base);
  if (base == "macaddr") return fmt::format("lpad(to_hex({}::bigint), 12, '0')::macaddr", n);
  if (base == "bit") return fmt::format("({})::bigint::bit({})", n, type.first > 0 ? type.first : 1);
  if (base == "bit varying")
    return fmt::format("({})::bigint::bit({})", n, type.first > 0 ? std::min(type.first, 32) : 32);
  if (base == "xml") return fmt::format("('<n>' || ({}) || '</n>')::xml", n);
  if (base == "tsvector") return fmt::format("to_tsvector('simple', 'word' || ({}))", n);
  if (base == "tsquery") return fmt::format("to_tsquery('simple', 'word' || ({}))", n);
  if (base == "point") return fmt::format("point({} % 180, {} % 90)", n, n);
  if (base == "int4range" || base == "int8range" || base == "numrange")
    return fmt::format("{}(({}) * 10, ({}) * 10 + 5)", base, n + (base == "int4range" ? "::int" : ""),
                       n + (base == "int4range" ? "::int" : ""));
  if (base == "daterange")
    return fmt::format(
        "daterange(date '2020-01-01' + (({}) % 100000)::int, date '2020-01-02' + (({}) % 100000)::int)", n,
        n);
  if (base == "tstzrange" || base == "tsrange")
    return fmt::format(
        "{}(('2020-01-01'::timestamp + ({}) * interval '1 hour')::{}, ('2020-01-01'::timestamp + ({}) * "
        "interval '1 hour' + interval '30 minutes')::{})",
        base, n, base == "tsrange" ? "timestamp" : "timestamptz", n,
        base == "tsrange" ? "timestamp" : "timestamptz");
  if (base == "macaddr8") return fmt::format("lpad(to_hex({}::bigint), 16, '0')::macaddr8", n);
  if (base == "pg_lsn") return fmt::format("('0/' || to_hex({}::bigint))::pg_lsn", n);
  if (base == "box" || base == "circle" || base == "polygon" || base == "lseg") {
    const std::string box = fmt::format("box(point({0}, {0}), point({0} + 1, {0} + 1))", n);
    return base == "lseg" ? fmt::format("lseg(point({0}, {0}), point({0} + 1, {0}))", n) : base == "box" ? box
                                                                                                         : fmt::format("{}({})", base, box);
  }
  if (base == "int4multirange" || base == "int8multirange" || base == "nummultirange" || base == "datemultirange" || base == "tsmultirange" || base == "tstzmultirange") {
    TypeName one = type;
    one.base = base.substr(0, base.find("multirange")) + "range";
    return fmt::format("{}({})", base, base_value({.type = one.base, .salt = request.salt}, one, n));
  }
  if (base.ends_with("vector") && type.first > 0) return fmt::format("('[' || rtrim(repeat((({}) % 100)::text || ',', {}), ',') || ']')", n, type.first);
  if (base.ends_with("hstore")) return fmt::format("('n=>' || ({}))", n);
  if (base.ends_with("ltree")) return fmt::format("('top.n' || ({}))", n);
  return {};
}

}  // namespace

std::string value_expression(const ValueRequest& request, const catalog::Database& database) {
  return value_of(request, database, request.type, 0);
}

bool has_no_null(const std::string& type, const catalog::Database& database) {
  const catalog::Object* object = user_type(type, database);
  const auto* domain = object ? std::get_if<catalog::Domain>(&object->body) : nullptr;
  return domain && (domain->not_null || has_no_null(domain->base_type, database));
}

std::map<std::string, std::vector<std::string>> listed_values(const std::string& check) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [column, hints] : hints_in(check)) {
    if (!hints.listed.empty()) out[column] = hints.listed;
  }
  return out;
}

}  // namespace contraflow::rehearse
