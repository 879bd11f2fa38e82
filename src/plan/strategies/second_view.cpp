// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/second_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

#include "catalog/ddl.h"
#include "plan/strategies/family.h"
#include "plan/strategies/replace.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// What reads the view, directly or not, without what is part of it.
std::set<ObjectId> readers(const Planner& p, const ObjectId& view) {
  std::set<ObjectId> out, seen{view};
  std::vector<ObjectId> queue{view};
  while (!queue.empty()) {
    const ObjectId id = queue.back();
    queue.pop_back();
    auto it = p.dependents.find(id);
    if (it == p.dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      if (!seen.insert(dependent).second) continue;
      queue.push_back(dependent);
      const auto* index = p.from.find_body<Index>(dependent);
      if (!index || index->table != view.name || dependent.schema != view.schema) out.insert(dependent);
    }
  }
  return out;
}

RelationNames spare_names(const Planner& p, const Family& family, std::string_view suffix) {
  RelationNames out;
  for (const QualifiedName& name : family.names()) out.emplace(name, QualifiedName{name.schema, p.spare_relation(name.schema, name.name, suffix)});
  return out;
}

// Before the swap: the view reads a second column.
std::string reads_second_column(const Planner& p, const ObjectId& view) {
  std::vector<std::string> columns;
  for (const ObjectId& id : p.from.objects.at(view).depends_on) {
    if (id.kind != Kind::column) continue;
    const bool renamed = std::any_of(p.renames.begin(), p.renames.end(), [&](const diff::Rename& rename) { return rename.to == id; });
    columns.push_back(fmt::format("(to_regclass({}), {})", sql::quote_literal(sql::quote(QualifiedName{id.schema, id.relation})),
                                  sql::quote_literal(renamed ? id.name : p.spare_column(id.schema, id.relation, id.name, "new"))));
  }
  return fmt::format(
      "EXISTS (SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid JOIN pg_attribute AS a ON a.attrelid = d.refobjid "
      "AND a.attnum = d.refobjsubid WHERE r.ev_class = to_regclass({}) AND d.refclassid = 'pg_class'::regclass AND (a.attrelid, a.attname) IN ({}))",
      sql::quote_literal(quoted_name(view)), contraflow::join(columns, ", "));
}

// Before the exchange: the view reads a second table.
std::string reads_second_table(const Planner& p, const ObjectId& view) {
  std::vector<std::string> tables;
  std::set<ObjectId> exchanged;
  for (const ObjectId& id : p.from.objects.at(view).depends_on) exchanged.insert(id.kind == Kind::column ? table_id({id.schema, id.relation}) : id);
  for (const ObjectId& id : exchanged) {
    if (p.exchanged.contains(id)) tables.push_back(fmt::format("to_regclass({})", sql::quote_literal(sql::quote(QualifiedName{id.schema, p.spare_relation(id.schema, id.name, "next")}))));
  }
  if (tables.empty()) return {};
  return fmt::format(
      "EXISTS (SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid WHERE r.ev_class = to_regclass({}) "
      "AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN ({}))",
      sql::quote_literal(quoted_name(view)), contraflow::join(tables, ", "));
}

// The view of one schema computed beside the other's, and the transaction in which it takes its place.
struct Road {
  Action make, build, remove, exchange;  // `make` where the view must be made before it is computed
};

