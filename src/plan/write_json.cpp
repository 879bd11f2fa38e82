// SPDX-License-Identifier: Apache-2.0
#include "plan/write_json.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "plan/write_sql.h"

namespace contraflow::plan {
namespace {

using Json = nlohmann::ordered_json;

Json names(const std::vector<sql::QualifiedName>& tables) {
  Json out = Json::array();
  for (const sql::QualifiedName& table : tables) out.push_back(sql::quote(table));
  return out;
}

Json action_json(const Action& action) {
  Json out{{"mode", mode_name(action.mode)}, {"statements", action.statements}};
  if (!action.todo.empty()) out["todo"] = action.todo;
  if (!action.small_tables.empty()) out["small_tables"] = names(action.small_tables);
  if (action.builds_index) out["builds_index"] = sql::quote(*action.builds_index);
  if (action.backfill) {
    out["backfill"] = {{"table", sql::quote(action.backfill->table)}, {"key", action.backfill->key}, {"assignments", action.backfill->assignments}, {"pending", action.backfill->pending}};
  }
  return out;
}

Json preconditions_json(const std::vector<Precondition>& preconditions) {
  Json out = Json::array();
  for (const Precondition& precondition : preconditions) out.push_back({{"what", precondition.what}, {"query", precondition.query}, {"remedy", precondition.remedy}});
  return out;
}

Json step_json(const Step& step) {
  Json effects = Json::array();
  for (const effects::Effect& effect : step.effects) {
    effects.push_back({{"relation", sql::quote(effect.relation)}, {"lock", effects::lock_name(effect.lock)}, {"work", effects::work_name(effect.work)}, {"blocks_reads", effects::blocks_reads(effect.lock)}, {"blocks_writes", effects::blocks_writes(effect.lock)}});
  }
  return {{"id", step.id}, {"title", step.title}, {"tables", names(step.tables)}, {"forward", action_json(step.forward)}, {"undo", action_json(step.undo)}, {"undo_skips_large", step.undo_skips_large}, {"grade", grade_name(step.grade)}, {"effects", effects}, {"preconditions", preconditions_json(step.preconditions)}, {"undo_preconditions", preconditions_json(step.undo_preconditions)}, {"notes", step.notes}};
}

}  // namespace

std::string plan_json(const Plan& plan, const std::string& tool_version) { return plan_json(plan, tool_version, sql_files(plan), "psql"); }

std::string plan_json(const Plan& plan, const std::string& tool_version, const std::map<std::string, std::string>& files, std::string_view layout) {
  Json out{{"format", kPlanFormat}, {"tool", "contraflow " + tool_version}, {"layout", layout}, {"name", plan.name}, {"server_major", plan.server_major}, {"from", plan.from_fingerprint}, {"to", plan.to_fingerprint}, {"grade", grade_name(plan.grade)}};
  Json phases = Json::array();
  for (const Phase phase : kPhases) {
    const auto steps = plan.in_phase(phase);
    if (steps.empty()) continue;
    Json entry{{"phase", phase_name(phase)}};
    if (layout == "psql") {
      entry["file"] = phase_file(phase, false);
      entry["rollback_file"] = phase_file(phase, true);
      entry["sha256"] = sha256(files.at(phase_file(phase, false)));
      entry["rollback_sha256"] = sha256(files.at(phase_file(phase, true)));
    } else {
      Json own = Json::array();
      for (const auto& [path, text] : files) {
        if (path.starts_with(phase_folder(phase) + "/")) own.push_back({{"file", path}, {"sha256", sha256(text)}});
      }
      entry["files"] = std::move(own);
    }
    Json conditions = Json::array();
    for (const Gate& gate : plan.gates) {
      if (gate.before == phase) {
        for (const std::string& condition : gate.conditions) conditions.push_back(condition);
      }
    }
    entry["gate"] = std::move(conditions);
    Json list = Json::array();
    for (const Step* step : steps) list.push_back(step_json(*step));
    entry["steps"] = std::move(list);
    phases.push_back(std::move(entry));
  }
  out["phases"] = std::move(phases);
  out["notes"] = plan.notes;
  out["column_order_differs"] = plan.column_order;
  if (plan.event_triggers) out["event_triggers"] = true;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace contraflow::plan
