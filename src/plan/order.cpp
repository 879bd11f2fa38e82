// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <queue>

#include "plan/operation.h"

namespace contraflow::plan {
namespace {

using catalog::Kind;

// The namespaces in which two objects of different kinds collide (pg_class and pg_type of one schema).
std::string name_space(const ObjectId& id) {
  switch (id.kind) {
    case Kind::table:
    case Kind::foreign_table:
    case Kind::view:
    case Kind::materialized_view:
    case Kind::sequence:
    case Kind::index:
    case Kind::composite_type: return "class " + id.schema + "." + id.name;
    case Kind::enum_type:
    case Kind::domain:
    case Kind::range_type:
    case Kind::base_type:
    case Kind::shell_type: return "class " + id.schema + "." + id.name;  // every relation has a type of its name
    case Kind::routine:
    case Kind::aggregate: return "routine " + id.schema + "." + id.name + "(" + id.arguments + ")";
    default: return {};
  }
}

using Edges = std::vector<std::set<std::size_t>>;  // operation -> those that must come before it

Edges edges(const std::vector<Operation>& operations, const catalog::Database& from) {
  std::map<ObjectId, std::vector<std::size_t>> providers, removers, detachers;
  std::map<std::string, std::vector<std::size_t>> freed;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (const ObjectId& id : operations[i].provides) providers[id].push_back(i);
    for (const ObjectId& id : operations[i].removes) {
      removers[id].push_back(i);
      if (std::string name = name_space(id); !name.empty()) freed[name].push_back(i);
    }
    for (const ObjectId& id : operations[i].detaches) detachers[id].push_back(i);
  }
  Edges before(operations.size());
  const auto add = [&](std::size_t first, std::size_t then) {
    if (first != then) before[then].insert(first);
  };
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    for (const std::size_t first : operation.after) add(first, i);
    for (const ObjectId& id : operation.needs) {
      if (auto it = providers.find(id); it != providers.end()) {
        for (const std::size_t first : it->second) add(first, i);
      }
    }
    for (const ObjectId& id : operation.provides) {
      const std::string name = name_space(id);
      if (name.empty()) continue;
      if (auto it = freed.find(name); it != freed.end()) {
        for (const std::size_t first : it->second) {
          if (!operations[first].provides.contains(id)) add(first, i);
        }
      }
    }
  }
  // Whoever takes an object away comes after everyone who takes away, or unties, what depends on it.
  for (const auto& [id, object] : from.objects) {
    std::vector<std::size_t> untie;
    for (const auto* map : {&removers, &detachers}) {
      if (auto it = map->find(id); it != map->end()) untie.insert(untie.end(), it->second.begin(), it->second.end());
    }
    if (untie.empty()) continue;
    for (const ObjectId& dependency : object.depends_on) {
      auto it = removers.find(dependency);
      if (it == removers.end()) continue;
      for (const std::size_t remover : it->second) {
        for (const std::size_t first : untie) {
          // A step that removes both orders them itself.
          if (!operations[remover].removes.contains(id) && !operations[remover].carries.contains(id)) add(first, remover);
        }
      }
    }
  }
  return before;
}

// Wishes that wait for nobody in a circle. What is wished for comes before, so a path the other way round refuses it.
void add_wishes(Edges& before, const std::vector<Operation>& operations) {
  const auto leads_to = [&](std::size_t from_node, std::size_t target) {
    std::vector<std::size_t> stack{target};
    std::vector<bool> seen(before.size());
    while (!stack.empty()) {
      const std::size_t node = stack.back();
      stack.pop_back();
      if (node == from_node) return true;
      if (seen[node]) continue;
      seen[node] = true;
      stack.insert(stack.end(), before[node].begin(), before[node].end());
    }
    return false;
  };
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (const std::size_t first : operations[i].rather_after) {
      if (first != i && !before[i].contains(first) && !leads_to(i, first)) before[i].insert(first);
    }
  }
}

// True when the two can be one transaction: both brief, on the same single table, and repeatable in the same way.
bool can_join(const Step& a, const Step& b) {
  const auto alike = [](const Action& x, const Action& y) {
    return x.mode == y.mode && x.todo == y.todo && x.backfill == y.backfill && x.small_tables == y.small_tables;
  };
  return a.phase == b.phase && a.tables.size() == 1 && a.tables == b.tables && a.forward.mode == Mode::brief &&
         alike(a.forward, b.forward) && alike(a.undo, b.undo) && a.preconditions.empty() && b.preconditions.empty() &&
         a.undo_preconditions.empty() && b.undo_preconditions.empty();
}

