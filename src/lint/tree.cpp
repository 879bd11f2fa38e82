// SPDX-License-Identifier: Apache-2.0
#include "lint/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <array>
#include <charconv>

#include "base/text.h"
#include "sql/name.h"

namespace contraflow::lint {
namespace {

struct Spelling {
  std::string_view internal;
  std::string_view sql;
};

// format_type_extended(): the types that SQL spells in its own way.
constexpr std::array kSpellings = {
    Spelling{"bit", "bit"},
    Spelling{"bool", "boolean"},
    Spelling{"bpchar", "character"},
    Spelling{"char", "\"char\""},
    Spelling{"decimal", "numeric"},
    Spelling{"float4", "real"},
    Spelling{"float8", "double precision"},
    Spelling{"int", "integer"},
    Spelling{"int2", "smallint"},
    Spelling{"int4", "integer"},
    Spelling{"int8", "bigint"},
    Spelling{"interval", "interval"},
    Spelling{"numeric", "numeric"},
    Spelling{"serial", "integer"},
    Spelling{"serial2", "smallint"},
    Spelling{"serial4", "integer"},
    Spelling{"serial8", "bigint"},
    Spelling{"smallserial", "smallint"},
    Spelling{"bigserial", "bigint"},
    Spelling{"time", "time without time zone"},
    Spelling{"timestamp", "timestamp without time zone"},
    Spelling{"timestamptz", "timestamp with time zone"},
    Spelling{"timetz", "time with time zone"},
    Spelling{"varbit", "bit varying"},
    Spelling{"varchar", "character varying"},
};

// Types of pg_catalog that keep their name and that a column may have.
constexpr std::array<std::string_view, 55> kPlainTypes = {
    "aclitem", "box", "bytea", "cid", "cidr", "circle", "date", "datemultirange", "daterange", "gtsvector", "inet", "int2vector", "int4multirange",
    "int4range", "int8multirange", "int8range", "json", "jsonb", "jsonpath", "line", "lseg", "macaddr", "macaddr8", "money", "name", "nummultirange",
    "numrange", "oid", "oidvector", "path", "pg_lsn", "pg_snapshot", "point", "polygon", "refcursor", "regclass", "regcollation", "regconfig",
    "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole", "regtype", "text", "tid", "tsmultirange", "tsquery",
    "tsrange", "tstzmultirange", "tstzrange", "tsvector", "txid_snapshot"};

std::string_view sql_spelling(std::string_view name) {
  for (const Spelling& spelling : kSpellings) {
    if (spelling.internal.size() == name.size() && spelling.internal.back() == name.back() && spelling.internal == name) return spelling.sql;
  }
  return {};
}

bool takes_precision_inside(std::string_view type) { return type.ends_with(" time zone"); }

constexpr int kIntervalFullRange = 0x7FFF;

// INTERVAL_MASK() of datetime.h, as the grammar puts them together.
struct IntervalFields {
  int mask;
  std::string_view name;
};
constexpr std::array kIntervalFields = {
    IntervalFields{1 << 2, "year"},
    IntervalFields{1 << 1, "month"},
    IntervalFields{1 << 3, "day"},
    IntervalFields{1 << 10, "hour"},
    IntervalFields{1 << 11, "minute"},
    IntervalFields{1 << 12, "second"},
    IntervalFields{(1 << 2) | (1 << 1), "year to month"},
    IntervalFields{(1 << 3) | (1 << 10), "day to hour"},
    IntervalFields{(1 << 3) | (1 << 10) | (1 << 11), "day to minute"},
    IntervalFields{(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12), "day to second"},
    IntervalFields{(1 << 10) | (1 << 11), "hour to minute"},
    IntervalFields{(1 << 10) | (1 << 11) | (1 << 12), "hour to second"},
    IntervalFields{(1 << 11) | (1 << 12), "minute to second"},
};

std::string with_modifiers(std::string_view type, const std::vector<std::string>& modifiers) {
  if (modifiers.empty()) return std::string(type);
  if (type == "interval") {
    const std::string precision = modifiers.size() == 2 ? "(" + modifiers[1] + ")" : std::string();
    if (modifiers[0] == std::to_string(kIntervalFullRange)) return "interval" + precision;
    for (const IntervalFields& fields : kIntervalFields) {
      if (modifiers[0] == std::to_string(fields.mask)) return fmt::format("interval {}{}", fields.name, precision);
    }
    return fmt::format("interval fields {}", join(modifiers, ","));
  }
  const std::string list = join(modifiers, ",");
  if (takes_precision_inside(type)) {
    const std::size_t space = type.find(' ');
    return fmt::format("{}({}){}", type.substr(0, space), list, type.substr(space));
  }
  // numeric(10) is stored and written as numeric(10,0).
  if (type == "numeric" && modifiers.size() == 1) return fmt::format("numeric({},0)", list);
  return fmt::format("{}({})", type, list);
}

}  // namespace

std::string_view string_of(const PgQuery__Node* node) {
  return node != nullptr && node->node_case == PG_QUERY__NODE__NODE_STRING ? text_of(node->string->sval) : std::string_view();
}

std::vector<std::string> strings_of(NodeList list) {
  std::vector<std::string> out;
  for (const PgQuery__Node* node : list) out.emplace_back(string_of(node));
  return out;
}

sql::QualifiedName qualified(NodeList names) {
  sql::QualifiedName out;
  if (!names.empty()) out.name = string_of(names.back());
  if (names.size() > 1) out.schema = string_of(names[names.size() - 2]);
  return out;
}

sql::QualifiedName qualified(const PgQuery__RangeVar& relation) {
  sql::QualifiedName out{std::string(text_of(relation.schemaname)), std::string(text_of(relation.relname))};
  // A temporary table is written without its schema, and no other session sees it.
  if (out.schema.empty() && text_of(relation.relpersistence) == "t") out.schema = "pg_temp";
  return out;
}

std::vector<std::string> names_of_object(const PgQuery__Node& node) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_LIST: return strings_of({node.list->items, node.list->n_items});
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS: return strings_of({node.object_with_args->objname, node.object_with_args->n_objname});
    case PG_QUERY__NODE__NODE_TYPE_NAME: return strings_of({node.type_name->names, node.type_name->n_names});
    case PG_QUERY__NODE__NODE_STRING: return {std::string(string_of(&node))};
    default: return {};
  }
}

