// SPDX-License-Identifier: Apache-2.0
//
// What `next`, `status` and the assistants' tools know of a plan: its folder, what is recorded in it, the journal of a database, and the next step that follows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/next_step.h"
#include "cli/command.h"
#include "pg/connection.h"
#include "plan/read_json.h"
#include "rehearse/evidence.h"

namespace contraflow::cli {

struct PlanLife {
  plan::ReadPlan read;
  std::string hash;
  agent::PlanFacts facts;  // its `plan` is not set: next() does
  agent::NextStep next() const;
};

// Folders with a plan.json right below the migrations folder, by name. Empty where there is no such folder.
std::vector<std::string> plan_folders(const Config& config);

// `connection`: the database to ask, or null; `target`: words that name it in a command.
PlanLife plan_life(const std::string& folder, pg::Connection* connection, const std::string& journal_schema, const std::string& target);

nlohmann::ordered_json life_json(const PlanLife& life);
std::string life_text(const PlanLife& life);  // lines for people, without the plan's name

// For evidence.json: what is recorded after a rehearsal or a review of a plan folder. Empty where the subject is no plan folder, or one that was edited.
std::string plan_hash_of(const std::string& folder);
agent::RecordedRun recorded_rehearsal(const rehearse::Rehearsal& rehearsal);
std::string timestamp_now();  // "2026-04-08T12:00:00Z"

}  // namespace contraflow::cli
