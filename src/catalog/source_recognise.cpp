// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "base/text.h"
#include "catalog/source.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"

namespace contraflow::catalog {

namespace fs = std::filesystem;

namespace {

// libpq's parameter words (PQconninfoOptions), so that a file name with "=" in it is no connection string.
constexpr std::array<std::string_view, 45> kParameters = {"application_name",
                                                          "channel_binding",
                                                          "client_encoding",
                                                          "connect_timeout",
                                                          "dbname",
                                                          "fallback_application_name",
                                                          "gssdelegation",
                                                          "gssencmode",
                                                          "gsslib",
                                                          "host",
                                                          "hostaddr",
                                                          "keepalives",
                                                          "keepalives_count",
                                                          "keepalives_idle",
                                                          "keepalives_interval",
                                                          "krbsrvname",
                                                          "load_balance_hosts",
                                                          "max_protocol_version",
                                                          "min_protocol_version",
                                                          "options",
                                                          "passfile",
                                                          "password",
                                                          "port",
                                                          "replication",
                                                          "require_auth",
                                                          "requirepeer",
                                                          "scram_client_key",
                                                          "scram_server_key",
                                                          "service",
                                                          "servicefile",
                                                          "ssl_max_protocol_version",
                                                          "ssl_min_protocol_version",
                                                          "sslcert",
                                                          "sslcertmode",
                                                          "sslcompression",
                                                          "sslcrl",
                                                          "sslcrldir",
                                                          "sslkey",
                                                          "sslkeylogfile",
                                                          "sslmode",
                                                          "sslnegotiation",
                                                          "sslpassword",
                                                          "sslrootcert",
                                                          "sslsni",
                                                          "user"};

bool is_connection(const std::string& text) {
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) return true;
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return false;
  const std::string_view word = trim(std::string_view(text).substr(0, equals));
  return std::find(kParameters.begin(), kParameters.end(), word) != kParameters.end();
}

void refuse_foreign_languages(const std::string& text) {
  const std::string lower = to_lower(text);
  const auto refuse = [&](std::string_view what, std::string_view hint) {
    throw Error(ErrorCode::usage, fmt::format("\"{}\" is {}, not SQL", text, what), std::string(hint));
  };
  if (lower.ends_with(".rb"))
    refuse("Ruby",
           "set config.active_record.schema_format = :sql and name db/structure.sql, or name the database");
  for (const std::string_view extension : {".py", ".js", ".ts", ".xml", ".yaml", ".yml", ".json", ".toml"}) {
    if (lower.ends_with(extension))
      refuse(fmt::format("a {} file", extension),
             "name an SQL file, a folder of SQL migrations, or a database");
  }
}

Error nothing_there(const std::string& text) {
  std::vector<std::string> siblings;
  const fs::path path(text);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    siblings.push_back(entry.path().filename().string());
  std::string hint = nearest(path.filename().string(), siblings);
  if (!hint.empty()) {
    hint = fmt::format("did you mean \"{}\"?",
                       (path.has_parent_path() ? folder / hint : fs::path(hint)).string());
  } else if (text.find('/') == std::string::npos && text.find('.') == std::string::npos) {
    hint = fmt::format(
        "a database is named by a connection string: \"dbname={}\", \"service={}\" or postgresql://host/{}",
        text, text, text);
  } else {
    hint =
        "a source is a connection string, an SQL file, a folder of migrations, a plan folder, git:REV:PATH, "
        "or - for standard input";
  }
  return Error(ErrorCode::usage, fmt::format("there is no file or folder \"{}\"", text), hint);
}

}  // namespace

Source recognise_source(const std::string& text) {
  if (trim(text).empty()) {
    throw Error(ErrorCode::usage, "the source is empty",
                "name a connection string, an SQL file, a folder of migrations, git:REV:PATH, or -");
  }
  if (text == "-") return {text, SourceKind::standard_input};
  if (text.starts_with("git:")) {
    const std::size_t colon = text.find(':', 4);
    if (colon == std::string::npos || colon == 4) {
      throw Error(ErrorCode::usage, fmt::format("\"{}\" does not name a revision and a path", text),
                  "write git:REV:PATH, for instance git:HEAD:db/schema.sql");
    }
    return {text, SourceKind::git};
  }
  std::error_code ignored;
  if (text.ends_with("/*.prisma") && fs::is_directory(text.substr(0, text.size() - 9), ignored)) return {text.substr(0, text.size() - 9), SourceKind::prisma};
  if (fs::is_directory(text, ignored)) {
    const auto files = disk_files();
    if (is_plan_folder(*files, text)) return {text, SourceKind::plan_folder};
    if (!files->is_folder(text + "/migrations")) {
      const std::vector<std::string> models = prisma_files(*files, text);
      if (models.size() == 1) return {models.front(), SourceKind::prisma};
      if (!models.empty()) return {text, SourceKind::prisma};
    }
    return {text, SourceKind::migrations};
  }
  if (fs::exists(text, ignored)) {
    if (text.ends_with(".prisma")) return {text, SourceKind::prisma};
    refuse_foreign_languages(text);
    return {text, SourceKind::sql_file};
  }
  if (is_connection(text)) return {text, SourceKind::connection};
  throw nothing_there(text);
}

}  // namespace contraflow::catalog
