// SPDX-License-Identifier: Apache-2.0
#include "base/edit.h"

#include <algorithm>
#include <stdexcept>

namespace contraflow {

std::string apply_edits(std::string_view text, std::vector<TextEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const TextEdit& l, const TextEdit& r) { return l.begin < r.begin; });
  std::string out;
  std::size_t copied = 0;
  for (const TextEdit& edit : edits) {
    if (edit.begin < copied || edit.end < edit.begin || edit.end > text.size()) throw std::logic_error("edits that overlap");
    out.append(text.substr(copied, edit.begin - copied)).append(edit.text);
    copied = edit.end;
  }
  return out.append(text.substr(copied));
}

std::size_t original_offset(const std::vector<TextEdit>& edits, std::size_t offset) {
  std::size_t removed = 0, added = 0;
  for (const TextEdit& edit : edits) {
    const std::size_t begin = edit.begin + added - removed;  // in the edited text
    if (offset < begin) break;
    if (offset < begin + edit.text.size()) return edit.begin;
    removed += edit.end - edit.begin;
    added += edit.text.size();
  }
  return offset + removed - added;
}

}  // namespace contraflow
