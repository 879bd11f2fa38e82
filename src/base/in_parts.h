// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <future>
#include <thread>
#include <vector>

namespace contraflow {

// Parts that `count` pieces of work are worth: one for each processor, but none of fewer than `least`, which is what a thread costs.
inline std::size_t parts_of(std::size_t count, std::size_t least) {
  return std::clamp<std::size_t>(count / least, 1, std::max(1U, std::thread::hardware_concurrency()));
}

// Calls work(part, first, last) for each of `parts` neighbouring ranges of 0 … count, the first one on this thread, and waits for all. What the lowest part
// throws is thrown.
inline void in_parts(std::size_t count, std::size_t parts, const std::function<void(std::size_t, std::size_t, std::size_t)>& work) {
  const auto run = [&](std::size_t part) { work(part, count * part / parts, count * (part + 1) / parts); };
  std::vector<std::future<void>> others;
  for (std::size_t part = 1; part < parts; ++part) others.push_back(std::async(std::launch::async, run, part));
  run(0);
  for (std::future<void>& other : others) other.get();
}

}  // namespace contraflow
