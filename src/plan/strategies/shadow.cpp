// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/shadows.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/refused_rows.h"
#include "sql/expression.h"

namespace contraflow::plan {

using namespace catalog;

ShadowSwap Shadows::run() {
  for (const auto& [table, columns] : tables_) {
    if (refused(table, columns)) return swap_;
  }
  find_heirs();
  for (const auto& [table, columns] : tables_) expand(table, columns);
  for (const ShadowTables* tables : {&tables_, &std::as_const(heirs_)}) {
    for (const auto& [table, columns] : *tables) build_members(table, columns, kForward);
  }
  for (const ShadowTables* tables : {&tables_, &std::as_const(heirs_)}) {
    for (const auto& [table, columns] : *tables) build_foreign_keys(table, kForward);
  }
  for (const auto& [table, columns] : tables_) analyze(table, columns);
  swap_scripts();
  // The way back builds the same on the retired column, before the swap back: the last of these runs first.
  back_first_ = p_.operations.size();
  for (const ShadowTables* tables : {&tables_, &std::as_const(heirs_)}) {
    for (const auto& [table, columns] : *tables) build_members(table, columns, kBack);
  }
  for (const ShadowTables* tables : {&tables_, &std::as_const(heirs_)}) {
    for (const auto& [table, columns] : *tables) build_foreign_keys(table, kBack);
  }
  reverse_back_builds();
  for (const auto& [table, columns] : tables_) {
    if (!exchanged(table)) purge(table, columns);
  }
  return std::move(swap_);
}

const std::vector<ShadowColumn>& Shadows::none() {
  static const std::vector<ShadowColumn> empty;
  return empty;
}

const std::vector<ShadowColumn>& Shadows::columns_of(const QualifiedName& table) const {
  if (auto it = tables_.find(table); it != tables_.end()) return it->second;
  auto heir = heirs_.find(table);
  return heir == heirs_.end() ? none() : heir->second;
}

// What the columns of the target schema are called while it is built. Only a copy that is gone after the swap stands on all second columns: an
// original that keeps its place is used itself.
sql::ColumnNames Shadows::names(const QualifiedName& table, const Direction& direction, bool winners_only) const {
  sql::ColumnNames out;
  for (const ShadowColumn& column : columns_of(table)) {
    if (!winners_only || column.shadow_wins) {
      out[column.id.name] = direction.built(column);
    } else if (direction.forward && column.two_way()) {
      out[column.id.name] = column.old_name;
    }
  }
  return out;
}

sql::TypeNames Shadows::types(const Direction& direction) const {
  sql::TypeNames out;
  for (const auto& [table, columns] : tables_) {
    for (const ShadowColumn& column : columns) {
      const auto& renamed = direction.forward ? column.types : column.back_types;
      out.insert(renamed.begin(), renamed.end());
    }
  }
  return out;
}

Operation& Shadows::add(Phase phase, std::string verb, const ObjectId& subject, Action forward, Action undo, Grade grade) {
  Operation& operation = p_.add(phase, std::move(verb), subject, std::move(forward), std::move(undo), grade);
  operation.groupable = false;
  return operation;
}

std::string Shadows::gate(const QualifiedName& table, const Direction& direction) const {
  std::vector<std::string> present;
  for (const ShadowColumn& column : columns_of(table)) present.push_back(exists(named(column, direction.built(column))));
  std::vector<std::string> conditions{all_of(present)};
  if (direction.forward) {
    for (const ShadowColumn& column : columns_of(table)) conditions.push_back(before_swap(column));
  }
  return all_of(conditions);
}

// A build of the forward road runs in backfill; one of the way back is the undo of an operation after the swap.
void Shadows::build(const Direction& direction, std::string verb, const ObjectId& subject, Action action, Action removal, std::vector<effects::Effect> effects) {
  if (direction.forward) {
    Operation& operation = add(Phase::backfill, std::move(verb), subject, std::move(action), std::move(removal));
    operation.step.effects = std::move(effects);
    const QualifiedName table = operation.step.tables.empty() ? QualifiedName{} : operation.step.tables.front();
    for (const auto& [name, before] : ready_) operation.after.insert(operation.after.end(), before.begin(), before.end());
    if (!builds_.empty()) operation.after.push_back(builds_.back());
    builds_.push_back(p_.operations.size() - 1);
  } else {
    add(Phase::contract, "way back: " + verb, subject, Action{}, std::move(action));
  }
}

// What has just been built on the forward road comes in contract, before the swap.
void Shadows::hold_until_contract() {
  p_.operations[builds_.back()].step.phase = Phase::contract;
  swap_.before.push_back(builds_.back());
  builds_.pop_back();
}

// What the swap used up is made again on the way back, after the swap back: the undo of an operation before the swap.
void Shadows::restore(const std::string& verb, const ObjectId& subject, const Action& action) {
  add(Phase::contract, "way back: " + verb, subject, Action{}, action);
  restores_.push_back(p_.operations.size() - 1);
}

// Undo runs from the last operation to the first: what must be built first on the way back has to stand last.
void Shadows::reverse_back_builds() {
  for (std::size_t i = back_first_; i < p_.operations.size(); ++i) {
    swap_.after.push_back(i);
    if (i + 1 < p_.operations.size()) p_.operations[i].after.push_back(i + 1);
  }
}

namespace {

// A new default, or NULL that may be, comes with the swap when the second column is the one that stays (its default is set in that transaction). Whatever else changes is altered after the swap,
// and so are these where a second column cannot stay: in trees of tables, and under generated columns.
bool relies_on_new_column(const Planner& planner, const ObjectId& id) {
  const Column& a = std::get<Column>(planner.from.objects.at(id).body);
  const Column& b = std::get<Column>(planner.to.objects.at(id).body);
  const bool relies = a.default_expression != b.default_expression || (a.not_null && !b.not_null);
  if (!relies || a.generated != Generated::none || a.identity != Identity::none || b.identity != Identity::none) return false;
  const std::vector<const Object*> columns = Planner::columns(planner.from, table_id({id.schema, id.relation}));
  return stands_alone(planner.from, table_id({id.schema, id.relation})) && std::none_of(columns.begin(), columns.end(), [&](const Object* other) {
           return std::get<Column>(other->body).generated != Generated::none && other->depends_on.contains(id);
         });
}

}  // namespace

// A type has its new name from contract on: what comes before uses the old one.
static std::string type_before_rename(const Planner& planner, const Column& column) {
  for (const diff::Rename& rename : planner.renames) {
    const bool type = rename.to.kind == Kind::enum_type || rename.to.kind == Kind::domain || rename.to.kind == Kind::composite_type || rename.to.kind == Kind::range_type;
    if (!type || !rename.to.relation.empty() || rename.from.schema != rename.to.schema) continue;
    const std::string now = quoted_name(rename.to);
    if (column.type == now || column.type == now + "[]") return quoted_name(rename.from) + column.type.substr(now.size());
  }
  return column.type;
}

ShadowColumn shadow_for(const Planner& planner, const ObjectId& id, const std::string& old_name, bool keeps_place) {
  const Column& a = std::get<Column>(planner.from.objects.at(id).body);
  const Column& b = std::get<Column>(planner.to.objects.at(id).body);
  ShadowColumn out;
  out.id = id;
  out.old_name = old_name;
  const bool renamed = old_name != id.name;
  out.shadow_name = renamed ? id.name : planner.spare_column(id.schema, id.relation, id.name, "new");
  out.retired_name = planner.spare_column(id.schema, id.relation, old_name, renamed ? "retired" : "old");
  out.shadow_type = b.type;
  out.retired_type = a.type;
  const bool retyped = a.type != b.type || a.collation != b.collation;
  out.converted = retyped && keeps_place;
  out.shadow_wins = !keeps_place && (retyped || (renamed && relies_on_new_column(planner, id)));
  if (!out.shadow_wins && !retyped) {
    out.up = sql::quote_identifier(old_name);
    out.down = sql::quote_identifier(id.name);
    const auto below = renamed ? type_below_domain(planner.to, b) : std::nullopt;
    out.plain = below.has_value();
    out.shadow_type = below ? *below : type_before_rename(planner, b);
    if (a.generated != Generated::none && b.generated != Generated::none) out.computed = a.default_expression;
    return out;
  }
  const Conversion up = forward_conversion(planner, id, a.type, b.type);
  const Conversion down = back_conversion(planner, id, b.type, a.type);
  out.up = renamed ? sql::rename_columns(up.expression, {{id.name, old_name}}) : up.expression;
  out.down = down.expression;
  out.up_may_fail = up.may_fail;
  out.down_may_fail = down.may_fail;
  out.down_loses = down.loses;
  out.up_changes = up.changes;
  if (auto rows = refused_rows(planner, id, old_name, false)) out.up_refused.push_back(std::move(*rows));
  if (auto rows = refused_rows(planner, id, id.name, true)) out.down_refused.push_back(std::move(*rows));
  fill_nulls(planner, out);
  return out;
}

// What `--fill` gives for NULL. The first column keeps its NULLs, and with them the way back until purge.
void fill_nulls(const Planner& planner, ShadowColumn& shadow) {
  const auto fill = planner.options.fill.find(option_key(shadow.id));
  if (fill == planner.options.fill.end() || !std::get<Column>(planner.to.objects.at(shadow.id).body).not_null || std::get<Column>(planner.from.objects.at(shadow.id).body).not_null) return;
  shadow.up = fmt::format("coalesce({}, ({})::{})", shadow.up, fill->second, shadow.shadow_type);
  shadow.down_loses = true;
}

ShadowSwap plan_shadow_columns(Planner& planner, const ShadowTables& tables) {
  Shadows shadows(planner, tables);
  ShadowSwap swap = shadows.run();
  shadows.finish_swap(swap);
  return swap;
}

}  // namespace contraflow::plan
