// SPDX-License-Identifier: Apache-2.0
#include "rehearse/load_dump.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "catalog/source_psql.h"
#include "pg/connection.h"
#include "pg/row_values.h"

namespace contraflow::rehearse {
namespace {

namespace fs = std::filesystem;

std::string last_lines(const std::string& text) {
  const std::vector<std::string> lines = split_lines(trim(text));
  std::string out;
  for (std::size_t i = lines.size() > 4 ? lines.size() - 4 : 0; i < lines.size(); ++i)
    out += (out.empty() ? "" : "\n") + lines[i];
  return out;
}

std::string program(const char* name) {
  const auto found = find_program(name);
  if (!found)
    throw Error(ErrorCode::environment, fmt::format("{} is not installed", name),
                "apt-get install postgresql-client");
  return *found;
}

}  // namespace

bool is_archive(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fs::exists(fs::path(path) / "toc.dat", ignored);
  std::ifstream file(path, std::ios::binary);
  char magic[5] = {};
  return file.read(magic, 5) && std::string_view(magic, 5) == "PGDMP";
}

void restore_archive(const std::string& path, const std::string& conninfo, std::vector<std::string>& notes) {
  const ProcessResult result = run_process({program("pg_restore"), "--no-owner", "--no-privileges",
                                            "--exit-on-error", "-j", "2", "-d", conninfo, path});
  if (!result.succeeded()) {
    const std::string said = last_lines(pg::row_values_withheld() ? pg::output_without_row_values(result.error_output) : result.error_output);
    if (result.error_output.find("No space left") != std::string::npos)
      throw Error(ErrorCode::environment, "no disk space for the dump: " + said,
                  "the sandbox lies in /dev/shm where that has room, else in TMPDIR");
    if (result.error_output.find("unsupported version") != std::string::npos)
      throw Error(ErrorCode::usage,
                  fmt::format("{} is of a newer pg_dump than the pg_restore here: {}", path, said),
                  "install the client of that major, or dump as plain SQL");
    throw Error(ErrorCode::usage, fmt::format("{} cannot be restored: {}", path, said),
                "is the dump complete, and are its extensions installed here?");
  }
  notes.push_back(path + ": restored without owners and privileges");
  pg::Connection(conninfo, "contraflow load").execute("ANALYZE");
}

void copy_clone(const std::string& url, const std::string& conninfo, bool is_safe,
                std::vector<std::string>& notes) {
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
      run_process({program("pg_dump"), "-Fd", "-j", "2", "-f", dump, "-d", split.conninfo}, with_password);
  if (!result.succeeded())
    throw Error(ErrorCode::environment, "pg_dump of the clone failed: " + last_lines(result.error_output),
                "its pg_dump must be of the clone's major or newer");
  restore_archive(dump, conninfo, notes);
}

}  // namespace contraflow::rehearse
