// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

namespace contraflow {

bool matches_pattern(std::string_view text, std::string_view pattern) {
  // Greedy with one backtrack point: only the last `*` ever needs to take more, so the cost is bounded by the
  // product.
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken_from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken_from = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken_from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace contraflow
