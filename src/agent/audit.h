// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

namespace contraflow::agent {

// What a session was asked and what it answered: one JSON object a line, appended with one write each, so that several servers may share the file.
// Thread-safe. A line that cannot be written is Error{environment}: what is not recorded is not done.
class Audit {
 public:
  // `hide` takes passwords out of what was sent. Error{environment} where the file cannot be opened, or is a symbolic link.
  Audit(const std::filesystem::path& file, std::string session, std::function<std::string(std::string_view)> hide);
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  void record(nlohmann::ordered_json entry);

  // $XDG_STATE_HOME/contraflow/mcp-audit.jsonl, or below ~/.local/state: outside of the project, which the assistant can edit.
  static std::filesystem::path default_file();

 private:
  std::mutex mutex_;
  int fd_ = -1;
  std::string session_;
  std::function<std::string(std::string_view)> hide_;
};

}  // namespace contraflow::agent
