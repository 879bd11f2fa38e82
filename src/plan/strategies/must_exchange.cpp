// SPDX-License-Identifier: Apache-2.0
//
// Which changes no ALTER makes online, so that a second table takes the first one's place.
#include <fmt/format.h>

#include <algorithm>

#include "effects/type_change.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/domain_parts.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/published_rows.h"
#include "plan/strategies/second_tables.h"
#include "plan/strategies/table_parts.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

std::string generation_is(const ObjectId& column, const std::string& expression) {
  return fmt::format(
      "EXISTS (SELECT FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = to_regclass({}) "
      "AND a.attname = {} AND coalesce(pg_get_expr(d.adbin, d.adrelid), '') = {})",
      sql::quote_literal(sql::quote(QualifiedName{column.schema, column.relation})), sql::quote_literal(column.name), sql::quote_literal(expression));
}

// A stored generated column is computed from it.
bool computes_others(const Planner& p, const ObjectId& column) {
  auto it = p.dependents.find(column);
  if (it == p.dependents.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const ObjectId& dependent) {
    const auto* body = p.from.find_body<Column>(dependent);
    return body && body->generated == Generated::stored;
  });
}

// A foreign key points at it.
bool is_referenced(const Planner& p, const ObjectId& column) {
  auto it = p.dependents.find(column);
  return it != p.dependents.end() && std::any_of(it->second.begin(), it->second.end(), [&](const ObjectId& dependent) {
           const auto* key = p.from.find_body<Constraint>(dependent);
           return key && key->references == QualifiedName{column.schema, column.relation} && std::find(key->referenced_columns.begin(), key->referenced_columns.end(), column.name) != key->referenced_columns.end();
         });
}

std::string in_class(const ObjectId& id, const std::string& condition) {
  return fmt::format("EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND {})", sql::quote_literal(quoted_name(id)), condition);
}

// A column that is in both schemas and has another name before.
const diff::Rename* renamed_column(const Planner& p, const ObjectId& table) {
  const auto of_table = [&](const diff::Rename& rename) {
    return rename.to.kind == Kind::column && rename.to.schema == table.schema && rename.to.relation == table.name && p.from.find(rename.to) && p.to.find(rename.to);
  };
  const auto it = std::find_if(p.renames.begin(), p.renames.end(), of_table);
  return it == p.renames.end() ? nullptr : &*it;
}

