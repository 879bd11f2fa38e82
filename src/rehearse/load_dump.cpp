// SPDX-License-Identifier: Apache-2.0
#include "rehearse/load_dump.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "catalog/source_psql.h"
#include "pg/connection.h"
#include "pg/row_values.h"
#include "pg/sandbox.h"

namespace contraflow::rehearse {
namespace {

namespace fs = std::filesystem;

// The first error and what belongs to it: later ones follow from it. Else the end.
std::string telling_lines(const std::string& text) {
  const std::vector<std::string> lines = split_lines(trim(text));
  const auto error = std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("pg_restore: error:") || line.starts_with("pg_dump: error:"); });
  const std::size_t first = error != lines.end() ? static_cast<std::size_t>(error - lines.begin()) : lines.size() > 4 ? lines.size() - 4
                                                                                                                      : 0;
  std::string out;
  for (std::size_t i = first; i < std::min(first + 4, lines.size()); ++i) out += (out.empty() ? "" : "\n") + lines[i];
  return out;
}

// The newest here: it reads what older ones wrote, and older servers.
std::string program(const char* name, const std::vector<std::string>& bindirs) {
  std::vector<std::string> candidates;
  if (const auto found = find_program(name)) candidates.push_back(*found);
  for (const pg::ServerBinaries& server : pg::find_servers(bindirs)) candidates.push_back(server.bindir + "/" + name);
  std::string best;
  std::string newest;
  for (const std::string& candidate : candidates) {
    if (::access(candidate.c_str(), X_OK) != 0) continue;
    const ProcessResult said = run_process({candidate, "--version"});
    const std::size_t digit = said.output.find_first_of("0123456789");
    const std::string version = digit == std::string::npos ? "" : said.output.substr(digit, said.output.find_first_of(" \n", digit) - digit);
    if (said.succeeded() && (best.empty() || natural_less(newest, version))) best = candidate, newest = version;
  }
  if (best.empty()) throw Error(ErrorCode::environment, fmt::format("{} is not installed", name), "apt-get install postgresql-client");
  return best;
}

// Whether every error that pg_restore reports is about a parameter that the server does not have.
bool only_unknown_settings(const std::string& said) {
  constexpr std::string_view kError = "pg_restore: error: could not execute query: ERROR:  ";
  bool any = false;
  for (const std::string& line : split_lines(said)) {
    if (line.starts_with("pg_restore: error:") && !line.starts_with(std::string(kError) + "unrecognized configuration parameter")) return false;
    any = any || line.starts_with(kError);
  }
  return any;
}

std::string without_unknown_settings(const std::string& said) {
  std::string out;
  bool about_one = false;  // the lines behind an error belong to it
  for (const std::string& line : split_lines(said)) {
    if (line.starts_with("pg_restore:")) about_one = line.find("unrecognized configuration parameter") != std::string::npos;
    if (!about_one) out += line + "\n";
  }
  return out.empty() ? said : out;
}

}  // namespace

bool is_archive(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fs::exists(fs::path(path) / "toc.dat", ignored);
  std::ifstream file(path, std::ios::binary);
  char magic[5] = {};
  return file.read(magic, 5) && std::string_view(magic, 5) == "PGDMP";
}

void restore_archive(const std::string& path, const std::string& conninfo, std::vector<std::string>& notes, const std::vector<std::string>& bindirs, const std::string& name) {
  const std::string& called = name.empty() ? path : name;
  const std::vector<std::string> restore = {program("pg_restore", bindirs), "--no-owner", "--no-privileges", "-j", "2", "-d", conninfo, path};
  std::vector<std::string> strict = restore;
  strict.emplace_back("--exit-on-error");
  ProcessResult result = run_process(strict);
  // A newer pg_restore sets what an older server does not know before it does anything else.
  if (!result.succeeded() && only_unknown_settings(result.error_output)) {
    result = run_process(restore);
    if (only_unknown_settings(result.error_output)) {
      result.exit_code = 0;
      notes.push_back(called + ": settings that this server does not know were left out");
    }
  }
  if (!result.succeeded()) {
    result.error_output = without_unknown_settings(result.error_output);
    const std::string said = telling_lines(pg::row_values_withheld() ? pg::output_without_row_values(result.error_output) : result.error_output);
    if (result.error_output.find("No space left") != std::string::npos)
      throw Error(ErrorCode::environment, "no disk space for the dump: " + said,
                  "the sandbox lies in /dev/shm where that has room, else in TMPDIR");
    if (result.error_output.find("unsupported version") != std::string::npos)
      throw Error(ErrorCode::usage,
                  fmt::format("{} is of a newer pg_dump than the pg_restore here: {}", path, said),
                  "install the client of that major (apt-get install postgresql-client-MAJOR, or --pg-bindir), or dump as plain SQL");
    throw Error(ErrorCode::usage, fmt::format("{} cannot be restored: {}", called, said),
                "is the dump complete, and are its extensions installed here?");
  }
  notes.push_back(called + ": restored without owners and privileges");
  pg::Connection(conninfo, "contraflow load").execute("ANALYZE");
}

void copy_clone(const std::string& url, const std::string& conninfo, bool is_safe,
                std::vector<std::string>& notes, const std::vector<std::string>& bindirs) {
  {
    pg::Connection connection(url, "contraflow clone");
    const pg::Result signs = connection.query(
        "SELECT NOT pg_catalog.pg_is_in_recovery(), (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE "
        "backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid() AND datname = "
        "current_database()),"
        " (SELECT count(*) FROM pg_catalog.pg_stat_replication)");
    const long long sessions = signs.integer(0, 1), replicas = signs.integer(0, 2);
    if (!is_safe && signs.boolean(0, 0) && (sessions > 0 || replicas > 0)) {
      throw Error(
          ErrorCode::refused,
          fmt::format("{} looks like a primary that serves traffic: {} and {}", connection.description(),
                      count_of(sessions, "other session"), count_of(replicas, "replica")),
          "name a branch, a thin clone or a restored backup; --clone-is-not-production says that it is one");
    }
  }
  const TemporaryFolder folder("contraflow-clone");
  const std::string dump = (folder.path() / "dump").string();
  const catalog::SplitConninfo split = catalog::split_password(url);  // arguments are visible to everybody
  ProcessOptions with_password;
  if (!split.password.empty()) with_password.environment.emplace_back("PGPASSWORD", split.password);
  const ProcessResult result =
      run_process({program("pg_dump", bindirs), "-Fd", "-j", "2", "-f", dump, "-d", split.conninfo}, with_password);
  if (!result.succeeded())
    throw Error(ErrorCode::environment, "pg_dump of the clone failed: " + telling_lines(result.error_output),
                "its pg_dump must be of the clone's major or newer (apt-get install postgresql-client-MAJOR, or --pg-bindir)");
  restore_archive(dump, conninfo, notes, bindirs, "the clone");
}

}  // namespace contraflow::rehearse
