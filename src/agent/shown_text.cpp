// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "agent/context.h"

namespace contraflow::agent {
namespace {

// Characters that change how text reads without being seen: zero width, direction overrides, tags. A name or comment that holds them could say to a
// model what a person who looks at it does not see.
bool invisible(char32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe0fff);
}

// The character at `at` and its length; length 1 and the byte where it is no UTF-8.
std::pair<char32_t, std::size_t> decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3
                                             : first >= 0xc2   ? 2
                                                               : 1;
  if (length == 1 || at + length > text.size()) return {first, 1};
  char32_t out = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {first, 1};
    out = (out << 6) | (byte(at + i) & 0x3fU);
  }
  return {out, length};
}

std::string escaped(char32_t c) { return fmt::format("\\u{{{:x}}}", static_cast<unsigned>(c)); }

bool must_be_escaped(char32_t c, std::size_t length) { return c < 0x20 || c == 0x7f || invisible(c) || (length == 1 && c >= 0x80); }

}  // namespace

std::string visible_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, length] = decode(text, at);
    if (c != '\n' && c != '\t' && must_be_escaped(c, length)) out += escaped(c);
    else out += text.substr(at, length);
    at += length;
  }
  return out;
}

std::string shown_text(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto [c, length] = decode(text, at);
    std::string piece = c == '\n' || c == '\t' ? " " : must_be_escaped(c, length) ? escaped(c)
                                                                                  : std::string(text.substr(at, length));
    if (piece == " " && out.ends_with(' ')) piece.clear();
    if (most != std::string::npos && out.size() + piece.size() > most) return out + "…";
    out += piece;
    at += length;
  }
  return out;
}

}  // namespace contraflow::agent
