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

// Makes and locks a new sandbox folder in `base`; empty where that does not work.
fs::path make_in(const fs::path& base, const ServerUser& user, int& lock) {
  constexpr int kTries = 10;  // a guardian that leaves may remove the base while we arrive
  for (int tries = 0; tries < kTries; ++tries) {
    if (!make_base(base, user)) return {};
    const BaseLock guard(base);  // no collector looks between mkdtemp() and flock()
    if (!guard.held()) continue;
    collect_leftovers(base);
    std::string name = (base / "sb-XXXXXX").string();
    if (!::mkdtemp(name.data())) return {};
    const fs::path path = name;
    lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (lock >= 0 && lock < 3) {  // the guardian puts /dev/null there
      const int moved = ::fcntl(lock, F_DUPFD_CLOEXEC, 3);
      ::close(lock);
      lock = moved;
    }
    if (lock >= 0 && ::flock(lock, LOCK_EX | LOCK_NB) == 0) return path;
    std::error_code ignored;
    fs::remove_all(path, ignored);
    return {};
  }
  return {};
}

}  // namespace

SandboxFolder::SandboxFolder(const ServerUser& user) {
  std::string tried;
  for (const fs::path& place : places()) {
    const fs::path base = base_in(place);
    tried += (tried.empty() ? "" : ", ") + base.string();
    if (base.string().size() <= kLongestBase) path_ = make_in(base, user, lock_);
    if (!path_.empty()) break;
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
  const fs::path base = path_.parent_path();
  remove_base_if_unused(base.c_str(), (base / "lock").c_str());
}

}  // namespace contraflow::pg
