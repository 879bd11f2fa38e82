// SPDX-License-Identifier: Apache-2.0
#include "effects/type_change.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace contraflow::effects {
namespace {

bool any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_text(std::string_view base) { return any_of(base, {"text", "character varying", "character", "name", "\"char\"", "citext"}); }

int rank_of_number(std::string_view base) {
  constexpr std::array<std::string_view, 6> kOrder{"smallint", "integer", "bigint", "numeric", "real", "double precision"};
  const auto it = std::find(kOrder.begin(), kOrder.end(), base);
  return it == kOrder.end() ? -1 : static_cast<int>(it - kOrder.begin());
}

bool is_interval(std::string_view base) { return base == "interval" || base.starts_with("interval "); }

// The smallest field that an interval keeps, 0 the seconds: intervaltypmodleastfield() in timestamp.c.
int least_field(std::string_view interval) {
  constexpr std::array<std::string_view, 6> kFields{"second", "minute", "hour", "day", "month", "year"};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (interval.ends_with(kFields[i])) return static_cast<int>(i);
  }
  return 0;
}

// An object identifier and the names that stand for one are the same four bytes.
bool is_oid(std::string_view base) {
  return any_of(base, {"oid", "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype"});
}

bool precision_kept(const TypeName& from, const TypeName& to) { return to.first == -1 || (from.first != -1 && from.first <= to.first); }

}  // namespace

TypeName parse_type(std::string_view type) {
  TypeName out;
  if (type.ends_with("[]")) {
    out.array = true;
    type.remove_suffix(2);
  }
  const std::size_t open = type.find('(');
  if (open == std::string_view::npos) {
    out.base = std::string(type);
    return out;
  }
  const std::size_t close = type.find(')', open);
  out.base = std::string(type.substr(0, open));
  // "timestamp(3) without time zone": the modifier stands inside the name.
  if (close != std::string_view::npos) out.base += std::string(type.substr(close + 1));
  std::string_view inside = type.substr(open + 1, close == std::string_view::npos ? std::string_view::npos : close - open - 1);
  const char* at = inside.data();
  const char* end = at + inside.size();
  const auto first = std::from_chars(at, end, out.first);
  if (first.ptr != end && *first.ptr == ',') std::from_chars(first.ptr + 1, end, out.second);
  while (out.base.ends_with(' ')) out.base.pop_back();
  return out;
}

TypeChange classify_type_change(std::string_view from_text, std::string_view to_text) {
  if (from_text == to_text) return TypeChange::free;
  const TypeName from = parse_type(from_text);
  const TypeName to = parse_type(to_text);
  if (from.array != to.array) return TypeChange::rewrite;
  if (from.array) {
    // An array coerces element by element; only a change that drops the modifier or leaves it is relabelled.
    return from.base == to.base && to.first == -1 ? TypeChange::free : TypeChange::rewrite;
  }
  if (is_interval(from.base) && is_interval(to.base)) {
    // interval_support(): only the smallest field counts, and of seconds the precision.
    const int old_digits = from.first == -1 ? 6 : from.first;
    const int new_digits = to.first == -1 ? 6 : to.first;
    const int old_field = least_field(from.base);
    return least_field(to.base) <= old_field && (old_field > 0 || new_digits >= old_digits) ? TypeChange::free : TypeChange::rewrite;
  }
  if (from.base == to.base) {
    if (any_of(from.base, {"character varying", "bit varying"})) return precision_kept(from, to) ? TypeChange::free : TypeChange::rewrite;
    if (from.base == "numeric") {
      if (to.first == -1) return TypeChange::free;
      const int old_scale = from.second == -1 ? 0 : from.second;
      const int new_scale = to.second == -1 ? 0 : to.second;
      return from.first != -1 && new_scale == old_scale && to.first >= from.first ? TypeChange::free : TypeChange::rewrite;
    }
    if (any_of(from.base, {"timestamp without time zone", "timestamp with time zone", "time without time zone", "time with time zone"})) {
      // No modifier is the full precision of 6 digits.
      const int old_digits = from.first == -1 ? 6 : from.first;
      const int new_digits = to.first == -1 ? 6 : to.first;
      return new_digits >= old_digits ? TypeChange::free : TypeChange::rewrite;
    }
    // character(n) and bit(n) are padded; without a length of its own the column keeps what it has.
    return from.base == "character" && to.first == -1 ? TypeChange::free : TypeChange::rewrite;
  }
  const bool plain_target = to.first == -1;
  // Binary coercible by pg_cast. A length of the new type's own is applied to each value.
  if (any_of(from.base, {"text", "character varying", "xml"}) && any_of(to.base, {"text", "character varying", "character", "bpchar"})) {
    return plain_target ? TypeChange::free : TypeChange::rewrite;
  }
  if (from.base == "cidr" && to.base == "inet") return TypeChange::free;
  if (from.base == "bit" && to.base == "bit varying" && plain_target) return TypeChange::free;
  if ((is_oid(from.base) && (is_oid(to.base) || to.base == "integer")) || (from.base == "integer" && is_oid(to.base))) {
    // Between two kinds of names there is no cast: it goes by way of text.
    return from.base == "oid" || to.base == "oid" || from.base == "integer" || to.base == "integer" ? TypeChange::free : TypeChange::rewrite;
  }
  return TypeChange::rewrite;
}

