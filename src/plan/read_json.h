// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace contraflow::plan {

// A plan.json as it was written: the plan, and what the file says about the folder around it.
struct ReadPlan {
  Plan plan;
  std::string tool;                           // "contraflow 0.1.0"
  std::string layout;                         // "psql", "flyway", …
  std::map<std::string, std::string> hashes;  // path in the folder -> SHA-256 when it was written
};

// The inverse of plan_json(): writing what was read gives the same text. Strict: a key that is missing, unknown or of another type is
// Error{usage} with its JSON pointer; text that is no JSON at all, with line and column. `file` is what errors name.
ReadPlan read_json(std::string_view text, const std::string& file = "plan.json");

// The plan of a plan folder: its plan.json. Says nothing about the SQL files: see verify().
ReadPlan read_folder(const std::filesystem::path& folder);

struct Mismatch {
  enum class Kind { edited,
                    missing,
                    unknown };
  Kind kind{};
  std::string file;  // path in the folder
  bool operator==(const Mismatch&) const = default;
};
std::string describe(const Mismatch& mismatch);

// The SQL files that are no longer what plan.json was made of: edited, missing, or not known to it. Empty: `apply` may run it.
std::vector<Mismatch> verify(const std::filesystem::path& folder);
std::vector<Mismatch> verify(const std::filesystem::path& folder, const ReadPlan& read);

}  // namespace contraflow::plan
