// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "apply/observer.h"
#include "pg/connection.h"
#include "plan/plan.h"

namespace contraflow::apply {

// What a phase takes away from under the application: names that statements of the phase drop or rename. `column` is empty for whole tables.
struct OldShape {
  sql::QualifiedName table;
  std::string column;
  bool dropped = false;  // not renamed: views follow a rename by themselves
  auto operator<=>(const OldShape&) const = default;
};
std::vector<OldShape> old_shape(const plan::Plan& plan, plan::Phase phase);

// Evidence that the old shape is still in use: the gate does not hold.
struct GateFinding {
  std::string kind;  // session, view, function, statements, data
  std::string message;
  std::string remedy;
};

// Before `phase` (contract or purge; others have no such gate): sessions that use or may have prepared the old shape (they are older than the end of the phase
// before, `expanded_at`, or their last query names it), views and functions outside the plan that name it, calls in pg_stat_statements during `window`,
// rows that the backfills of the plan have not filled. `unseen`: evidence that this role or server cannot give, a sentence each.
std::vector<GateFinding> gate_findings(pg::Connection& connection, const plan::Plan& plan, plan::Phase phase, const std::string& expanded_at, Milliseconds window,
                                       std::vector<std::string>& unseen);

}  // namespace contraflow::apply
