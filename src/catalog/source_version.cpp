// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_version.h"

#include <algorithm>

#include "base/text.h"

namespace contraflow::catalog {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Version read_version(std::string_view name, bool underscores) {
  Version version;
  std::size_t i = 0;
  while (i < name.size() && is_digit(name[i])) {
    std::size_t end = i;
    while (end < name.size() && is_digit(name[end])) ++end;
    while (i + 1 < end && name[i] == '0') ++i;
    version.emplace_back(name.substr(i, end - i));
    const bool separator =
        end < name.size() && (name[end] == '.' || name[end] == '-' || (underscores && name[end] == '_'));
    i = separator ? end + 1 : name.size();
  }
  return version;
}

int compare(const Version& left, const Version& right) {
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string a = i < left.size() ? left[i] : "0";
    const std::string b = i < right.size() ? right[i] : "0";
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    if (a != b) return a < b ? -1 : 1;
  }
  return 0;
}

std::optional<FlywayName> flyway_name(const std::string& name) {
  const std::size_t separator = name.find("__");
  if (name.size() < 6 || separator == std::string::npos || !name.ends_with(".sql")) return std::nullopt;
  FlywayName out;
  out.kind = name[0];
  out.description = name.substr(separator + 2);
  if (out.kind == 'R') return separator == 1 ? std::optional(out) : std::nullopt;
  if (out.kind != 'V' && out.kind != 'U' && out.kind != 'B') return std::nullopt;
  if (!is_digit(name[1])) return std::nullopt;
  out.version = read_version(std::string_view(name).substr(1, separator - 1), true);
  return out;
}

bool version_less(const std::string& left, const std::string& right) {
  const std::vector<std::string> a = split(left, '/'), b = split(right, '/');
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const auto version_of = [](std::string_view name) {
      if (name.size() > 1 && (name[0] == 'v' || name[0] == 'V') && is_digit(name[1])) name.remove_prefix(1);
      return read_version(name, false);
    };
    const Version va = version_of(a[i]), vb = version_of(b[i]);
    // Numbered files first: a file without a number (functions.sql) builds on them.
    if (va.empty() != vb.empty()) return !va.empty();
    if (const int order = compare(va, vb); order != 0) return order < 0;
    return natural_less(a[i], b[i]);
  }
  return a.size() < b.size();
}

}  // namespace contraflow::catalog
