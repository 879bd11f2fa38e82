// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "effects/type_change.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"

namespace contraflow::lint {

using effects::Operation;
using effects::TypeChange;

namespace {

bool is_time_zone_pair(std::string_view from, std::string_view to) {
  const std::string left = base_of(from), right = base_of(to);
  return (left == "timestamp without time zone" && right == "timestamp with time zone") || (left == "timestamp with time zone" && right == "timestamp without time zone");
}

// The session's zone has no offset: TimestampTimestampTzRequiresRewrite().
bool is_utc(std::string zone) {
  zone = to_lower(zone);
  for (const std::string_view name : {"utc", "gmt", "etc/utc", "etc/gmt", "uct", "etc/uct", "zulu", "etc/zulu", "0", "+00", "+00:00", "universal", "etc/universal", "greenwich"}) {
    if (zone == name) return true;
  }
  return false;
}

// The types a USING expression leads through, where it is nothing but casts of the column itself, and COLLATE, which the planner takes away; nothing where it computes.
std::optional<std::vector<const PgQuery__TypeName*>> casts_of(const PgQuery__Node* expression, std::string_view column) {
  std::vector<const PgQuery__TypeName*> out;
  while (expression != nullptr) {
    if (expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
      out.push_back(expression->type_cast->type_name);
      expression = expression->type_cast->arg;
    } else if (expression->node_case == PG_QUERY__NODE__NODE_COLLATE_CLAUSE) {
      expression = expression->collate_clause->arg;
    } else {
      break;
    }
  }
  if (column_of(expression) != column) return std::nullopt;
  std::reverse(out.begin(), out.end());
  return out;
}

// How far the kinds of two types are apart, for the operator classes of their indexes: text and varchar share theirs.
std::string operator_family(std::string_view type) {
  const std::string base = base_of(type);
  if (base == "character varying" || base == "text") return "text";
  if (base == "cidr" || base == "inet") return "inet";
  return base;
}

// What an unknown column most likely is, seen from the type that it gets.
bool rarely_free(std::string_view to) {
  const std::string base = base_of(to);
  for (const std::string_view free : {"text", "character varying", "numeric", "inet", "bit varying", "timestamp with time zone", "timestamp without time zone", "interval", "oid", "citext"}) {
    if (base == free) return false;
  }
  return true;
}

struct Verdict {
  TypeChange change = TypeChange::free;
  bool by_time_zone = false;  // free only where the session's zone is UTC
};

}  // namespace

void Analyser::alter_type(const Target& table, const PgQuery__AlterTableCmd& command, std::size_t offset) {
  const std::string name(text_of(command.name));
  if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF || command.def->column_def->type_name == nullptr) return;
  const PgQuery__ColumnDef& def = *command.def->column_def;
  const std::string to = type_of(*def.type_name);
  const auto known_column = [&]() -> const Column* {
    if (table.known == nullptr) return nullptr;
    const auto it = table.known->columns.find(name);
    return it == table.known->columns.end() || it->second.type.empty() ? nullptr : &it->second;
  };
  const Column* column = known_column();
  const std::string from = column == nullptr ? std::string() : column->type;
  const std::string collation = def.coll_clause == nullptr ? std::string() : sql::quote(qualified(NodeList(def.coll_clause->collname, def.coll_clause->n_collname)));
  const std::string old_collation = column == nullptr ? std::string() : column->collation;
  // "C" is written bare in a statement, pg_catalog."C" in the catalog.
  const auto bare = [](std::string text) {
    if (text.starts_with("pg_catalog.")) text = text.substr(11);
    return text == "\"default\"" ? std::string() : text;
  };
  const bool collation_changes = bare(collation) != bare(old_collation);
  const bool no_rows = table.known != nullptr && (table.known->kind == RelationKind::foreign_table || has_no_partitions(table));

  // A domain is its base type with checks: to a constrained one every value is checked, by a rewrite.
  const auto below = [&](std::string type) {
    for (int depth = 0; depth < 32; ++depth) {
      const Type* known = find_type(type);
      if (known == nullptr || known->kind != TypeKind::domain) break;
      type = known->base;
    }
    return type;
  };
  const auto classify = [&](const std::string& left, const std::string& right) {
    Verdict out;
    const Type* target_type = find_type(right);
    if (target_type != nullptr && target_type->kind == TypeKind::domain && target_type->constrained && left != right) return Verdict{TypeChange::rewrite};
    const std::string left_base = below(left), right_base = below(right);
    // A domain's modifier is not seen by the length coercion's support function: the values pass through it.
    if (left != right && left != left_base && effects::parse_type(right_base).first != -1) return Verdict{TypeChange::rewrite};
    if (is_time_zone_pair(left_base, right_base)) {
      out.by_time_zone = true;
      const effects::TypeName parsed = effects::parse_type(left_base), wanted = effects::parse_type(right_base);
      if (wanted.first != -1 && (parsed.first == -1 || parsed.first > wanted.first)) return Verdict{TypeChange::rewrite};
      return out;
    }
    if (base_of(right_base).ends_with("citext")) {
      out.change = base_of(left_base) == "text" || base_of(left_base) == "character varying" || left_base == right_base ? TypeChange::free : TypeChange::rewrite;
      return out;
    }
    if (base_of(left_base).ends_with("citext") && (right_base == "text" || right_base == "character varying")) return out;
    out.change = effects::classify_type_change(left_base, right_base);
    return out;
  };

