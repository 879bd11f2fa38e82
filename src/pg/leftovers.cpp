// SPDX-License-Identifier: Apache-2.0
#include "pg/leftovers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// A postmaster works in its data folder; another process that got the number since does not.
bool runs_in(pid_t pid, const fs::path& data) {
  std::error_code error;
  const fs::path works_in = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error);
  return !error && works_in == fs::canonical(data, error) && !error;
}

void stop_server(pid_t pid, const fs::path& data) {
  for (int tries = 0; tries < 300 && runs_in(pid, data); ++tries) {
    ::kill(pid, tries < 200 ? SIGQUIT : SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// After SIGKILL of a postmaster its small System V segment stays; postmaster.pid names it in line 7: "key
// id".
void remove_segment(const std::string& line) {
  std::istringstream words(line);
  unsigned long key = 0;
  int id = -1;
  shmid_ds status{};
  if (words >> key >> id && ::shmctl(id, IPC_STAT, &status) == 0 && status.shm_nattch == 0 &&
      static_cast<unsigned long>(status.shm_perm.__key) == key)
    ::shmctl(id, IPC_RMID, nullptr);
}

void collect(const fs::path& folder) {
  const fs::path data = folder / "data";
  const std::vector<std::string> lines = lines_of(data / "postmaster.pid");
  const long pid = lines.empty() ? 0 : std::atol(lines[0].c_str());
  if (pid > 1) stop_server(static_cast<pid_t>(pid), data);
  if (lines.size() >= 7) remove_segment(lines[6]);
  std::error_code ignored;  // what cannot be removed now is tried again by the next start
  fs::remove_all(folder, ignored);
}

// Waits for the lock; false where the file was removed meanwhile: then a lock on it protects nothing.
bool lock_current(int descriptor, const char* path) {
  struct stat ours {};
  struct stat current {};
  while (::flock(descriptor, LOCK_EX) != 0 && errno == EINTR) continue;
  return ::fstat(descriptor, &ours) == 0 && ::lstat(path, &current) == 0 && ours.st_ino == current.st_ino &&
         ours.st_dev == current.st_dev;
}

}  // namespace

BaseLock::BaseLock(const fs::path& base) {
  const fs::path path = base / "lock";
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  } while (descriptor_ >= 0 && !lock_current(descriptor_, path.c_str()));
}

BaseLock::~BaseLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void collect_leftovers(const fs::path& base) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(base, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with("sb-")) folders.push_back(it->path());
  for (const fs::path& folder : folders) {
    const int lock = ::open((folder / "lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    const bool dead = lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) == 0;
    if (dead) collect(folder);
    if (lock >= 0) ::close(lock);
  }
}

void remove_base_if_unused(const char* base, const char* lock) {
  const int descriptor = ::open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return;
  struct stat status {};
  // A folder without subfolders has two links (one on btrfs: there rmdir() decides alone).
  if (lock_current(descriptor, lock) && ::stat(base, &status) == 0 && status.st_nlink <= 2) {
    ::unlink(lock);
    ::rmdir(base);
  }
  ::close(descriptor);
}

}  // namespace contraflow::pg
