// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

namespace contraflow {

// Set by main() alone: the process ends with the command that it runs, and what is large is left to the system.
inline bool process_ends = false;

// Holds a value until the process ends, whose end frees it at once: what consists of many thousands of parts takes long to take apart. Of one thread.
template <class T>
void keep_until_exit(T value) {
  static auto* const kept = new std::vector<T>;  // reachable, and never destroyed
  kept->push_back(std::move(value));
}

}  // namespace contraflow
