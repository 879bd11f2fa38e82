// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "base/helpers.h"

namespace contraflow {

// Parts that `count` pieces of work are worth: some for each processor, so that all end at the same time, but none of fewer than `least`, which is what a thread costs.
inline std::size_t parts_of(std::size_t count, std::size_t least) {
  constexpr std::size_t kForEach = 4;
  return processors() == 1 ? 1 : std::clamp<std::size_t>(count / least, 1, processors() * kForEach);
}

// Calls work(part, first, last) for each of `parts` neighbouring ranges of 0 … count, here and on the other processors, and waits for all. What the lowest part
// throws is thrown.
inline void in_parts(std::size_t count, std::size_t parts, const std::function<void(std::size_t, std::size_t, std::size_t)>& work) {
  std::vector<std::exception_ptr> errors(parts);
  std::atomic<std::size_t> next = 0;
  const auto take_parts = [&] {
    for (std::size_t part = next++; part < parts; part = next++) {
      try {
        work(part, count * part / parts, count * (part + 1) / parts);
      } catch (...) {  // thrown below, on the caller's thread
        errors[part] = std::current_exception();
      }
    }
  };
  {
    const Helpers others(static_cast<unsigned>(std::min<std::size_t>(parts, processors()) - 1), take_parts);
    take_parts();
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace contraflow
