// SPDX-License-Identifier: Apache-2.0
#include "catalog/constraint_name.h"

#include <cstddef>

namespace contraflow::catalog {

std::string default_constraint_name(const std::string& relation, const std::string& column,
                                    const std::string& label) {
  constexpr std::size_t kLongest = 63;  // NAMEDATALEN - 1
  std::size_t first = relation.size();
  std::size_t second = column.size();
  const std::size_t available = kLongest - label.size() - (column.empty() ? 1 : 2);
  // makeObjectName() shortens whichever part is longer, a byte at a time, and then cuts at a character
  // boundary.
  while (first + second > available) (first > second ? first : second) -= 1;
  const auto clip = [](const std::string& text, std::size_t length) {
    while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
      --length;
    return text.substr(0, length);
  };
  return clip(relation, first) + (column.empty() ? "" : "_" + clip(column, second)) + "_" + label;
}

}  // namespace contraflow::catalog
