// SPDX-License-Identifier: Apache-2.0
#include "agent/project_root.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "agent/context.h"
#include "base/error.h"

namespace contraflow::agent {
namespace fs = std::filesystem;
namespace {

constexpr int kMostEntries = 50'000;

Error outside(const std::string& path) {
  return Error(ErrorCode::refused, fmt::format("\"{}\" leads outside of the project", shown_text(path)), "only files below the project's folder are read");
}

}  // namespace

ProjectRoot::ProjectRoot(const fs::path& folder) {
  std::error_code failed;
  root_ = fs::canonical(folder, failed);
  if (failed || !fs::is_directory(root_, failed)) throw Error(ErrorCode::usage, fmt::format("the project's folder \"{}\" does not exist", folder.string()));
}

bool ProjectRoot::contains(const fs::path& resolved) const {
  const auto [root_end, ignored] = std::mismatch(root_.begin(), root_.end(), resolved.begin(), resolved.end());
  return root_end == root_.end();
}

fs::path ProjectRoot::existing(const std::string& relative) const {
  const bool spelled_as_path = !relative.empty() && relative.find('\0') == std::string::npos && relative.find("://") == std::string::npos && relative.find('=') == std::string::npos &&
                               !relative.starts_with("git:") && !relative.starts_with('-') && !relative.starts_with('@') && !relative.starts_with('~') && fs::path(relative).is_relative();
  if (!spelled_as_path) {
    throw Error(ErrorCode::refused, fmt::format("\"{}\" is no path below the project's folder", shown_text(relative, 80)),
                "name a file or folder relative to it; databases are named in contraflow.toml only");
  }
  std::error_code failed;
  const fs::path resolved = fs::canonical(root_ / relative, failed);
  if (failed) {
    // What is outside is not said to exist or not.
    if (!contains(fs::weakly_canonical(root_ / relative, failed)) || failed) throw outside(relative);
    throw Error(ErrorCode::usage, fmt::format("there is no file or folder \"{}\"", shown_text(relative)));
  }
  if (!contains(resolved)) throw outside(relative);
  if (!fs::is_directory(resolved, failed)) return resolved;
  int entries = 0;
  for (auto it = fs::recursive_directory_iterator(resolved, failed); !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (++entries > kMostEntries) throw Error(ErrorCode::refused, fmt::format("\"{}\" holds more than {} files", shown_text(relative), kMostEntries), "name a folder below it");
    if (!it->is_symlink(failed)) continue;
    std::error_code broken;
    const fs::path target = fs::weakly_canonical(it->path(), broken);
    if (broken || !contains(target)) throw outside(relative + "/" + fs::relative(it->path(), resolved, broken).string());
  }
  if (failed) throw Error(ErrorCode::environment, fmt::format("cannot look through \"{}\": {}", shown_text(relative), failed.message()));
  return resolved;
}

fs::path ProjectRoot::writable(const fs::path& path) const {
  std::error_code failed;
  const fs::path resolved = fs::weakly_canonical(path.is_absolute() ? path : root_ / path, failed);
  if (failed || !contains(resolved)) throw outside(path.string());
  return resolved;
}

std::string ProjectRoot::relative(const fs::path& inside) const { return inside.lexically_relative(root_).string(); }

}  // namespace contraflow::agent
