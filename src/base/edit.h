// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace contraflow {

// Bytes [begin, end) of a text are to become `text`; begin == end inserts.
struct TextEdit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
  bool operator==(const TextEdit&) const = default;
};

// The text with all edits made. They may come in any order; two that overlap are std::logic_error.
std::string apply_edits(std::string_view text, std::vector<TextEdit> edits);

// Where in the unedited text an offset of the edited one lies: inside of a replacement, the place that it replaced. `edits` ascending.
std::size_t original_offset(const std::vector<TextEdit>& edits, std::size_t offset);

}  // namespace contraflow
