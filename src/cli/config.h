// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace contraflow::cli {

// What contraflow.toml and the environment say. Flags come on top, in the commands. Paths are absolute or
// relative to the working folder (those of the file are resolved against its folder).
struct Config {
  std::filesystem::path file;                 // empty: there is none
  std::string migrations;                     // [project] migrations: the folder of migrations
  std::string layout;                         // [project] layout: psql, prisma, flyway, …
  std::string database_url;                   // [database] url; "env:NAME" takes it from the environment
  std::string sandbox_url;                    // [sandbox] url
  std::optional<int> sandbox_major;           // [sandbox] major
  std::vector<std::string> sandbox_bindirs;   // [sandbox] bindirs
  std::vector<std::string> sandbox_settings;  // [sandbox] settings
  std::vector<std::string> include_deleted;   // [code] include_deleted
  std::string check_server;                   // [check] server: "14..17"
  std::string check_fail_on;                  // [check] fail_on
  std::vector<std::string> check_enable;      // [check] enable
  std::vector<std::string> check_disable;     // [check] disable
  std::vector<std::string> check_allow;       // [check] allow: "db/old/*: rule, rule"
};

// `explicit_file` (--config), or the nearest contraflow.toml in `folder` or above it, then the CONTRAFLOW_…
// variables. Error{usage} with the location for a file that is missing when asked for, broken, or has a key
// that is not known.
Config read_config(const std::optional<std::filesystem::path>& explicit_file,
                   const std::filesystem::path& folder);

// "section.key", its variable and what it means, for the documentation.
struct ConfigKey {
  const char* name;
  const char* variable;  // empty where there is none
  const char* meaning;
};
std::vector<ConfigKey> config_keys();

}  // namespace contraflow::cli