bool has_cast(std::string_view from_text, std::string_view to_text) {
  const TypeName from = parse_type(from_text);
  const TypeName to = parse_type(to_text);
  if (from.array != to.array) return !from.array ? is_text(from.base) : is_text(to.base);
  if (from.base == to.base) return true;
  if (is_text(from.base) || is_text(to.base)) return true;  // by I/O
  if (rank_of_number(from.base) >= 0 && rank_of_number(to.base) >= 0) return true;
  const auto pair = [&](std::initializer_list<std::string_view> family) { return any_of(from.base, family) && any_of(to.base, family); };
  if (pair({"timestamp without time zone", "timestamp with time zone", "date"})) return true;
  if (any_of(from.base, {"timestamp without time zone", "timestamp with time zone"}) && to.base.starts_with("time ")) return true;
  if (pair({"time without time zone", "time with time zone", "interval"})) return !(from.base == "interval" && to.base == "time with time zone");
  if (pair({"json", "jsonb"}) || pair({"inet", "cidr"}) || pair({"bit", "bit varying"}) || pair({"macaddr", "macaddr8"})) return true;
  if (pair({"boolean", "integer"})) return true;
  if (pair({"integer", "bigint", "oid"})) return true;
  if (is_interval(from.base) && is_interval(to.base)) return true;
  if ((is_oid(from.base) && any_of(to.base, {"oid", "integer", "bigint"})) || (any_of(from.base, {"oid", "integer", "bigint", "smallint"}) && is_oid(to.base))) return true;
  if (pair({"money", "numeric"}) || (to.base == "money" && any_of(from.base, {"integer", "bigint"}))) return true;
  if (from.base == "jsonb" && (rank_of_number(to.base) >= 0 || to.base == "boolean")) return true;
  if (any_of(from.base, {"integer", "bigint"}) && to.base == "bit") return true;
  return false;
}

bool may_refuse(std::string_view from_text, std::string_view to_text) {
  const TypeName from = parse_type(from_text);
  const TypeName to = parse_type(to_text);
  if (classify_type_change(from_text, to_text) == TypeChange::free) return false;
  if (from.array || to.array) return !(to.base == "text" && !to.array);
  if (from.base == "numeric" && to.base == "numeric" && from.first != -1 && to.first != -1) {
    const int old_scale = from.second == -1 ? 0 : from.second;
    const int new_scale = to.second == -1 ? 0 : to.second;
    return !(new_scale >= old_scale && to.first - new_scale >= from.first - old_scale);
  }
  if (from.base == to.base && from.first != -1 && (to.first == -1 || to.first >= from.first) && from.second == -1) return false;
  if (any_of(to.base, {"text"}) || (to.base == "character varying" && to.first == -1)) return false;
  const int old_rank = rank_of_number(from.base);
  const int new_rank = rank_of_number(to.base);
  if (old_rank >= 0 && new_rank >= 0 && to.first == -1) return !(new_rank >= old_rank && from.base != "numeric");
  if (from.base == "timestamp without time zone" && to.base == "timestamp with time zone") return false;
  if (from.base == "timestamp with time zone" && to.base == "timestamp without time zone") return false;
  if (from.base == "date" && to.base.starts_with("timestamp")) return false;
  if (from.base == "json" && to.base == "jsonb") return true;  // \u0000
  if (from.base == "jsonb" && to.base == "json") return false;
  return true;
}

bool may_change(std::string_view from_text, std::string_view to_text) {
  const TypeName from = parse_type(from_text);
  const TypeName to = parse_type(to_text);
  if (from.array != to.array || classify_type_change(from_text, to_text) == TypeChange::free) return false;
  const bool to_whole = any_of(to.base, {"smallint", "integer", "bigint"});
  const auto scale = [](const TypeName& type) { return type.second == -1 ? 0 : type.second; };
  if (from.base == "numeric") {
    // Without a modifier each value has digits of its own; with one all have the same.
    if (to.base == "numeric") return to.first != -1 && (from.first == -1 || scale(from) > scale(to));
    return any_of(to.base, {"real", "double precision", "money"}) || (to_whole && (from.first == -1 || scale(from) > 0));
  }
  if (any_of(from.base, {"real", "double precision"})) return to_whole || to.base == "numeric" || to.base == "real";
  if (any_of(from.base, {"integer", "bigint"}) && (to.base == "real" || (from.base == "bigint" && to.base == "double precision"))) return true;  // 24 and 53 bits of mantissa
  if (from.base == "money") return any_of(to.base, {"integer", "bigint"});
  if (from.base.starts_with("timestamp") && (to.base == "date" || to.base.starts_with("time "))) return true;
  if (from.base == "interval" && to.base.starts_with("time ")) return true;
  if (is_interval(from.base) && is_interval(to.base)) return !precision_kept(from, to) || least_field(to.base) > least_field(from.base);
  const bool time = from.base.starts_with("time") && to.base.starts_with("time");
  if (time && from.base == "time with time zone" && to.base == "time without time zone") return true;
  if (time) return !precision_kept(from, to);
  if (from.base == "json" && to.base == "jsonb") return true;                                             // blanks, order and doubles of keys
  if (is_text(from.base) && from.base != "character" && to.base == "character") return true;              // blanks at the end
  if (is_text(from.base) && !is_text(to.base) && !any_of(to.base, {"json", "xml", "name"})) return true;  // '007', ' 1.50', 'TRUE': the form in which it was written
  return from.base == "inet" && to.base == "cidr";                                                        // the host's part
}

}  // namespace contraflow::effects
