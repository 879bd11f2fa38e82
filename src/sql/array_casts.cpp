// SPDX-License-Identifier: Apache-2.0
#include "sql/array_casts.h"

#include <vector>

namespace contraflow::sql {
namespace {

// The position after the quoted text or dollar quote that starts at `at`; `at` itself where none does.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote == '\'' || quote == '"') {
    const bool escapes = quote == '\'' && at > 0 && (text[at - 1] == 'E' || text[at - 1] == 'e');
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (escapes && text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        if (i + 1 < text.size() && text[i + 1] == quote) ++i;
        else return i + 1;
      }
    }
    return text.size();
  }
  if (quote != '$') return at;
  const std::size_t end = text.find('$', at + 1);
  if (end == std::string_view::npos) return at;
  const std::string_view tag = text.substr(at, end - at + 1);
  if (tag.find_first_of(" \n()'\",;") != std::string_view::npos) return at;
  const std::size_t close = text.find(tag, end + 1);
  return close == std::string_view::npos ? at : close + tag.size();
}

constexpr std::string_view kOpen = "(ARRAY[";

// The cast that every element of the array ends with; empty where they do not agree or are no constants.
std::string_view common_cast(std::string_view elements) {
  std::string_view common;
  std::size_t start = 0;
  while (start < elements.size()) {
    if (elements[start] != '\'') return {};
    const std::size_t literal = skip_quoted(elements, start);
    if (elements.substr(literal, 2) != "::") return {};
    std::size_t end = literal;
    int depth = 0;
    while (end < elements.size() && (depth > 0 || elements[end] != ',')) {
      if (elements[end] == '(') ++depth;
      if (elements[end] == ')') --depth;
      end = elements[end] == '"' ? skip_quoted(elements, end) : end + 1;
    }
    const std::string_view cast = elements.substr(literal, end - literal);
    if (!common.empty() && cast != common) return {};
    common = cast;
    start = end + 1;
    while (start < elements.size() && elements[start] == ' ') ++start;
  }
  return common;
}

}  // namespace

std::string keep_array_casts(std::string_view text) {
  if (text.find(kOpen) == std::string_view::npos) return std::string(text);
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t next = skip_quoted(text, at); next != at) {
      at = next;
      continue;
    }
    if (text.substr(at, kOpen.size()) != kOpen) {
      ++at;
      continue;
    }
    const std::size_t first = at + kOpen.size();
    std::size_t end = first;
    while (end < text.size() && text[end] != ']' && text[end] != '[') {
      const std::size_t next = skip_quoted(text, end);
      end = next == end ? end + 1 : next;
    }
    at = first;
    if (end >= text.size() || text[end] != ']' || text.substr(end + 1, 3) != ")::") continue;
    const std::string_view cast = common_cast(text.substr(first, end - first));
    if (cast.empty()) continue;
    out += text.substr(copied, end + 1 - copied);
    out += cast;
    out += "[]";
    copied = end + 1;
    at = end + 1;
  }
  out += text.substr(copied);
  return out;
}

}  // namespace contraflow::sql
