// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/source.h"
#include "pg/sandbox.h"
#include "plan/plan.h"
#include "rehearse/evidence.h"
#include "rehearse/migration.h"
#include "rehearse/run.h"

namespace contraflow::cli {

// What a fix is tried on: databases of the sandbox, which are copied.
struct FixArena {
  pg::Sandbox& sandbox;
  std::string before, after;        // schema before; after the migration as it was meant
  std::string user;                 // role that both run as; empty: the sandbox's own
  const catalog::Database& schema;  // before
};

struct FixSubject {
  const rehearse::Script& script;  // as it was meant
  const plan::Plan& plan;
  std::string plan_json;
  bool compare_rows = true;                           // false: statements that change rows were left to a person
  bool blocking_allowed = false;                      // --allow-blocking
  std::map<std::string, std::string> renamed_tables;  // new name -> old: the way back leaves those of Plan::column_order under the old one
};

// Runs both and compares: schema, rows, way back, locks; and `check` on the plan's files.
std::vector<rehearse::Proof> prove_fix(const FixArena& arena, const FixSubject& subject, const std::function<void(const std::string&)>& progress);

// Runs the script on the database; roles that the throwaway server lacks are made (`made`), and a fresh copy of `base` is taken then.
// Returns the database that it ran in.
struct ScriptRun {
  std::string conninfo;
  std::optional<rehearse::Failure> failure;
  std::vector<rehearse::Observation> observations;
};
ScriptRun run_on_copy(pg::Sandbox& sandbox, const std::string& base, const std::string& user, const rehearse::Script& script, bool observe = false,
                      const std::function<void(const Error&)>& made = {});

}  // namespace contraflow::cli
