// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <variant>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/toml.h"

namespace contraflow::cli {
namespace fs = std::filesystem;
namespace {

// A list of texts that only one command needs and reads itself (cli/protected_databases.h).
struct Elsewhere {};

using Target =
    std::variant<Elsewhere, std::string Config::*, std::optional<int> Config::*, std::vector<std::string> Config::*>;

struct Key {
  ConfigKey about;
  Target target;
  bool is_path = false;
};

const Key kKeys[] = {
    {{"project.migrations", "CONTRAFLOW_MIGRATIONS", "folder of the project's migrations"},
     &Config::migrations,
     true},
    {{"project.layout", "CONTRAFLOW_LAYOUT",
      "conventions that plans are written in (psql, prisma, flyway, …)"},
     &Config::layout},
    {{"database.url", "CONTRAFLOW_DATABASE_URL",
      "the database, as a libpq connection string; env:NAME reads a variable"},
     &Config::database_url},
    {{"sandbox.url", "CONTRAFLOW_SANDBOX_URL",
      "a server to use instead of a throwaway one (fresh databases only)"},
     &Config::sandbox_url},
    {{"sandbox.major", "CONTRAFLOW_SANDBOX_MAJOR", "major version of the throwaway server"},
     &Config::sandbox_major},
    {{"sandbox.bindirs", "", "folders with initdb and postgres"}, &Config::sandbox_bindirs, true},
    {{"sandbox.settings", "", "lines for the throwaway server's postgresql.conf"}, &Config::sandbox_settings},
    {{"check.server", "CONTRAFLOW_CHECK_SERVER", "PostgreSQL majors that check judges for: 15, 14..17"}, &Config::check_server},
    {{"check.fail_on", "", "severity from which check exits 1: error, warning, info, never"}, &Config::check_fail_on},
    {{"check.enable", "", "rules that check applies on top of its own choice"}, &Config::check_enable},
    {{"check.disable", "", "rules that check leaves out"}, &Config::check_disable},
    {{"check.allow", "", "files that check leaves alone: a pattern, or \"pattern: rule, rule\""}, &Config::check_allow},
    {{"agent.protected", "", "databases whose schema contraflow hook protects beside database.url: connection strings, env:NAME"}, Elsewhere{}},
    {{"code.include_deleted", "", "path patterns of code that goes on to see soft-deleted rows"}, &Config::include_deleted},
};

Location location_of(const toml::source_region& region, const fs::path& file, std::string_view text) {
  Location location;
  location.file = file.string();
  location.line = static_cast<int>(region.begin.line);
  location.column = static_cast<int>(region.begin.column);
  const std::vector<std::string> lines = split_lines(text);
  const auto index = static_cast<std::size_t>(location.line - 1);
  if (location.line > 0 && index < lines.size()) location.source_line = lines[index];
  return location;
}

class Reader {
 public:
  Reader(fs::path file, Config& config)
      : file_(std::move(file)), text_(read_text_file(file_)), config_(config) {}

  void read() {
    for (const auto& [section, node] : parse()) {
      const toml::table* table = node.as_table();
      if (table == nullptr) unknown(std::string(section.str()), section.source());
      for (const auto& [name, value] : *table) {
        set(fmt::format("{}.{}", section.str(), name.str()), name.source(), value);
      }
    }
  }

 private:
  toml::table parse() const {
    try {
      return toml::parse(text_, file_.string());
    } catch (const toml::parse_error& error) {
      throw Error(ErrorCode::usage, std::string(error.description()))
          .at(location_of(error.source(), file_, text_));
    }
  }

  [[noreturn]] void fail(std::string message, std::string hint, const toml::source_region& region) const {
    throw Error(ErrorCode::usage, std::move(message), std::move(hint)).at(location_of(region, file_, text_));
  }

  [[noreturn]] void unknown(const std::string& name, const toml::source_region& region) const {
    std::vector<std::string> names;
    for (const Key& key : kKeys) names.emplace_back(key.about.name);
    const std::string near = nearest(name, names);
    fail(fmt::format("unknown setting {}", name),
         near.empty() ? "known settings: " + join(names, ", ") : fmt::format("did you mean {}?", near),
         region);
  }

