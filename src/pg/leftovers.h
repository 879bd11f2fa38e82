// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace contraflow::pg {

// Held while sandbox folders in `base` are made or collected: microseconds.
class BaseLock {
 public:
  explicit BaseLock(const std::filesystem::path& base);
  ~BaseLock();
  BaseLock(const BaseLock&) = delete;
  BaseLock& operator=(const BaseLock&) = delete;
  bool held() const { return descriptor_ >= 0; }  // false where the base has just been removed

 private:
  int descriptor_ = -1;
};

// Removes the sandbox folders in `base` whose owner and guardian are both dead (their lock is free), with the
// server, should one still run in them, and its System V shared memory segment. The caller holds BaseLock.
void collect_leftovers(const std::filesystem::path& base);

// Removes `base` when the last sandbox in it is gone; `lock` is its lock file. Async-signal-safe: guardians
// call it.
void remove_base_if_unused(const char* base, const char* lock);

}  // namespace contraflow::pg