Road road(const Planner& p, const ObjectId& view, const Database& target, std::string_view suffix) {
  const Family family(target, view);
  const RelationNames names = spare_names(p, family, suffix);
  const Database renamed = under_names(family, names);
  const QualifiedName spare = names.at({view.schema, view.name});
  const ObjectId spare_id{Kind::materialized_view, spare.schema, "", spare.name, ""};
  // On the way back the columns have two names again, and what `from` calls by the new one is the first column, not the second.
  const bool two_names = &target == &p.from && !renamed_columns_of(p, {view}).empty();
  Statements build, make;
  if (two_names) {
    Object empty = renamed.objects.at(spare_id);
    const bool populated = std::exchange(std::get<MaterializedView>(empty.body).populated, false);
    make = under_new_names(p, {view}, create_all(empty, renamed), true);
    if (populated) build.push_back("REFRESH MATERIALIZED VIEW " + sql::quote(spare));
  } else {
    build = create_all(renamed.objects.at(spare_id), renamed);
  }
  for (const Object* member : Planner::members(renamed, spare_id)) {
    for (std::string& statement : create_all(*member, renamed)) build.push_back(std::move(statement));
  }
  const std::set<ObjectId> reading = readers(p, view);
  const std::vector<ObjectId> old_order = dependency_order(reading, p.from), new_order = dependency_order(reading, target);
  Statements exchange;
  for (auto it = old_order.rbegin(); it != old_order.rend(); ++it) {
    for (std::string& statement : drop(p.from.objects.at(*it))) exchange.push_back(std::move(statement));
  }
  for (std::string& statement : drop(target.objects.at(view))) exchange.push_back(std::move(statement));
  for (std::string& statement : rename_family(family, names, false)) exchange.push_back(std::move(statement));
  for (const ObjectId& id : new_order) {
    for (std::string& statement : create_all(target.objects.at(id), target)) exchange.push_back(std::move(statement));
  }
  Road out;
  const std::string same = has_definition(target.objects.at(view));
  if (two_names) {
    std::vector<std::string> swapped{reads_second_column(p, view)};
    if (std::string exchanged = reads_second_table(p, view); !exchanged.empty()) swapped.push_back(std::move(exchanged));
    out.make = brief(std::move(make), all_of({any_of(swapped), absent(spare_id)}));
    const std::string empty = fmt::format("EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND NOT relispopulated)", sql::quote_literal(sql::quote(spare)));
    if (!build.empty()) out.build = scan(std::move(build), empty);
  } else {
    out.build = scan(std::move(build), all_of({negate(same), absent(spare_id)}));
  }
  if (&target == &p.from) exchange = under_new_names(p, reading, std::move(exchange), true);
  out.remove = brief({"DROP MATERIALIZED VIEW IF EXISTS " + sql::quote(spare)});
  out.exchange = brief(std::move(exchange), exists(spare_id));
  return out;
}

}  // namespace

bool can_stand_beside(const Planner& p, const ObjectId& view) {
  const Object *a = p.from.find(view), *b = p.to.find(view);
  if (!a || !b || p.replaced.contains(view) || p.done.contains(view)) return false;
  if (auto it = p.altered.find(view); it != p.altered.end() && (it->second.contains(Aspect::definition) || it->second.contains(Aspect::access_method))) return false;
  const std::set<ObjectId> reading = readers(p, view);
  return std::all_of(reading.begin(), reading.end(), [&](const ObjectId& id) {
    // What compares with a type that is exchanged in the swap goes over in the swap.
    const Object* reader = p.from.find(id);
    const bool of_changing_type = reader && std::any_of(reader->depends_on.begin(), reader->depends_on.end(), [&](const ObjectId& type) {
                                    const bool named = type.kind == Kind::enum_type || type.kind == Kind::domain || type.kind == Kind::composite_type || type.kind == Kind::range_type;
                                    return named && p.altered.contains(type);
                                  });
    if (of_changing_type) return false;
    const bool made_anew = id.kind == Kind::view || id.kind == Kind::rule || id.kind == Kind::trigger;
    return made_anew && p.to.find(id) && !p.replaced.contains(id) && !p.altered.contains(id) && !p.done.contains(id);
  });
}

ViewExchange plan_second_view(Planner& p, const ObjectId& view) {
  ViewExchange out;
  const Road there = road(p, view, p.to, "next"), back = road(p, view, p.from, "former");
  const QualifiedName name{view.schema, view.name};
  const auto add = [&](const std::string& verb, Action forward, Action undo, effects::LockMode lock) {
    Operation& operation = p.add(Phase::contract, verb, view, std::move(forward), std::move(undo));
    operation.groupable = false;
    operation.step.effects = {{name, lock, effects::Work::none}};
    return p.operations.size() - 1;
  };
  // Undo runs from the last operation to the first: after the swap back, first the building, then the exchange.
  const std::size_t returned = add("way back: exchange", Action{}, back.exchange, effects::LockMode::access_exclusive);
  const std::size_t rebuilt = add("way back: compute beside", Action{}, back.build, effects::LockMode::access_share);
  p.operations[rebuilt].after.push_back(returned);
  out.before = {returned, rebuilt};
  if (!back.make.empty()) {
    const std::size_t made = add("way back: make beside", Action{}, back.make, effects::LockMode::access_exclusive);
    p.operations[made].after.push_back(rebuilt);
    out.before.push_back(made);
  }
  const std::size_t built = add("compute beside", there.build, there.remove, effects::LockMode::access_share);
  const std::size_t exchanged = add("exchange", there.exchange, Action{}, effects::LockMode::access_exclusive);
  p.operations[exchanged].after.push_back(built);
  p.operations[built].step.notes.push_back(fmt::format("{} shows what it held before until its new contents are computed beside it", describe(view)));
  out.after = {built, exchanged};
  return out;
}

}  // namespace contraflow::plan
