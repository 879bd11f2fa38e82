// SPDX-License-Identifier: Apache-2.0
#include "pg/sandbox_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "pg/leftovers.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

// A fresh cluster is some 40 MB; what is loaded into it and its WAL want room too.
constexpr unsigned long long kRoom = 1ULL << 30;
// sun_path holds 108 bytes with the final NUL; behind the base come "/sb-XXXXXX/run/.s.PGSQL.5432".
constexpr std::size_t kLongestBase = 107 - 28;

std::vector<fs::path> places() {
  std::vector<fs::path> out;
  struct statvfs room {};
  if (::statvfs("/dev/shm", &room) == 0 && ::access("/dev/shm", W_OK) == 0 &&
      static_cast<unsigned long long>(room.f_bavail) * room.f_frsize >= kRoom)
    out.emplace_back("/dev/shm");
  if (const char* folder = std::getenv("TMPDIR"); folder && *folder == '/') out.emplace_back(folder);
  out.emplace_back("/tmp");
  return out;
}

fs::path base_in(const fs::path& place) { return place / fmt::format("contraflow-{}", ::geteuid()); }

// Others may write in `place`: the base counts only when it is a real folder of ours that nobody else can
// change.
bool make_base(const fs::path& base, const ServerUser& user) {
  const mode_t mode = user.other ? 0711 : 0700;  // the server's user passes through, and sees no names
  if (::mkdir(base.c_str(), mode) != 0 && errno != EEXIST) return false;
  struct stat status {};
  if (::lstat(base.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid())
    return false;
  return (status.st_mode & 0777) == mode || ::chmod(base.c_str(), mode) == 0;
}

void give(const fs::path& path, const ServerUser& user) {
  if (user.other && ::lchown(path.c_str(), user.uid, user.gid) != 0)
    throw Error(ErrorCode::environment,
                fmt::format("cannot give {} to user {}: {}", path.string(), user.name, std::strerror(errno)));
}

}  // namespace

SandboxFolder::SandboxFolder(const ServerUser& user) {
  std::string tried;
  for (const fs::path& place : places()) {
    const fs::path base = base_in(place);
    tried += (tried.empty() ? "" : ", ") + base.string();
    if (base.string().size() > kLongestBase || !make_base(base, user)) continue;
    const BaseLock guard(base);  // no collector looks between mkdtemp() and flock()
    if (!guard.held()) continue;
    collect_leftovers(base);
    std::string name = (base / "sb-XXXXXX").string();
    if (!::mkdtemp(name.data())) continue;
    path_ = name;
    lock_ = ::open((path_ / "lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (lock_ >= 0 && lock_ < 3) {  // the guardian puts /dev/null there
      const int moved = ::fcntl(lock_, F_DUPFD_CLOEXEC, 3);
      ::close(lock_);
      lock_ = moved;
    }
    if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0) break;
    fs::remove_all(path_);
    path_.clear();
  }
  if (path_.empty())
    throw Error(ErrorCode::environment, fmt::format("no place for a sandbox; tried {}", tried),
                "set TMPDIR to a short path of a folder that you can write and that has room");
  if (user.other) ::chmod(path_.c_str(), 0711);
  ::mkdir(socket_folder().c_str(), 0700);
  give(socket_folder(), user);
}

SandboxFolder::~SandboxFolder() {
  if (lock_ >= 0) ::close(lock_);
}

void SandboxFolder::remove() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace contraflow::pg