std::optional<ExchangeReason> reason_to_exchange(const Planner& p, const ObjectId& id) {
  if (id.kind != Kind::table || !p.from.find(id) || !p.to.find(id)) return std::nullopt;
  const Table &a = std::get<Table>(p.from.objects.at(id).body), &b = std::get<Table>(p.to.objects.at(id).body);
  if (a.partition_of || b.partition_of || !a.inherits.empty() || !b.inherits.empty() || !a.of_type.empty() || !b.of_type.empty()) return std::nullopt;
  for (const Database* database : {&p.from, &p.to}) {
    for (const QualifiedName& child : Planner::descendants(*database, name_of(id))) {
      const Table* body = database->find_body<Table>(table_id(child));
      if (!body || !body->partition_of) return std::nullopt;  // inheritance, or a foreign table
    }
  }
  // Where names change, second columns do what they can (shadow_trees.cpp).
  const bool new_names = std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& rename) { return rename.to == id || (rename.to.schema == id.schema && rename.to.relation == id.name); });
  const bool has_partitions = !Planner::children(p.from, name_of(id)).empty() || !Planner::children(p.to, name_of(id)).empty();
  const bool small = p.is_small(name_of(id));
  if (a.partition_key != b.partition_key && (has_partitions || !small)) {
    return ExchangeReason{is_partitioned_by(id, a.partition_key), a.partitioned && b.partitioned ? "no ALTER changes how a table is partitioned" : "no ALTER makes a table partitioned, or ordinary again"};
  }
  for (const Object* member : Planner::members(p.to, id)) {
    const auto* column = std::get_if<Column>(&member->body);
    const auto* before = p.from.find_body<Column>(member->id);
    if (column && before && before->type != column->type && is_partition_column(p.from, member->id)) {
      return ExchangeReason{column_has_type(member->id, before->type), fmt::format("no ALTER changes the type of {}, which is part of a partition key", describe(member->id))};
    }
  }
  for (const Object* member : Planner::members(p.from, id)) {
    const std::optional<ObjectId> type = member->id.kind == Kind::column ? exchanged_type_of(p, member->id) : std::nullopt;
    if (!type) continue;
    const auto* labels = p.from.find_body<EnumType>(*type);
    const std::string old_form = labels ? enum_labels_are(*type, labels->labels) : domain_is(p.from, *type), becomes = labels ? "loses values or changes their order" : "becomes another one";
    const bool checked = has_checked_domain(p.to, std::get<Column>(p.to.objects.at(member->id).body));
    if (checked && !small && !p.options.allow_blocking.contains("rewrite") && !key_of_rows(id, p.to, p.from).empty() && !key_of_rows(id, p.from, p.to).empty()) {
      return ExchangeReason{old_form, fmt::format("a second column of {}, which tests its values, writes every row under ACCESS EXCLUSIVE", describe(*type))};
    }
    if (is_partition_column(p.from, member->id)) {
      return ExchangeReason{old_form, fmt::format("{} {}, and no ALTER changes the type of {}, which is part of a partition key", describe(*type), becomes, describe(member->id))};
    }
    if (has_partitions && !small && !new_names && !p.options.allow_blocking.contains("rewrite")) {
      return ExchangeReason{old_form, fmt::format("{} {}, and a new type of {} rewrites every partition under ACCESS EXCLUSIVE", describe(*type), becomes, describe(member->id))};
    }
  }
  if (small) return std::nullopt;
  const auto allowed = [&](const char* kind) { return p.options.allow_blocking.contains(kind); };
  if (!allowed("rewrite")) {
    const bool has_key = !key_of_rows(id, p.to, p.from).empty() && !key_of_rows(id, p.from, p.to).empty();
    for (const Object* member : Planner::members(p.to, id)) {
      const auto* column = std::get_if<Column>(&member->body);
      if (!column) continue;
      const auto* before = p.from.find_body<Column>(member->id);
      const bool computed = column->generated == Generated::stored;
      if (!before && (computed || has_checked_domain(p.to, *column))) {
        return ExchangeReason{absent(member->id), fmt::format("adding {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && computed && (before->generated != column->generated || before->default_expression != column->default_expression)) {
        return ExchangeReason{generation_is(member->id, before->default_expression), fmt::format("a new generation expression of {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && before->generated == Generated::stored && column->generated == Generated::none) {
        return ExchangeReason{generation_is(member->id, before->default_expression), fmt::format("the way back to a generated {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && before->type != column->type && computes_others(p, member->id)) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("no ALTER changes the type of {}, from which stored columns are generated", describe(member->id))};
      }
      if (!computed && !has_key) continue;  // no rows of two tables can be told apart: a second column, see shadow_trees.cpp
      if (before && before->type != column->type && has_checked_domain(p.to, *column)) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("{} becomes one of a domain with a CHECK or NOT NULL, which writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (const auto why = before && before->type != column->type && effects::classify_type_change(before->type, column->type) != effects::TypeChange::free ? refuses_updates(p, name_of(id)) : std::nullopt) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("{} needs a second column, which no UPDATE can fill: {}", describe(member->id), *why)};
      }
      if (before && before->type != column->type && ((has_partitions && (!new_names || is_referenced(p, member->id))) || computed) && effects::classify_type_change(before->type, column->type) != effects::TypeChange::free) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("the new type of {} rewrites every partition under ACCESS EXCLUSIVE", describe(member->id))};
      }
    }
    const std::string rewrites = " copies the whole table under ACCESS EXCLUSIVE";
    if (a.persistence != b.persistence) {
      return ExchangeReason{in_class(id, fmt::format("relpersistence = '{}'", a.persistence == Persistence::unlogged ? 'u' : 'p')), (b.persistence == Persistence::unlogged ? "SET UNLOGGED" : "SET LOGGED") + rewrites};
    }
    if (a.access_method != b.access_method && !a.partitioned) {
      return ExchangeReason{in_class(id, fmt::format("relam = (SELECT oid FROM pg_am WHERE amname = {})", sql::quote_literal(a.access_method.empty() ? "heap" : a.access_method))), "SET ACCESS METHOD" + rewrites};
    }
    if (a.tablespace != b.tablespace && !a.partitioned) {
      return ExchangeReason{in_class(id, fmt::format("reltablespace = coalesce((SELECT oid FROM pg_tablespace WHERE spcname = {}), 0)", sql::quote_literal(a.tablespace))), "SET TABLESPACE" + rewrites};
    }
  }
  if (!allowed("exclusion")) {
    for (const Object* member : Planner::members(p.to, id)) {
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (!constraint || constraint->type != ConstraintType::exclusion) continue;
      const auto* before = p.from.find_body<Constraint>(member->id);
      if (before && before->definition == constraint->definition) continue;
      return ExchangeReason{before ? has_definition(p.from.objects.at(member->id)) : absent(member->id), fmt::format("{} cannot be built concurrently", describe(member->id))};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ExchangeReason> must_exchange(const Planner& p, const ObjectId& id) {
  std::optional<ExchangeReason> reason = reason_to_exchange(p, id);
  if (!reason) return reason;
  // Conditions read by the new names, which the columns have after the exchange: the old name tells.
  if (const diff::Rename* rename = renamed_column(p, id)) reason->old_form = exists(column_id(id.schema, id.name, rename->from.name));
  return reason;
}

}  // namespace contraflow::plan
