// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "catalog/model.h"
#include "plan/plan.h"

namespace contraflow::plan {

// A node of the graph from which the plan's order comes: one step, and what it has to do with the objects of both schemas.
struct Operation {
  Step step;                              // step.phase: the earliest phase that the operation may run in
  std::set<ObjectId> provides;            // objects of the desired schema that stand in their final form after it
  std::set<ObjectId> removes;             // objects of the current schema that are gone, or no longer what they were, after it
  std::set<ObjectId> needs;               // objects of the desired schema that must be provided before
  std::set<ObjectId> detaches;            // objects of the current schema that lose dependencies through it
  std::set<ObjectId> carries;             // objects of the current schema that depend on what it removes and are converted along: they need not go before
  std::set<ObjectId> by_old_names;        // enums whose renamed values it calls by their old names
  std::vector<std::size_t> after;         // operations that must come before
  std::vector<std::size_t> rather_after;  // the same, unless a cycle comes of it
  bool first = false;                     // before everything else, whatever its phase: its undo is the last
  bool groupable = true;                  // may share a transaction with its neighbours on the same table
};

struct Ordered {
  std::vector<Step> steps;
  // A cycle, as the titles of its operations; empty when all could be ordered.
  std::vector<std::string> cycle;
};

// Orders the operations: dependencies first, phases ascending (an operation moves to the phase of the latest one that
// it must follow), brief steps on one table grouped.
Ordered order(std::vector<Operation> operations, const catalog::Database& from, const catalog::Database& to);

}  // namespace contraflow::plan
