// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace contraflow {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Decodes the character at the front and removes it; false for an invalid sequence (overlong, surrogate, >
// U+10FFFF).
bool take_character(std::string_view& text, std::uint32_t& character) {
  const auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  std::uint32_t value = lead;
  std::uint32_t minimum = 0;
  if (lead >= 0xF0 && lead < 0xF5) {
    length = 4, value = lead & 0x07U, minimum = 0x10000;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    length = 3, value = lead & 0x0FU, minimum = 0x800;
  } else if (lead >= 0xC2 && lead < 0xE0) {
    length = 2, value = lead & 0x1FU, minimum = 0x80;
  } else if (lead >= 0x80) {
    return false;
  }
  if (text.size() < length) return false;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return false;
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  if (value < minimum || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
  text.remove_prefix(length);
  character = value;
  return true;
}

int width_of(std::uint32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

bool is_valid_utf8(std::string_view text) { return first_invalid_utf8(text) == text.size(); }

std::size_t first_invalid_utf8(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    // Most text is ASCII, eight bytes at a time.
    for (std::uint64_t eight = 0; rest.size() >= sizeof eight; rest.remove_prefix(sizeof eight)) {
      std::memcpy(&eight, rest.data(), sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
    }
    if (rest.empty()) break;
    const std::string_view before = rest;
    std::uint32_t character = 0;
    if (!take_character(rest, character)) return text.size() - before.size();
  }
  return text.size();
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::size_t byte_of_character(std::string_view text, std::size_t character) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_continuation(text[i])) continue;
    if (seen++ == character) return i;
  }
  return text.size();
}

Location locate(std::string_view text, std::size_t offset, std::string file) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Location location;
  location.file = std::move(file);
  location.line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
  location.column = static_cast<int>(count_characters(before.substr(begin))) + 1;
  location.source_line = std::string(line);
  return location;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    std::uint32_t character = 0;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      text.remove_prefix(1);
      ++width;
    } else if (take_character(text, character)) {
      width += static_cast<std::size_t>(width_of(character));
    } else {
      text.remove_prefix(1);
      ++width;
    }
  }
  return width;
}

}  // namespace contraflow
