// SPDX-License-Identifier: Apache-2.0
#include "lint/analysis/partition_bound.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {
namespace {

// What CHECKs say of one column, as far as it is plain comparisons with constants.
struct Range {
  bool not_null = false;
  std::vector<std::string> at_least, more, less, at_most;  // constants
  std::vector<std::string> among;                          // = ANY (…), or one value
  std::set<std::string> never;                             // <>, NOT IN, <> ALL (…)
  bool has_among = false;
};

// '2024-01-01' and '2024-01-01 00:00:00+00' are the same day's start.
std::string normalised(std::string value) {
  if (value.size() == 10 && value[4] == '-' && value[7] == '-') value += " 00:00:00";
  for (const std::string_view zone : {"+00", "+00:00", "Z"}) {
    if (value.size() > 19 && value.ends_with(zone)) value.resize(value.size() - zone.size());
  }
  if (value.size() > 10 && value[10] == 'T') value[10] = ' ';
  return value;
}

// -1, 0, 1; nothing where the two cannot be compared as text.
std::optional<int> compare(const std::string& left, const std::string& right) {
  const std::string a = normalised(left), b = normalised(right);
  if (a == b) return 0;
  double x = 0, y = 0;
  const auto read_x = std::from_chars(a.data(), a.data() + a.size(), x);
  const auto read_y = std::from_chars(b.data(), b.data() + b.size(), y);
  if (read_x.ec == std::errc() && read_x.ptr == a.data() + a.size() && read_y.ec == std::errc() && read_y.ptr == b.data() + b.size()) return x < y ? -1 : x > y ? 1
                                                                                                                                                                : 0;
  const auto is_date = [](const std::string& text) { return text.size() >= 19 && text[4] == '-' && text[7] == '-'; };
  if (is_date(a) && is_date(b)) return a < b ? -1 : 1;
  return std::nullopt;
}

void read_list(const PgQuery__Node* node, std::vector<std::string>& out, bool& readable) {
  if (node == nullptr) {
    readable = false;
    return;
  }
  while (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && node->type_cast->arg != nullptr) node = node->type_cast->arg;
  NodeList items;
  if (node->node_case == PG_QUERY__NODE__NODE_LIST) items = NodeList(node->list->items, node->list->n_items);
  else if (node->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) items = NodeList(node->a_array_expr->elements, node->a_array_expr->n_elements);
  else readable = false;
  for (const PgQuery__Node* item : items) {
    if (auto value = constant_of(item)) out.push_back(*std::move(value));
    else readable = false;
  }
}

std::string_view bare_column(const PgQuery__Node* node) {
  while (node != nullptr && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) node = node->type_cast->arg;
  return column_of(node);
}

// Adds what a conjunction says of the column; false where a part names the column in a way that is not read here.
bool read(const PgQuery__Node* node, const std::string& column, Range& range) {
  if (node == nullptr) return true;
  const std::vector<std::string> named = columns_below(node);
  if (std::find(named.begin(), named.end(), column) == named.end()) return true;
  if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR && node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
    bool all = true;
    for (std::size_t i = 0; i < node->bool_expr->n_args; ++i) all = read(node->bool_expr->args[i], column, range) && all;
    return all;
  }
  if (proves_not_null(node).contains(column)) {
    range.not_null = true;
    return true;
  }
  if (node->node_case != PG_QUERY__NODE__NODE_A_EXPR) return false;
  const PgQuery__AExpr& expression = *node->a_expr;
  const std::string_view op = expression.n_name == 1 ? string_of(expression.name[0]) : std::string_view();
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN || (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY && op == "=")) {
    bool readable = true;
    if (op == "<>" && bare_column(expression.lexpr) == column) {  // NOT IN
      std::vector<std::string> values;
      read_list(expression.rexpr, values, readable);
      if (readable) range.never.insert(values.begin(), values.end());
      return readable;
    }
    if (op != "=" || bare_column(expression.lexpr) != column) return false;
    read_list(expression.rexpr, range.among, readable);
    range.has_among = readable;
    return readable;
  }
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN && bare_column(expression.lexpr) == column) {
    std::vector<std::string> ends;
    bool readable = true;
    read_list(expression.rexpr, ends, readable);
    if (!readable || ends.size() != 2) return false;
    range.at_least.push_back(ends[0]);
    range.at_most.push_back(ends[1]);
    return true;
  }
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL && op == "<>" && bare_column(expression.lexpr) == column) {
    std::vector<std::string> values;
    bool readable = true;
    read_list(expression.rexpr, values, readable);
    if (readable) range.never.insert(values.begin(), values.end());
    return readable;
  }
  if (expression.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP) return false;
  const bool left = bare_column(expression.lexpr) == column;
  const auto value = constant_of(left ? expression.rexpr : expression.lexpr);
  if (!value || (!left && bare_column(expression.rexpr) != column)) return false;
  if (op == ">=") (left ? range.at_least : range.at_most).push_back(*value);
  else if (op == ">") (left ? range.more : range.less).push_back(*value);
  else if (op == "<") (left ? range.less : range.more).push_back(*value);
  else if (op == "<=") (left ? range.at_most : range.at_least).push_back(*value);
  else if (op == "=") range.among.push_back(*value), range.has_among = true;
  else if (op == "<>") range.never.insert(*value);
  else return false;
  return true;
}

struct Bound {
  std::optional<std::string> lower, upper;  // range, of one column
  std::vector<std::string> values;          // list
  bool has_null = false;
  bool readable = true;
};

