// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_psql.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "pg/row_values.h"

namespace contraflow::catalog {

namespace fs = std::filesystem;

namespace {

// Debian's psql in PATH is a script that looks for the program, which needs more than the program itself may.
bool is_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return file.get() == '#' && file.get() == '!';
}

std::string find_psql() {
  const auto found = find_program("psql");
  if (found && !is_script(*found)) return *found;
  // Debian keeps one per major outside of PATH.
  std::string best;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string candidate = (entry.path() / "bin/psql").string();
    if (fs::exists(candidate, ignored) && (best.empty() || natural_less(best, candidate))) best = candidate;
  }
  if (best.empty() && found) return *found;
  if (best.empty()) {
    throw Error(ErrorCode::environment,
                "psql is not installed, and the file uses commands that only psql knows",
                "apt-get install postgresql-client");
  }
  return best;
}

// "psql:FILE:LINE: ERROR:  42P01: relation …" under VERBOSITY=verbose, then lines such as "LINE 1: …" and
// "LOCATION: …".
Error read_failure(const std::string& output, const ScriptUnit& unit) {
  const std::vector<std::string> lines = split_lines(output);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const std::size_t mark = line.find(": ERROR:  ");
    const std::size_t colon = mark == std::string::npos ? mark : line.rfind(':', mark - 1);
    if (!line.starts_with("psql:") || colon == std::string::npos || colon < 5) continue;
    std::string message = line.substr(mark + 10);
    std::string state;
    if (message.size() > 7 && message[5] == ':') {
      state = message.substr(0, 5);
      message = message.substr(7);
    }
    pg::ServerWords words{.sqlstate = state, .message = message};
    for (std::size_t j = i + 1; j < lines.size() && !lines[j].starts_with("psql:"); ++j) {
      if (lines[j].starts_with("DETAIL:  ")) words.detail = lines[j].substr(9);
      if (lines[j].starts_with("CONTEXT:  ")) words.context = lines[j].substr(10);
      if (lines[j].starts_with("HINT:  ")) words.hint = lines[j].substr(7);
      if (lines[j].starts_with("LOCATION:  ")) words.source_function = lines[j].substr(11, lines[j].find(',') - 11);
    }
    if (pg::row_values_withheld()) words = pg::without_row_values(std::move(words));
    message = words.message + (words.detail.empty() ? "" : "\n" + words.detail) + (words.context.empty() ? "" : "\n" + words.context);
    const std::string& hint = words.hint;
    Location at;
    at.file = unit.file->name;
    at.line = std::atoi(line.c_str() + colon + 1);
    at.column = 1;
    const std::vector<std::string> source = split_lines(unit.file->text);
    if (at.line > 0 && static_cast<std::size_t>(at.line) <= source.size())
      at.source_line = source[static_cast<std::size_t>(at.line) - 1];
    return Error(ErrorCode::usage, message,
                 hint.empty() ? "psql ran the file up to the statement that ends on this line" : hint, state)
        .at(at);
  }
  const std::string said = pg::row_values_withheld() ? pg::output_without_row_values(output) : output;
  return Error(ErrorCode::usage, fmt::format("psql could not run \"{}\": {}", unit.file->name, trim(said)));
}

}  // namespace

void run_with_psql(const std::string& conninfo, const ScriptUnit& unit, bool on_disk) {
  const std::string psql = find_psql();
  const SplitConninfo split_info = split_password(conninfo);
  const bool direct = on_disk && unit.whole && !unit.path.empty();
  std::optional<TemporaryFolder> folder;
  std::string path = unit.path;
  if (!direct) {
    folder.emplace();
    path = (folder->path() / "script.sql").string();
    write_file(path, unit.file->text);
  }
  ProcessOptions options;
  // A variable can hold commands of psql, which no reader of the file sees: `SELECT '\! …' AS x \gset` and then `:x`. And no password of ours leads elsewhere.
  options.confined = true;
  options.environment = {{"LC_ALL", "C"},
                         {"HOME", "/nonexistent"},
                         {"PGPASSFILE", "/dev/null"},
                         {"PGSERVICEFILE", "/dev/null"},
                         {"PGCLIENTENCODING", "UTF8"},
                         {"PGOPTIONS", "-c lc_messages=C -c client_min_messages=warning"}};
  if (!split_info.password.empty()) options.environment.emplace_back("PGPASSWORD", split_info.password);
  const ProcessResult result = run_process({psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v",
                                            "VERBOSITY=verbose", "-f", path, "-d", split_info.conninfo},
                                           options);
  if (!result.succeeded()) throw read_failure(result.error_output, unit);
}

SplitConninfo split_password(const std::string& conninfo) {
  SplitConninfo out{conninfo, {}};
  if (const std::size_t scheme = conninfo.find("://"); scheme != std::string::npos) {
    const std::size_t authority_end = std::min(conninfo.find_first_of("/?", scheme + 3), conninfo.size());
    const std::size_t at = conninfo.rfind('@', authority_end);
    const std::size_t colon = conninfo.find(':', scheme + 3);
    if (at == std::string::npos || at < scheme || colon == std::string::npos || colon > at) return out;
    for (std::size_t i = colon + 1; i < at; ++i) {
      const bool escaped = conninfo[i] == '%' && i + 2 < at;
      out.password +=
          escaped ? static_cast<char>(std::stoi(conninfo.substr(i + 1, 2), nullptr, 16)) : conninfo[i];
      if (escaped) i += 2;
    }
    out.conninfo.erase(colon, at - colon);
    return out;
  }
  const std::size_t key = conninfo.starts_with("password") ? 0 : conninfo.find(" password");
  if (key == std::string::npos) return out;
  const std::size_t equals = conninfo.find('=', key);
  if (equals == std::string::npos) return out;
  std::size_t i = equals + 1;
  while (i < conninfo.size() && conninfo[i] == ' ') ++i;
  const bool quoted = i < conninfo.size() && conninfo[i] == '\'';
  if (quoted) ++i;
  for (; i < conninfo.size() && conninfo[i] != (quoted ? '\'' : ' '); ++i) {
    if (conninfo[i] == '\\' && i + 1 < conninfo.size()) ++i;
    out.password += conninfo[i];
  }
  if (quoted && i < conninfo.size()) ++i;
  out.conninfo.erase(key, i - key);
  return out;
}

}  // namespace contraflow::catalog
