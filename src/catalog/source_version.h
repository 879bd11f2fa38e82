// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Versions in the names of migration files.
namespace contraflow::catalog {

// Digits without leading zeros compare by length, then by text: timestamps of any length fit.
using Version = std::vector<std::string>;

// The version at the start of the name: "1.2_x" is 1, 2. `underscores`: Flyway also writes 1_2.
Version read_version(std::string_view name, bool underscores);
int compare(const Version& left, const Version& right);  // < 0, 0, > 0; missing parts count as 0

struct FlywayName {
  char kind = 0;  // V, U, R, B
  Version version;
  std::string description;
};

// Nothing where Flyway would not run the file.
std::optional<FlywayName> flyway_name(const std::string& name);

// Whether the path `left` runs before `right`, by their leading version numbers, then by name.
bool version_less(const std::string& left, const std::string& right);

}  // namespace contraflow::catalog