  const PgQuery__Node* using_expression = def.raw_default;
  const auto casts = using_expression == nullptr ? std::optional<std::vector<const PgQuery__TypeName*>>(std::in_place) : casts_of(using_expression, name);
  std::string reason;
  std::string depends;
  bool likely = true;
  TypeChange change = TypeChange::rewrite;
  bool rebuilds_time_indexes = false;
  if (!casts) {
    reason = "USING computes a new value for each row";
  } else if (from.empty()) {
    change = TypeChange::rewrite;
    depends = fmt::format("the column's type now: {} is free from some types; name the schema with --schema", to);
    likely = rarely_free(to);
    reason = fmt::format("the new type is {}", to);
  } else {
    change = TypeChange::free;
    std::string at = from;
    bool by_zone = false;
    std::vector<std::string> path;
    for (const PgQuery__TypeName* cast : *casts) path.push_back(type_of(*cast));
    path.push_back(to);
    for (const std::string& next : path) {
      const Verdict verdict = classify(at, next);
      if (verdict.change != TypeChange::free) change = verdict.change;
      by_zone = by_zone || verdict.by_time_zone;
      at = next;
    }
    reason = fmt::format("{} and {} are stored differently", from, to);
    if (by_zone && change == TypeChange::free) {
      if (session_.time_zone && is_utc(*session_.time_zone)) {
        rebuilds_time_indexes = true;
      } else if (session_.time_zone) {
        change = TypeChange::rewrite;
        reason = fmt::format("{} and {} differ by the session's TimeZone, {}", from, to, *session_.time_zone);
      } else {
        change = TypeChange::rewrite;
        depends = "the session's TimeZone: free where it is UTC";
        reason = fmt::format("{} and {} differ by the session's TimeZone", from, to);
        likely = false;
      }
    }
  }
  if (no_rows || (column != nullptr && column->virtual_)) change = TypeChange::free;  // a virtual column is stored nowhere

  const auto fill = [&](Action& action) {
    action.column = name;
    action.from = from;
    action.to = to;
  };
  if (change != TypeChange::free) {
    Action& action = add(change == TypeChange::rewrite ? Operation::alter_type_rewrite : Operation::alter_type_check, table, offset);
    fill(action);
    action.reason = reason;
    action.depends = depends;
    action.likely = likely;
  } else {
    bool worked = false;
    const std::string old_family = operator_family(below(from)), new_family = operator_family(below(to));
    if (table.known != nullptr && !no_rows) {
      for (const auto& [index_called, index] : table.known->indexes) {
        if (!index.columns.contains(name)) continue;
        // CheckIndexCompatible(): another operator class or collation, an expression or a predicate make it be built again.
        std::string why;
        const bool in_key = std::find(index.key.begin(), index.key.end(), name) != index.key.end();
        if (index.has_expression || index.partial) why = fmt::format("index {} has an expression or a predicate", index_called);
        else if (in_key && (rebuilds_time_indexes || old_family != new_family)) why = fmt::format("index {} sorts {} in another operator class", index_called, to);
        else if (in_key && collation_changes) why = fmt::format("index {} is sorted by the collation", index_called);
        if (why.empty()) continue;
        Action& action = add(Operation::alter_type_index, table, offset);
        fill(action);
        action.object = index_called;
        action.reason = why;
        worked = true;
        break;
      }
      for (const auto& [constraint_called, constraint] : table.known->constraints) {
        const bool concerned = std::find(constraint.columns.begin(), constraint.columns.end(), name) != constraint.columns.end();
        if (!concerned || !constraint.validated || !constraint.enforced) continue;
        const bool check = constraint.kind == ConstraintKind::check;
        // TryReuseForeignKey(): the comparison operator changes with the operator class.
        const bool reference = constraint.kind == ConstraintKind::foreign_key && old_family != new_family;
        if (!check && !reference) continue;
        Action& action = add(Operation::alter_type_check, table, offset);
        fill(action);
        action.object = constraint_called;
        action.reason = fmt::format("constraint {} is made again and checks every row", constraint_called);
        worked = true;
        break;
      }
    }
    if (collation_changes && column == nullptr && !worked) {
      Action& action = add(Operation::alter_type_index, table, offset);
      fill(action);
      action.reason = "indexes are sorted by the collation";
      action.depends = "whether an index uses the column: name the schema with --schema";
      worked = true;
    }
    if (!worked) fill(add(Operation::alter_type, table, offset));
  }
  if (from != to) {
    Action& prepared = add_fact(Fact::type_breaks_prepared, table, offset);
    fill(prepared);
  }
  // "cannot alter type of a column used by a view or rule"
  for (const QualifiedName& view_name : schema_.relations_showing(table.key)) {
    const Relation* view = schema_.relations.find(view_name);
    if (view == nullptr || !view->shows.contains({table.key, name})) continue;
    Action& shown = add_fact(Fact::type_under_view, table, offset);
    fill(shown);
    shown.object = sql::quote(view_name);
    shown.what = view->kind == RelationKind::materialized_view ? "materialized view" : "view";
    break;
  }
  Column& changed = edit(table).columns[name];
  changed.type = to;
  changed.collation = collation;
}

}  // namespace contraflow::lint