std::string type_text(const PgQuery__TypeName& type) {
  const std::string_view name = type.n_names == 0 ? std::string_view() : string_of(type.names[type.n_names - 1]);
  const std::string_view schema = type.n_names < 2 ? std::string_view() : string_of(type.names[type.n_names - 2]);
  std::string base;
  // `char` in lower case without schema is the grammar's bpchar; "char" comes as one bare name.
  const std::string_view spelled = schema.empty() || schema == "pg_catalog" ? sql_spelling(name) : std::string_view();
  const bool built_in = !spelled.empty() || schema == "pg_catalog" || (schema.empty() && is_built_in_type(name));
  if (!spelled.empty()) base = spelled;
  else if (built_in) base = name;
  else base = sql::quote(qualified(NodeList(type.names, type.n_names)));
  std::vector<std::string> modifiers;
  for (std::size_t i = 0; i < type.n_typmods; ++i) modifiers.push_back(constant_of(type.typmods[i]).value_or("?"));
  std::string out = modifiers.empty() ? std::move(base) : with_modifiers(base, modifiers);
  if (type.n_array_bounds > 0) out += "[]";
  return out;
}

std::string base_of(std::string_view type) {
  while (type.ends_with("[]")) type.remove_suffix(2);
  const std::size_t open = type.find('(');
  if (open == std::string_view::npos || type.starts_with('"')) return std::string(type);
  const std::size_t close = type.find(')', open);
  std::string out(type.substr(0, open));
  if (close != std::string_view::npos) out += type.substr(close + 1);
  return out;
}

