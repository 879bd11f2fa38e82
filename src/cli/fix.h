// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/plan_choices.h"
#include "cli/said.h"
#include "lint/check.h"
#include "plan/plan.h"
#include "rehearse/evidence.h"

namespace contraflow::cli {

struct FixOptions {
  std::string subject, schema, rollback;
  PlanChoices choices;
  PlanOutput output;
  std::string data = "refuse";  // or by-hand
  bool force = false;
};

// What became of an unsafe migration.
struct Fix {
  std::string file;
  lint::Report report;          // what `check` finds in the migration and its rollback
  std::string fails, fails_at;  // as it is written: the server's words and the place; empty: it runs
  std::string rollback_fails, rollback_fails_at;
  std::vector<std::string> taken;  // renames, conversions and fills that the migration says itself
  Said said;
  std::vector<std::string> refusals;  // nothing may be written
  std::optional<plan::Plan> plan;     // empty: refused, or no change
  std::vector<rehearse::Proof> proofs;
  std::string folder, plan_json;  // empty: nothing was written
  bool safe = false;              // nothing unsafe was found
  bool no_change = false;         // of the schema
};

Fix run_fix(Context& context, const FixOptions& options);

std::string fix_text(const Fix& fix, bool color);
std::string fix_json(const Fix& fix);
// A comment for a pull request: what is wrong, the steps that replace it, the proof; the rest folded.
std::string fix_markdown(const Fix& fix);
// "add column public.users.tier (expand), …": the steps that work on a finding's relation.
std::string replacement_of(const Fix& fix, const std::string& relation);

}  // namespace contraflow::cli
