// SPDX-License-Identifier: Apache-2.0
#include "agent/tokens.h"

namespace contraflow::agent {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::size_t estimate_tokens(std::string_view text) {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    if (is_letter(text[i])) {
      while (i + length < text.size() && is_letter(text[i + length])) ++length;
      tokens += (length + 2) / 3;
    } else if (text[i] == ' ') {
      while (i + length < text.size() && text[i + length] == ' ') ++length;
      tokens += length == 1 ? 0 : (length + 3) / 4;
    } else {
      ++tokens;
    }
    i += length;
  }
  return tokens;
}

}  // namespace contraflow::agent
