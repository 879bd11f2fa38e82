// SPDX-License-Identifier: Apache-2.0
#include "agent/known_plans.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "agent/approval.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace contraflow::agent {
namespace {

std::filesystem::path file_of_plans() { return approval_file(std::string(64, '0')).parent_path().parent_path() / "plans"; }

}  // namespace

void remember_plan(const std::string& hash) {
  try {
    if (is_known_plan(hash)) return;
    const std::filesystem::path file = file_of_plans();
    std::error_code ignored;
    std::filesystem::create_directories(file.parent_path(), ignored);
    const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return;
    const std::string line = hash + "\n";
    if (::write(fd, line.data(), line.size()) < 0) ignored = {};  // then it is not known, and a tool says so
    ::close(fd);
  } catch (const Error&) {
    // No HOME: nothing is remembered.
  }
}

bool is_known_plan(const std::string& hash) {
  std::error_code ignored;
  const std::filesystem::path file = file_of_plans();
  if (!std::filesystem::is_regular_file(file, ignored)) return false;
  const std::vector<std::string> lines = split_lines(read_file(file));
  return std::find(lines.begin(), lines.end(), hash) != lines.end();
}

}  // namespace contraflow::agent
