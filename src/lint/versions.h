// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>

namespace contraflow::lint {

constexpr int kOldestMajor = 13;
constexpr int kNewestMajor = 18;

// Server majors from … to, both included.
struct Majors {
  int from = kOldestMajor;
  int to = kNewestMajor;

  bool empty() const { return from > to; }
  bool contains(int major) const { return from <= major && major <= to; }
  Majors within(const Majors& other) const { return {std::max(from, other.from), std::min(to, other.to)}; }
  bool operator==(const Majors&) const = default;
};

inline std::string text_of_majors(const Majors& majors) {
  return majors.from == majors.to ? std::to_string(majors.from) : std::to_string(majors.from) + ".." + std::to_string(majors.to);
}

}  // namespace contraflow::lint