  void set(const std::string& name, const toml::source_region& region, const toml::node& value) {
    for (const Key& key : kKeys) {
      if (name == key.about.name)
        return std::visit([&](auto member) { assign(key, member, value); }, key.target);
    }
    unknown(name, region);
  }

  std::string text_of(const Key& key, const toml::node& value) const {
    const auto text = value.value_exact<std::string>();
    if (!text) fail(fmt::format("{} takes a text", key.about.name), {}, value.source());
    const bool relative = key.is_path && !text->empty() && fs::path(*text).is_relative();
    return relative ? (file_.parent_path() / *text).lexically_normal().string() : *text;
  }

  void assign(const Key& key, std::string Config::*member, const toml::node& value) {
    config_.*member = text_of(key, value);
  }
  void assign(const Key& key, std::optional<int> Config::*member, const toml::node& value) {
    const auto number = value.value_exact<std::int64_t>();
    if (!number || *number < 1 || *number > 1000) {
      fail(fmt::format("{} takes a number such as 15", key.about.name), {}, value.source());
    }
    config_.*member = static_cast<int>(*number);
  }
  void assign(const Key& key, Elsewhere, const toml::node& value) const {
    const toml::array* array = value.as_array();
    if (array == nullptr) fail(fmt::format("{} takes a list of texts", key.about.name), {}, value.source());
    for (const toml::node& element : *array) text_of(key, element);
  }
  void assign(const Key& key, std::vector<std::string> Config::*member, const toml::node& value) {
    const toml::array* array = value.as_array();
    if (array == nullptr) fail(fmt::format("{} takes a list of texts", key.about.name), {}, value.source());
    (config_.*member).clear();
    for (const toml::node& element : *array) (config_.*member).push_back(text_of(key, element));
  }

  fs::path file_;
  std::string text_;
  Config& config_;
};

void read_environment(Config& config) {
  for (const Key& key : kKeys) {
    const char* value = key.about.variable[0] != '\0' ? std::getenv(key.about.variable) : nullptr;
    if (value == nullptr || value[0] == '\0') continue;
    if (const auto* member = std::get_if<std::string Config::*>(&key.target)) config.** member = value;
    if (const auto* member = std::get_if<std::optional<int> Config::*>(&key.target)) {
      const std::string_view text = value;
      int number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorCode::usage, fmt::format("{} takes a number, not '{}'", key.about.variable, text));
      }
      config.** member = number;
    }
  }
}

void resolve_reference(std::string& url, const char* key) {
  constexpr std::string_view kPrefix = "env:";
  if (!url.starts_with(kPrefix)) return;
  const std::string variable = url.substr(kPrefix.size());
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    // Not an error yet: most commands need no database, and those that do say that none is named.
    url.clear();
    return;
  }
  url = value;
  if (url.starts_with(kPrefix))
    throw Error(ErrorCode::usage, fmt::format("{} refers to a reference again", key));
}

std::optional<fs::path> find_config(fs::path folder) {
  for (folder = fs::absolute(folder).lexically_normal();; folder = folder.parent_path()) {
    std::error_code error;
    if (fs::is_regular_file(folder / "contraflow.toml", error)) return folder / "contraflow.toml";
    if (folder == folder.parent_path()) return std::nullopt;
  }
}

}  // namespace

Config read_config(const std::optional<fs::path>& explicit_file, const fs::path& folder) {
  Config config;
  if (const auto file = explicit_file ? explicit_file : find_config(folder)) {
    config.file = fs::absolute(*file).lexically_normal();
    Reader(config.file, config).read();
  }
  read_environment(config);
  resolve_reference(config.database_url, "database.url");
  resolve_reference(config.sandbox_url, "sandbox.url");
  return config;
}

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  for (const Key& key : kKeys) keys.push_back(key.about);
  return keys;
}

}  // namespace contraflow::cli