std::optional<std::string> datum(const PgQuery__Node* node, bool& readable) {
  if (node->node_case == PG_QUERY__NODE__NODE_PARTITION_RANGE_DATUM) {
    const PgQuery__PartitionRangeDatum& value = *node->partition_range_datum;
    if (value.kind != PG_QUERY__PARTITION_RANGE_DATUM_KIND__PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    node = value.value;
  }
  // MINVALUE and MAXVALUE come from the grammar as bare names.
  if (column_of(node) == "minvalue" || column_of(node) == "maxvalue") return std::nullopt;
  auto out = constant_of(node);
  if (!out) readable = false;
  return out;
}

Bound bound_of(const PgQuery__PartitionBoundSpec& bound) {
  Bound out;
  if (text_of(bound.strategy) == "r") {
    if (bound.n_lowerdatums != 1 || bound.n_upperdatums != 1) {
      out.readable = false;
      return out;
    }
    out.lower = datum(bound.lowerdatums[0], out.readable);
    out.upper = datum(bound.upperdatums[0], out.readable);
  } else if (text_of(bound.strategy) == "l") {
    for (std::size_t i = 0; i < bound.n_listdatums; ++i) {
      const PgQuery__Node* node = bound.listdatums[i];
      if (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull != 0) out.has_null = true;
      else if (auto value = constant_of(node)) out.values.push_back(*std::move(value));
      else out.readable = false;
    }
  } else {
    out.readable = false;
  }
  return out;
}

// The comparisons in all validated CHECKs; `clear` is false where one of them was not understood.
Range range_of(const Relation& relation, const std::string& column, bool& clear) {
  Range range;
  if (const auto it = relation.columns.find(column); it != relation.columns.end()) range.not_null = it->second.not_null;
  for (const auto& [name, constraint] : relation.constraints) {
    if (constraint.kind != ConstraintKind::check || !constraint.validated || !constraint.enforced) continue;
    if (!constraint.known) clear = false;
    if (constraint.expression.empty()) {
      if (std::find(constraint.columns.begin(), constraint.columns.end(), column) != constraint.columns.end()) clear = false;
      continue;
    }
    try {
      const sql::ParseTree tree = sql::parse("SELECT " + constraint.expression);
      const PgQuery__SelectStmt& select = *tree.node(0).select_stmt;
      if (select.n_target_list != 1 || !read(select.target_list[0]->res_target->val, column, range)) clear = false;
    } catch (const Error&) {
      clear = false;
    }
  }
  return range;
}

bool any(const std::vector<std::string>& values, const std::string& limit, bool (*fits)(int)) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    const auto order = compare(value, limit);
    return order && fits(*order);
  });
}

bool at_or_above(int order) { return order >= 0; }
bool at_or_below(int order) { return order <= 0; }
bool below(int order) { return order < 0; }

}  // namespace

Implied bound_is_implied(const Relation& child, const Relation& parent, const PgQuery__PartitionBoundSpec& bound) {
  const Bound wanted = bound_of(bound);
  if (text_of(bound.strategy) == "h") return Implied::no;
  if (!wanted.readable || parent.partition_key.size() != 1 || parent.partition_key[0].empty()) return Implied::unknown;
  bool clear = true;
  const Range range = range_of(child, parent.partition_key[0], clear);
  const Implied otherwise = clear ? Implied::no : Implied::unknown;
  if (text_of(bound.strategy) == "l") {
    if (!wanted.has_null && !range.not_null) return otherwise;
    const bool within = range.has_among && std::all_of(range.among.begin(), range.among.end(), [&](const std::string& value) {
                          return std::find(wanted.values.begin(), wanted.values.end(), value) != wanted.values.end();
                        });
    return within ? Implied::yes : otherwise;
  }
  if (!range.not_null) return otherwise;
  const bool lower = !wanted.lower || any(range.at_least, *wanted.lower, at_or_above) || any(range.more, *wanted.lower, at_or_above) || any(range.among, *wanted.lower, at_or_above);
  const bool upper = !wanted.upper || any(range.less, *wanted.upper, at_or_below) || any(range.at_most, *wanted.upper, below);
  return lower && upper ? Implied::yes : otherwise;
}

Implied bound_is_excluded(const Relation& default_partition, const Relation& parent, const PgQuery__PartitionBoundSpec& bound) {
  const Bound wanted = bound_of(bound);
  if (!wanted.readable || parent.partition_key.size() != 1 || parent.partition_key[0].empty()) return Implied::unknown;
  bool clear = true;
  const Range range = range_of(default_partition, parent.partition_key[0], clear);
  const Implied otherwise = clear ? Implied::no : Implied::unknown;
  if (text_of(bound.strategy) == "l") {
    // A list with NULL excludes it only by NOT NULL; each value by what the CHECKs forbid or by the values that they allow.
    if (wanted.has_null && !range.not_null) return otherwise;
    const bool excluded = std::all_of(wanted.values.begin(), wanted.values.end(), [&](const std::string& value) {
      return range.never.contains(value) || (range.has_among && std::find(range.among.begin(), range.among.end(), value) == range.among.end());
    });
    return excluded ? Implied::yes : otherwise;
  }
  if (text_of(bound.strategy) != "r") return otherwise;
  // All rows below the bound, or all above it.
  if (wanted.lower && (any(range.less, *wanted.lower, at_or_below) || any(range.at_most, *wanted.lower, below))) return Implied::yes;
  if (wanted.upper && any(range.at_least, *wanted.upper, at_or_above)) return Implied::yes;
  return otherwise;
}

}  // namespace contraflow::lint
