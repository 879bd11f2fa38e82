// SPDX-License-Identifier: Apache-2.0
#include "agent/evidence.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace contraflow::agent {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json json_of(const RecordedRun& run) { return {{"at", run.at}, {"verdict", run.verdict}, {"server", run.server}, {"bad", run.bad}, {"open", run.open}}; }

std::optional<RecordedRun> run_of(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  const Json& run = json.at(key);
  return RecordedRun{run.at("at"), run.at("verdict"), run.at("server"), run.at("bad").get<std::vector<std::string>>(), run.at("open").get<std::vector<std::string>>()};
}

void write(const fs::path& folder, const Evidence& evidence) {
  Json out{{"version", 1}, {"plan_sha256", evidence.plan_hash}};
  if (evidence.rehearsal) out["rehearsal"] = json_of(*evidence.rehearsal);
  if (evidence.review) out["review"] = json_of(*evidence.review);
  write_file(folder / kEvidenceFile, out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Evidence known(const fs::path& folder, const std::string& plan_hash) {
  Evidence evidence = read_evidence(folder);
  if (evidence.plan_hash != plan_hash) evidence = {plan_hash, {}, {}};
  return evidence;
}

}  // namespace

Evidence read_evidence(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_regular_file(folder / kEvidenceFile, ignored)) return {};
  try {
    const Json json = Json::parse(read_file(folder / kEvidenceFile));
    if (json.at("version") != 1) return {};
    return {json.at("plan_sha256"), run_of(json, "rehearsal"), run_of(json, "review")};
  } catch (const Json::exception&) {
    return {};
  } catch (const Error&) {
    return {};
  }
}

void record_rehearsal(const fs::path& folder, const std::string& plan_hash, const RecordedRun& run) {
  Evidence evidence = known(folder, plan_hash);
  evidence.rehearsal = run;
  write(folder, evidence);
}

void record_review(const fs::path& folder, const std::string& plan_hash, const RecordedRun& run) {
  Evidence evidence = known(folder, plan_hash);
  evidence.review = run;
  write(folder, evidence);
}

}  // namespace contraflow::agent
