// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "diff/change.h"

namespace contraflow::diff {

struct Difference {
  std::vector<Change> changes;
  bool empty() const { return changes.empty(); }
};

// What leads from `from` to `to`, minimal: one changed property is one change; what follows by itself from a change of
// a parent table (columns, constraints, indexes and triggers of partitions and children) is left out. Pure.
Difference compare(const catalog::Database& from, const catalog::Database& to);

// The aspects in which two objects of the same identity differ.
std::vector<Aspect> changed_aspects(const catalog::Object& from, const catalog::Object& to);

}  // namespace contraflow::diff
