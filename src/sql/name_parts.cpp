// SPDX-License-Identifier: Apache-2.0
#include "sql/name_parts.h"

namespace contraflow::sql {

namespace {

// The end of what is quoted from `begin` on, behind its closing quote; npos where nothing is.
std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  if (quote != '"' && quote != '\'') return std::string_view::npos;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote) {
      ++i;
    } else {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<std::string> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string> out(1);
  bool begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (begins) {
      if (const std::size_t end = end_of_quoted(text, i); end != std::string_view::npos) {
        out.back() += text.substr(i, end - i);
        i = end - 1;
        begins = false;
        continue;
      }
    }
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
    begins = c == separator || c == '.' || c == '=' || c == ':' || (begins && c == ' ');
  }
  return out;
}

std::vector<std::string> name_parts(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string& written : split_outside_quotes(text, '.')) {
    const std::string_view part = without_blanks(written);
    if (part.empty() || end_of_quoted(part, 0) != part.size()) {
      out.emplace_back(part);
      continue;
    }
    std::string name;
    for (std::size_t i = 1; i + 1 < part.size(); ++i) {
      name += part[i];
      if (part[i] == part.front()) ++i;  // doubled
    }
    out.push_back(std::move(name));
  }
  return out;
}

}  // namespace contraflow::sql
