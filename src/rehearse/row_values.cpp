// SPDX-License-Identifier: Apache-2.0
#include "rehearse/row_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "effects/type_change.h"
#include "sql/expression.h"
#include "sql/scan.h"

namespace contraflow::rehearse {
namespace {

using effects::TypeName;

// The number from which a value is made: every i another, or a few only.
std::string number(const ValueRequest& request) {
  if (request.unique || request.distinct <= 0) return "i";
  return fmt::format("((i * 7919 + {}) % {} + 1)", request.salt,
                     static_cast<long long>(std::max(1.0, request.distinct)));
}

std::string text_of(const ValueRequest& request, const std::string& n, int limit) {
  // The number comes first: what is cut off a unique value must not be what makes it unique.
  if (limit > 0 && limit < 12)
    return fmt::format("right(lpad(to_hex(({})::bigint), {}, '0'), {})", n, limit, limit);
  const std::string value = fmt::format("({})::text || '_' || md5(({})::text || '{}')", n, n, request.salt);
  const int width = limit > 0 ? std::min(request.width, limit) : request.width;
  if (width > 12) return fmt::format("rpad({}, {}, ' lorem ipsum dolor')", value, width);
  return fmt::format("left({}, {})", value, limit > 0 ? std::min(limit, 24) : 24);
}

std::string base_value(const ValueRequest& request, const TypeName& type, const std::string& n);

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
  for (const auto& [id, object] : database.objects) {
    if (id.kind != catalog::Kind::enum_type && id.kind != catalog::Kind::domain) continue;
    if (sql::quote(sql::QualifiedName{id.schema, id.name}) != type_text &&
        sql::quote_identifier(id.name) != type_text)
      continue;
    if (const auto* labels = std::get_if<catalog::EnumType>(&object.body)) {
      if (labels->labels.empty()) return {};
      std::string list;
      for (const std::string& label : labels->labels)
        list += (list.empty() ? "" : ", ") + sql::quote_literal(label);
      return fmt::format("(ARRAY[{}])[1 + (i + {}) % {}]", list, request.salt, labels->labels.size());
    }
    if (const auto* domain = std::get_if<catalog::Domain>(&object.body))
      return value_of(request, database, domain->base_type, depth + 1);
  }
  return base_value(request, effects::parse_type(type_text), n);
}

std::string base_value(const ValueRequest& request, const TypeName& type, const std::string& n) {
  const std::string& base = type.base;
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
  if (base.ends_with("hstore")) return fmt::format("('n=>' || ({}))", n);
  if (base.ends_with("ltree")) return fmt::format("('top.n' || ({}))", n);
  return {};
}

}  // namespace

std::string value_expression(const ValueRequest& request, const catalog::Database& database) {
  return value_of(request, database, request.type, 0);
}

std::map<std::string, std::vector<std::string>> listed_values(const std::string& check) {
  if (check.find("ANY") == std::string::npos || check.find("ARRAY[") == std::string::npos) return {};
  try {
    const std::vector<sql::ColumnReference> columns = sql::columns_in(check);
    if (columns.empty() || std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
          return column.column != columns.front().column;
        }))
      return {};
    std::vector<std::string> values;
    for (const sql::Token& token : sql::scan(check)) {
      const std::string text = check.substr(token.begin, token.end - token.begin);
      if (token.kind == sql::TokenKind::constant && text.starts_with('\'')) values.push_back(text);
    }
    if (values.empty()) return {};
    return {{columns.front().column, values}};
  } catch (const Error&) {
    return {};  // newer syntax than the parser's: the condition filters the rows all the same
  }
}

}  // namespace contraflow::rehearse
