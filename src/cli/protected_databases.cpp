// SPDX-License-Identifier: Apache-2.0
#include "cli/protected_databases.h"

#include "base/file.h"
#include "cli/toml.h"

namespace contraflow::cli {

std::vector<std::string> protected_databases(const Config& config) {
  std::vector<std::string> out;
  if (!config.database_url.empty()) out.push_back(config.database_url);
  if (config.file.empty()) return out;
  // read_config() has judged the file: what is another type than it should be is an error there.
  const toml::table file = toml::parse(read_text_file(config.file), config.file.string());
  if (const auto url = file["database"]["url"].value<std::string>()) out.push_back(*url);
  if (const toml::array* list = file["agent"]["protected"].as_array()) {
    for (const toml::node& one : *list) {
      if (const auto text = one.value<std::string>()) out.push_back(*text);
    }
  }
  return out;
}

}  // namespace contraflow::cli
