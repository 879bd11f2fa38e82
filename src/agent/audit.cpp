// SPDX-License-Identifier: Apache-2.0
#include "agent/audit.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace contraflow::agent {
namespace {

Error cannot(const char* what) {
  return Error(ErrorCode::environment, fmt::format("the audit file cannot be {}: {}", what, std::strerror(errno)), "name another with --audit FILE");
}

}  // namespace

std::filesystem::path Audit::default_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  if (state != nullptr && state[0] == '/') return std::filesystem::path(state) / "contraflow" / "mcp-audit.jsonl";
  if (home == nullptr || home[0] != '/') throw Error(ErrorCode::environment, "there is no place for the audit file: HOME is not set", "give --audit FILE");
  return std::filesystem::path(home) / ".local/state/contraflow/mcp-audit.jsonl";
}

Audit::Audit(const std::filesystem::path& file, std::string session, std::function<std::string(std::string_view)> hide) : session_(std::move(session)), hide_(std::move(hide)) {
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  fd_ = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw cannot("opened");
}

Audit::~Audit() {
  if (fd_ >= 0) ::close(fd_);
}

void Audit::record(nlohmann::ordered_json entry) {
  nlohmann::ordered_json line{{"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())))}, {"session", session_}};
  line.update(entry);
  const std::string text = hide_(line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace)) + "\n";
  const std::lock_guard lock(mutex_);
  ssize_t written = 0;
  do {
    written = ::write(fd_, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(text.size())) throw cannot("written");
}

}  // namespace contraflow::agent