bool is_built_in_type(std::string_view base) {
  static const std::unordered_set<std::string_view> known = [] {
    std::unordered_set<std::string_view> out(kPlainTypes.begin(), kPlainTypes.end());
    out.insert({"uuid", "xml", "xid", "xid8"});
    for (const Spelling& spelling : kSpellings) out.insert(spelling.sql);
    return out;
  }();
  return known.contains(base);
}

bool is_serial(const PgQuery__TypeName& type) {
  if (type.n_names != 1) return false;
  const std::string_view name = string_of(type.names[0]);
  return name == "serial" || name == "bigserial" || name == "smallserial" || name == "serial2" || name == "serial4" || name == "serial8";
}

std::optional<std::string> constant_of(const PgQuery__Node* node) {
  if (node == nullptr) return std::nullopt;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_INTEGER: return std::to_string(node->integer->ival);
    case PG_QUERY__NODE__NODE_FLOAT: return std::string(text_of(node->float_->fval));
    case PG_QUERY__NODE__NODE_STRING: return std::string(text_of(node->string->sval));
    case PG_QUERY__NODE__NODE_BOOLEAN: return std::string(node->boolean->boolval != 0 ? "true" : "false");
    case PG_QUERY__NODE__NODE_TYPE_CAST: return constant_of(node->type_cast->arg);
    case PG_QUERY__NODE__NODE_A_EXPR: {
      const PgQuery__AExpr& expression = *node->a_expr;
      const bool sign = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && expression.lexpr == nullptr && expression.n_name == 1;
      if (!sign || (string_of(expression.name[0]) != "-" && string_of(expression.name[0]) != "+")) return std::nullopt;
      const auto value = constant_of(expression.rexpr);
      if (!value || string_of(expression.name[0]) == "+") return value;
      return "-" + *value;
    }
    case PG_QUERY__NODE__NODE_A_CONST: {
      const PgQuery__AConst& constant = *node->a_const;
      if (constant.isnull != 0) return std::nullopt;
      switch (constant.val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL: return std::to_string(constant.ival->ival);
        case PG_QUERY__A__CONST__VAL_FVAL: return std::string(text_of(constant.fval->fval));
        case PG_QUERY__A__CONST__VAL_BOOLVAL: return std::string(constant.boolval->boolval != 0 ? "true" : "false");
        case PG_QUERY__A__CONST__VAL_SVAL: return std::string(text_of(constant.sval->sval));
        case PG_QUERY__A__CONST__VAL_BSVAL: return std::string(text_of(constant.bsval->bsval));
        default: return std::string("0");  // an integer 0 has no val in protobuf's encoding
      }
    }
    default: return std::nullopt;
  }
}

std::optional<long long> integer_of(const PgQuery__Node* node) {
  const auto text = constant_of(node);
  if (!text) return std::nullopt;
  long long value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

const PgQuery__DefElem* option_named(NodeList options, std::string_view name) {
  for (const PgQuery__Node* node : options) {
    if (node->node_case == PG_QUERY__NODE__NODE_DEF_ELEM && text_of(node->def_elem->defname) == name) return node->def_elem;
  }
  return nullptr;
}

bool is_on(NodeList options, std::string_view name) {
  const PgQuery__DefElem* option = option_named(options, name);
  if (option == nullptr) return false;
  if (option->arg == nullptr) return true;
  const std::string value = to_lower(constant_of(option->arg).value_or("true"));
  return value != "false" && value != "off" && value != "0" && value != "no" && value != "f" && value != "n";
}

std::string_view column_of(const PgQuery__Node* node) {
  if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF || node->column_ref->n_fields == 0) return {};
  return string_of(node->column_ref->fields[node->column_ref->n_fields - 1]);
}

std::vector<std::string> columns_below(const PgQuery__Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  sql::walk(node->base, [&](const ProtobufCMessage& message) {
    if (const auto* reference = sql::message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
      if (reference->n_fields > 0) {
        std::string name(string_of(reference->fields[reference->n_fields - 1]));
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
      }
      return false;
    }
    return true;
  });
  return out;
}

}  // namespace contraflow::lint