void join(Step& into, Step&& next) {
  into.title += "; " + next.title;
  auto& forward = into.forward.statements;
  forward.insert(forward.end(), next.forward.statements.begin(), next.forward.statements.end());
  auto& undo = into.undo.statements;
  undo.insert(undo.begin(), next.undo.statements.begin(), next.undo.statements.end());
  into.grade = std::max(into.grade, next.grade);
  into.effects.insert(into.effects.end(), next.effects.begin(), next.effects.end());
  into.notes.insert(into.notes.end(), next.notes.begin(), next.notes.end());
}

// The titles of one circle, each waiting for the next; `remaining` are the predecessors that were not ordered, of those on a circle and behind one.
std::vector<std::string> circle(const std::vector<Operation>& operations, const Edges& before, const std::vector<std::size_t>& remaining) {
  std::size_t at = 0;
  while (remaining[at] == 0) ++at;
  std::vector<std::size_t> path;
  while (std::find(path.begin(), path.end(), at) == path.end()) {
    path.push_back(at);
    at = *std::find_if(before[at].begin(), before[at].end(), [&](std::size_t first) { return remaining[first] > 0; });
  }
  std::vector<std::string> out;
  for (auto it = std::find(path.begin(), path.end(), at); it != path.end(); ++it) out.push_back(operations[*it].step.title);
  return out;
}

}  // namespace

Ordered order(std::vector<Operation> operations, const catalog::Database& from, const catalog::Database&) {
  Edges before = edges(operations, from);
  add_wishes(before, operations);
  const std::size_t count = operations.size();
  std::vector<std::vector<std::size_t>> next(count);
  std::vector<std::size_t> waiting(count);
  for (std::size_t i = 0; i < count; ++i) {
    waiting[i] = before[i].size();
    for (const std::size_t first : before[i]) next[first].push_back(i);
  }
  // An undo that must be the last of all belongs to the very first step, in the earliest phase that has one.
  Phase earliest = Phase::purge;
  for (const Operation& operation : operations) {
    if (!operation.first) earliest = std::min(earliest, operation.step.phase);
  }
  for (Operation& operation : operations) {
    if (operation.first) operation.step.phase = earliest;
  }
  // First pass: phases move forward along the edges, in any topological order.
  std::vector<std::size_t> stack, topological;
  std::vector<std::size_t> remaining = waiting;
  for (std::size_t i = count; i-- > 0;) {
    if (remaining[i] == 0) stack.push_back(i);
  }
  while (!stack.empty()) {
    const std::size_t i = stack.back();
    stack.pop_back();
    topological.push_back(i);
    for (const std::size_t n : next[i]) {
      operations[n].step.phase = std::max(operations[n].step.phase, operations[i].step.phase);
      if (--remaining[n] == 0) stack.push_back(n);
    }
  }
  Ordered out;
  if (topological.size() < count) {
    out.cycle = circle(operations, before, remaining);
    return out;
  }
  // Second pass: among those that are free, the earliest phase first, then the order in which they were planned, but
  // staying on the same table where possible so that brief steps group.
  std::set<std::tuple<Phase, int, std::size_t>> ready;
  for (std::size_t i = 0; i < count; ++i) {
    if (waiting[i] == 0) ready.emplace(operations[i].step.phase, operations[i].first ? 0 : 1, i);
  }
  bool last_groupable = false;
  while (!ready.empty()) {
    auto pick = ready.begin();
    if (!out.steps.empty() && last_groupable) {
      for (auto it = ready.begin(); it != ready.end() && std::get<0>(*it) == std::get<0>(*pick); ++it) {
        const Operation& candidate = operations[std::get<2>(*it)];
        if (candidate.groupable && can_join(out.steps.back(), candidate.step)) {
          pick = it;
          break;
        }
      }
    }
    const std::size_t i = std::get<2>(*pick);
    ready.erase(pick);
    Operation& operation = operations[i];
    const bool groupable = operation.groupable;
    if (groupable && last_groupable && !out.steps.empty() && can_join(out.steps.back(), operation.step)) {
      join(out.steps.back(), std::move(operation.step));
    } else {
      out.steps.push_back(std::move(operation.step));
    }
    last_groupable = groupable;
    for (const std::size_t n : next[i]) {
      if (--waiting[n] == 0) ready.emplace(operations[n].step.phase, operations[n].first ? 0 : 1, n);
    }
  }
  return out;
}

}  // namespace contraflow::plan
