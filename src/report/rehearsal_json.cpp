// SPDX-License-Identifier: Apache-2.0
#include "report/rehearsal_json.h"

#include <fmt/format.h>

#include <cmath>

namespace contraflow::report {
namespace {

using Json = nlohmann::ordered_json;
using namespace rehearse;

// Microseconds are noise.
double rounded(double value) { return std::round(value * 100) / 100; }

Json place_json(const std::optional<Place>& place) {
  if (!place) return nullptr;
  return {{"file", place->file}, {"line", place->line}, {"statement", place->statement}};
}

Json names(const std::vector<sql::QualifiedName>& list) {
  Json out = Json::array();
  for (const sql::QualifiedName& name : list) out.push_back(sql::quote(name));
  return out;
}

Json proof_json(const Proof& proof) {
  return {{"id", proof.id},
          {"claim", proof.claim},
          {"verdict", verdict_name(proof.verdict)},
          {"outcome", proof.outcome},
          {"reason", proof.reason},
          {"decisive", proof.decisive},
          {"place", place_json(proof.place)},
          {"details", proof.details}};
}

Json step_json(const Observation& step) {
  Json locks = Json::array(), scans = Json::array(), rows = Json::array(), sizes = Json::array(),
       notices = Json::array();
  for (const HeldLock& lock : step.locks) {
    locks.push_back({{"relation", sql::quote(lock.relation)},
                     {"lock", effects::lock_name(lock.mode)},
                     {"implied", lock.implied},
                     {"held_ms", rounded(lock.held_ms)},
                     {"blocks_reads", effects::blocks_reads(lock.mode)},
                     {"blocks_writes", effects::blocks_writes(lock.mode)}});
  }
  for (const Scan& scan : step.scans)
    scans.push_back({{"relation", sql::quote(scan.relation)}, {"scans", scan.scans}, {"rows", scan.rows}});
  for (const TouchedRows& touched : step.rows)
    rows.push_back({{"relation", sql::quote(touched.relation)},
                    {"inserted", touched.inserted},
                    {"updated", touched.updated},
                    {"deleted", touched.deleted}});
  Json late = Json::array(), fired = Json::array();
  for (const LateLock& lock : step.late) late.push_back({{"relation", sql::quote(lock.relation)}, {"behind", sql::quote(lock.behind)}});
  for (const FiredFunction& function : step.fired) fired.push_back({{"function", function.function}, {"calls", function.calls}});
  for (const SizeChange& size : step.sizes)
    sizes.push_back(
        {{"relation", sql::quote(size.relation)}, {"before", size.before}, {"after", size.after}});
  for (const ObservedNotice& notice : step.notices)
    notices.push_back({{"severity", notice.severity}, {"text", notice.text}});
  return {{"step", step.step},
          {"phase", step.phase},
          {"title", step.title},
          {"place", place_json(step.place)},
          {"transaction", step.transaction},
          {"duration_ms", rounded(step.duration_ms)},
          {"wal_bytes", step.wal_bytes},
          {"buffers", step.pages},
          {"buffers_missed", step.pages_missed},
          {"locks", std::move(locks)},
          {"sampled", step.sampled},
          {"locked_out_of_order", std::move(late)},
          {"lock_timeout_ms", step.lock_timeout_ms ? Json(*step.lock_timeout_ms) : Json(nullptr)},
          {"fired", std::move(fired)},
          {"rewritten", names(step.rewritten)},
          {"emptied", names(step.emptied)},
          {"indexes_rebuilt", names(step.indexes_rebuilt)},
          {"indexes_built", names(step.built)},
          {"scans", std::move(scans)},
          {"rows", std::move(rows)},
          {"sizes", std::move(sizes)},
          {"notices", std::move(notices)},
          {"beyond_prediction", step.predicted}};
}

Json data_json(const DataUsed& data) {
  Json tables = Json::array();
  for (const TableData& table : data.tables) {
    Json entry{{"relation", sql::quote(table.relation)}, {"rows", table.rows}, {"bytes", table.bytes}};
    entry["production_rows"] = table.production_rows ? Json(*table.production_rows) : Json(nullptr);
    entry["production_bytes"] = table.production_bytes ? Json(*table.production_bytes) : Json(nullptr);
    tables.push_back(std::move(entry));
  }
  return {{"kind", data.kind}, {"tables", std::move(tables)}, {"notes", data.notes}};
}

Json query_json(const QueryEvidence& query) {
  Json failures = Json::array();
  for (const QueryOutcome& failure : query.failures)
    failures.push_back({{"state", failure.state},
                        {"how", failure.how},
                        {"sqlstate", failure.sqlstate},
                        {"error", failure.error}});
  return {
      {"name", query.name}, {"version", query.version}, {"verdict", verdict_name(query.verdict)}, {"reason", query.reason}, {"writes", query.writes}, {"states", query.states}, {"text", query.text}, {"failures", std::move(failures)}};
}

Json traffic_json(const std::optional<TrafficEvidence>& traffic) {
  if (!traffic) return nullptr;
  Json runs = Json::array();
  for (const TrafficRun& run : traffic->runs) {
    Json queries = Json::array(), points = Json::array(), marks = Json::array();
    for (const TrafficQuery& query : run.queries) {
      queries.push_back({{"name", query.name},
                         {"text", query.text},
                         {"executed", query.executed},
                         {"failed", query.failed},
                         {"longest_ms", rounded(query.longest_ms)},
                         {"p99_ms", rounded(query.p99_ms)},
                         {"baseline_p99_ms", rounded(query.baseline_p99_ms)},
                         {"error", query.error}});
    }
    for (const StallPoint& point : run.points)
      points.push_back(
          {{"at_ms", rounded(point.at_ms)}, {"stall_ms", rounded(point.stall_ms)}, {"query", point.query}});
    for (const TrafficRun::Mark& mark : run.marks)
      marks.push_back(
          {{"from_ms", rounded(mark.from_ms)}, {"to_ms", rounded(mark.to_ms)}, {"title", mark.title}});
    runs.push_back({{"how", run.how},
                    {"completed", run.completed},
                    {"error", run.error},
                    {"seconds", rounded(run.seconds)},
                    {"executed", run.executed},
                    {"failed", run.failed},
                    {"longest_ms", rounded(run.longest_ms)},
                    {"p99_ms", rounded(run.p99_ms)},
                    {"inserted", run.inserted},
                    {"reader_holds_ms", rounded(run.reader_holds_ms)},
                    {"queries", std::move(queries)},
                    {"points", std::move(points)},
                    {"marks", std::move(marks)}});
  }
  return {{"connections", traffic->connections},
          {"rate", traffic->rate},
          {"budget_ms", traffic->budget_ms},
          {"runs", std::move(runs)},
          {"notes", traffic->notes}};
}

}  // namespace

Json rehearsal_document(const Rehearsal& rehearsal, std::string_view tool_version) {
  Json rollback_steps = Json::array();
  for (const Observation& step : rehearsal.rollback_steps) rollback_steps.push_back(step_json(step));
  Json steps = Json::array(), proofs = Json::array(), queries = Json::array(), gates = Json::array();
  for (const Observation& step : rehearsal.steps) steps.push_back(step_json(step));
  for (const Proof& proof : rehearsal.proofs) proofs.push_back(proof_json(proof));
  for (const QueryEvidence& query : rehearsal.queries) queries.push_back(query_json(query));
  for (const auto& [phase, condition] : rehearsal.gates)
    gates.push_back({{"before", phase}, {"condition", condition}});
  Json out{{"format", 1},
           {"tool", fmt::format("contraflow {}", tool_version)},
           {"kind", rehearsal.kind},
           {"subject", rehearsal.subject},
           {"rollback", rehearsal.rollback},
           {"verdict", verdict_name(rehearsal.verdict())}};
  out["server"] = {
      {"major", rehearsal.major},
      {"version", rehearsal.server},
      {"wanted_major", rehearsal.wanted_major == 0 ? Json(nullptr) : Json(rehearsal.wanted_major)}};
  out["run_as"] = rehearsal.run_as;
  out["superuser"] = rehearsal.superuser;
  out["grade"] = rehearsal.grade;
  out["gates"] = std::move(gates);
  out["data"] = data_json(rehearsal.data);
  out["proofs"] = std::move(proofs);
  out["steps"] = std::move(steps);
  out["rollback_steps"] = std::move(rollback_steps);
  out["changes"] = {{"added", rehearsal.changes.added},
                    {"removed", rehearsal.changes.removed},
                    {"changed", rehearsal.changes.changed}};
  out["sets_lock_timeout"] = rehearsal.sets_lock_timeout;
  out["queries"] = std::move(queries);
  out["traffic"] = traffic_json(rehearsal.traffic);
  out["notes"] = rehearsal.notes;
  out["seconds"] = rounded(rehearsal.seconds);
  return out;
}

std::string rehearsal_json(const Rehearsal& rehearsal, std::string_view tool_version) {
  return rehearsal_document(rehearsal, tool_version).dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace contraflow::report
