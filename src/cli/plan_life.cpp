// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_life.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "agent/approval.h"
#include "agent/evidence.h"
#include "apply/gate.h"
#include "apply/journal.h"
#include "apply/runner_lock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "catalog/source_files.h"
#include "lint/check.h"
#include "lint/gather.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr auto kGateWindow = std::chrono::milliseconds(0);

std::vector<std::string> errors_of(const std::string& folder) {
  std::vector<std::string> out;
  const auto files = catalog::disk_files();
  std::string plain = folder;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  for (const lint::Finding& finding : lint::check(lint::gather_folder(*files, plain).inputs, {}).findings) {
    if (finding.severity == lint::Severity::error) out.push_back(fmt::format("{}:{}: {} [{}]", fs::path(finding.file).filename().string(), finding.line, finding.message, finding.rule->name));
  }
  return out;
}

agent::JournalFacts journal_facts(pg::Connection& connection, const plan::Plan& plan, const std::string& hash, const std::string& schema) {
  agent::JournalFacts out;
  const apply::Journal journal(schema, hash);
  if (!journal.exists(connection)) return out;
  const std::string runner = apply::runner_of(connection, schema);
  out.busy = !runner.empty();
  for (const apply::PlanRecord& record : journal.plans(connection)) {
    // A run that was killed wrote no end: the lock says whether it lives.
    if (record.hash == hash) out.state = record.state == "running" && runner.empty() ? "interrupted" : record.state;
  }
  if (out.state.empty()) return out;
  std::string completed_at;
  for (const apply::PhaseRecord& phase : journal.phases(connection)) {
    if (phase.complete()) {
      out.complete.push_back(phase.phase);
      completed_at = std::max(completed_at, phase.completed_at);
    } else if (phase.begun()) {
      out.begun = phase.phase;
    }
  }
  const apply::Control control = journal.control(connection);
  out.paused = control.paused || control.hold_locks;
  out.paused_by = control.by;
  out.reason = control.reason;
  for (const plan::Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty() || std::find(out.complete.begin(), out.complete.end(), phase) != out.complete.end()) continue;
    if ((phase == plan::Phase::contract || phase == plan::Phase::purge) && !out.begun && !completed_at.empty()) {
      for (const apply::GateFinding& finding : apply::gate_findings(connection, plan, phase, completed_at, kGateWindow, out.unseen)) out.in_use.push_back(finding.message);
    }
    break;
  }
  return out;
}

Json recorded_json(const std::optional<agent::RecordedRun>& run) {
  if (!run) return nullptr;
  return {{"at", run->at}, {"verdict", run->verdict}, {"server", run->server}, {"bad", run->bad}, {"open", run->open}};
}

std::string recorded_text(const char* what, const std::optional<agent::RecordedRun>& run) {
  if (!run) return fmt::format("  {:<10} not done\n", what);
  std::string out = fmt::format("  {:<10} {} on {}, {}\n", what, run->verdict, run->server, run->at);
  for (const std::string& line : run->bad) out += "    - " + line + "\n";
  for (const std::string& line : run->open) out += "    ? " + line + "\n";
  return out;
}

}  // namespace

std::string timestamp_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()))); }

agent::NextStep PlanLife::next() const {
  agent::PlanFacts all = facts;
  all.plan = &read.plan;
  return agent::next_step(all);
}

std::vector<std::string> plan_folders(const Config& config) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(config.migrations.empty() ? "migrations" : config.migrations, ignored)) {
    if (entry.is_directory(ignored) && fs::is_regular_file(entry.path() / "plan.json", ignored)) out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

PlanLife plan_life(const std::string& folder, pg::Connection* connection, const std::string& journal_schema, const std::string& target) {
  PlanLife out;
  out.read = plan::read_folder(folder);
  out.hash = sha256(read_file(fs::path(folder) / "plan.json"));
  out.facts.folder = folder;
  out.facts.layout = out.read.layout;
  out.facts.target = target;
  for (const plan::Mismatch& mismatch : plan::verify(folder, out.read)) out.facts.edited.push_back(plan::describe(mismatch));
  out.facts.findings = errors_of(folder);
  const agent::Evidence evidence = agent::read_evidence(folder);
  out.facts.outdated = !evidence.plan_hash.empty() && evidence.plan_hash != out.hash;
  if (evidence.plan_hash == out.hash) {
    out.facts.rehearsal = evidence.rehearsal;
    out.facts.review = evidence.review;
  }
  out.facts.approved = agent::is_approved(out.hash);
  if (connection != nullptr) out.facts.journal = journal_facts(*connection, out.read.plan, out.hash, journal_schema);
  return out;
}

Json life_json(const PlanLife& life) {
  const agent::NextStep next = life.next();
  Json out{{"folder", life.facts.folder}, {"name", life.read.plan.name}, {"hash", life.hash}, {"layout", life.read.layout}, {"undo", plan::grade_name(life.read.plan.grade)}};
  out["edited"] = life.facts.edited;
  out["findings"] = life.facts.findings;
  out["rehearsal"] = recorded_json(life.facts.rehearsal);
  out["review"] = recorded_json(life.facts.review);
  out["recorded_of_an_earlier_plan"] = life.facts.outdated;
  out["approved"] = life.facts.approved;
  out["database_asked"] = life.facts.journal.has_value();
  if (life.facts.journal) {
    Json complete = Json::array();
    for (const plan::Phase phase : life.facts.journal->complete) complete.push_back(plan::phase_name(phase));
    out["state"] = life.facts.journal->state.empty() ? "not run" : life.facts.journal->state;
    out["phases_complete"] = complete;
    out["in_use"] = life.facts.journal->in_use;
  }
  out["next"] = {{"step", next.step}, {"what", next.what}, {"command", next.command}, {"because", next.because}, {"conditions", next.conditions}};
  return out;
}

std::string life_text(const PlanLife& life) {
  std::string out;
  for (const std::string& line : life.facts.edited) out += "  edited     " + line + "\n";
  for (const std::string& line : life.facts.findings) out += "  finding    " + line + "\n";
  out += recorded_text("rehearsal", life.facts.rehearsal) + recorded_text("review", life.facts.review);
  if (life.facts.approved) out += "  approved   by a person, for this very plan\n";
  const agent::NextStep next = life.next();
  out += fmt::format("  next       {}: {}\n", next.step, next.what);
  for (const std::string& line : next.because) out += "    - " + line + "\n";
  for (const std::string& line : next.conditions) out += "    * " + line + "\n";
  if (!next.command.empty()) out += "    " + next.command + "\n";
  return out;
}

agent::RecordedRun recorded_rehearsal(const rehearse::Rehearsal& rehearsal) {
  agent::RecordedRun out{timestamp_now(), std::string(rehearse::verdict_name(rehearsal.verdict())), rehearsal.server, {}, {}};
  for (const rehearse::Proof& proof : rehearsal.proofs) {
    if (!proof.decisive || proof.verdict == rehearse::Verdict::proven) continue;
    (proof.verdict == rehearse::Verdict::refuted ? out.bad : out.open).push_back(proof.claim);
  }
  return out;
}

std::string plan_hash_of(const std::string& folder) {
  std::error_code ignored;
  const fs::path file = fs::path(folder) / "plan.json";
  if (!fs::is_regular_file(file, ignored)) return "";
  const std::string bytes = read_file(file);
  return plan::verify(folder).empty() ? sha256(bytes) : "";
}

}  // namespace contraflow::cli
