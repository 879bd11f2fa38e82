// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "pg/unprivileged.h"

namespace contraflow::pg {

// The folder of one sandbox: `lock` (held by owner and guardian as long as either lives), `data`, `run` (the
// socket), `log`, `postgresql.conf`. It lies in /dev/shm where that has room (a throwaway server in memory is
// several times faster), else in the temporary folder, inside a folder of our own that no other user can
// write.
class SandboxFolder {
 public:
  // Collects the leftovers of dead owners first. Throws Error{environment} where no place can be used.
  explicit SandboxFolder(const ServerUser& user);
  ~SandboxFolder();  // gives up the lock; the folder is the guardian's to remove
  SandboxFolder(const SandboxFolder&) = delete;
  SandboxFolder& operator=(const SandboxFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path data() const { return path_ / "data"; }
  std::filesystem::path socket_folder() const { return path_ / "run"; }
  std::filesystem::path log() const { return path_ / "run" / "log"; }
  std::filesystem::path settings() const { return path_ / "postgresql.conf"; }
  int lock() const { return lock_; }
  void remove();

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace contraflow::pg
