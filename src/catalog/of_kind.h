// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catalog/model.h"

namespace contraflow::catalog {

// A part of `database.objects`, for a range-based for. (clang 14 does not take libstdc++ 12's std::ranges::subrange.)
class ObjectRange {
 public:
  using Iterator = decltype(Database::objects)::const_iterator;
  ObjectRange(Iterator first, Iterator last) : first_(first), last_(last) {}
  Iterator begin() const { return first_; }
  Iterator end() const { return last_; }

 private:
  Iterator first_, last_;
};

// The objects of one kind, in the order of their names: `database.objects` is ordered by kind first. A walk over all objects of a large schema costs
// more than most of what is looked for in it.
inline ObjectRange of_kind(const Database& database, Kind kind) {
  const auto first_of = [&database](int number) { return database.objects.lower_bound(ObjectId{static_cast<Kind>(number), "", "", "", ""}); };
  return {first_of(static_cast<int>(kind)), first_of(static_cast<int>(kind) + 1)};
}

}  // namespace contraflow::catalog
