// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "agent/next_step.h"

namespace contraflow::agent {

// evidence.json of a plan folder: what came of the last rehearsal and the last review, and of which plan.json. It is committed with the folder, so that another
// session or another person need not run them again.
struct Evidence {
  std::string plan_hash;  // SHA-256 of plan.json; empty: there is none
  std::optional<RecordedRun> rehearsal, review;
};

inline constexpr const char* kEvidenceFile = "evidence.json";

// What cannot be read is none: it says so by being run again.
Evidence read_evidence(const std::filesystem::path& folder);

// Keeps the other run where it is of the same plan. Error{environment} where the folder cannot be written.
void record_rehearsal(const std::filesystem::path& folder, const std::string& plan_hash, const RecordedRun& run);
void record_review(const std::filesystem::path& folder, const std::string& plan_hash, const RecordedRun& run);

}  // namespace contraflow::agent
