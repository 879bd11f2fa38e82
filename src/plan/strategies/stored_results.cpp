// SPDX-License-Identifier: Apache-2.0
//
// What was computed with a function that changes: indexes are built anew, the rest is said.
#include "plan/strategies/stored_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// An index that holds what a function computed is built anew once the function has changed, and on the way back once it has changed back.
void rebuild_index(Planner& p, const ObjectId& index, const ObjectId& routine, std::size_t replaced) {
  const auto& body = std::get<Index>(p.from.objects.at(index).body);
  if (body.partitioned) return;  // its partitions' follow by themselves
  const std::string verb = "build anew";
  const auto planned = [&](const std::string& title) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < p.operations.size(); ++i) {
      if (p.operations[i].step.title == title) return i;
    }
    return std::nullopt;
  };
  std::optional<std::size_t> after = planned(verb + " " + describe(index)), before = planned("way back: " + verb + " " + describe(index));
  if (!after) {
    Action action = concurrent("REINDEX INDEX CONCURRENTLY " + quoted_name(index), exists(index));
    // What an interrupted run leaves, where nobody else has that name.
    const QualifiedName left{index.schema, index.name + "_ccnew"};
    const ObjectId left_id{Kind::index, left.schema, "", left.name, ""};
    if (left.name.size() <= 63 && !p.from.find(left_id) && !p.to.find(left_id)) action.builds_index = left;
    Operation& way_back = p.add(Phase::expand, "way back: " + verb, index, Action{}, action);
    way_back.groupable = false;
    before = p.operations.size() - 1;
    Operation& forward = p.add(Phase::expand, verb, index, p.to.find(index) ? std::move(action) : Action{}, Action{});
    forward.groupable = false;
    forward.step.effects = {{Planner::home(p.from, p.from.objects.at(index)), effects::LockMode::share_update_exclusive, effects::Work::index_build}};
    forward.step.notes.push_back(fmt::format("{} computes with {}, which changes: from then until it is built anew, index scans may return wrong rows", describe(index), describe(routine)));
    after = p.operations.size() - 1;
  }
  p.operations[*after].after.push_back(replaced);
  p.operations[replaced].after.push_back(*before);
}

}  // namespace

// What was computed with the old function is not computed again: stored generated columns, index expressions, CHECKs.
void renew_stored_results(Planner& p, const ObjectId& routine, std::size_t replaced) {
  std::set<ObjectId> through{routine};  // functions that call it
  std::vector<ObjectId> queue{routine};
  while (!queue.empty()) {
    const ObjectId called = queue.back();
    queue.pop_back();
    auto it = p.dependents.find(called);
    if (it == p.dependents.end()) continue;
    for (const ObjectId& dependent : it->second) {
      const auto* column = p.from.find_body<Column>(dependent);
      const auto* index = p.from.find_body<Index>(dependent);
      if (dependent.kind == Kind::routine && through.insert(dependent).second) queue.push_back(dependent);
      const auto* constraint = index && !index->constraint.empty() ? p.from.find_body<Constraint>({Kind::constraint, dependent.schema, index->table, index->constraint, ""}) : nullptr;
      if (constraint && constraint->type == ConstraintType::exclusion) {
        p.notes.push_back(fmt::format(
            "{} computes with {}, which changes, and cannot be built anew concurrently: run REINDEX INDEX {} in a maintenance window, or index scans may return "
            "wrong rows",
            describe(dependent), describe(routine), quoted_name(dependent)));
      } else if (index) {
        rebuild_index(p, dependent, routine, replaced);
      } else if (!p.to.find(dependent)) {
        continue;
      } else if (dependent.kind == Kind::constraint && std::get<Constraint>(p.from.objects.at(dependent).body).type != ConstraintType::exclusion) {
        p.notes.push_back(fmt::format("{} checks with {}, which changes: rows that are there are not checked again", describe(dependent), describe(routine)));
      } else if (column && column->generated == Generated::stored) {
        p.notes.push_back(fmt::format("{} is computed with {}, which changes: stored values stay as they are until the row is written", describe(dependent), describe(routine)));
      }
    }
  }
}

}  // namespace contraflow::plan
