// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/source_files.h"
#include "catalog/source_migrations.h"
#include "cli/command.h"
#include "pg/sandbox.h"
#include "plan/layout.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder = ".", migrations;
  bool force = false, print = false;
};

struct Found {
  std::string migrations, layout, prisma, variable;
  std::vector<std::string> notes;
};

// Folders that no project keeps its migrations in.
bool is_skipped(const std::string& name) { return name.starts_with('.') || name == "node_modules" || name == "vendor" || name == "build" || name == "dist" || name == "target"; }

// A history that is kept for several databases has a folder for each; those of tests and examples are nobody's production.
enum class Kinship { postgresql,
                     unsaid,
                     tests,
                     other };

Kinship kinship_of(const std::string& folder) {
  static const std::set<std::string, std::less<>> kOurs{"postgres", "postgresql", "pg", "pgsql", "psql"}, kTests{"test", "tests", "testing", "fixtures", "spec", "example", "examples", "e2e"},
      kOthers{"h2", "mysql", "mariadb", "oracle", "sqlserver", "mssql", "sqlite", "sqlite3", "clickhouse", "cassandra", "scylla", "db2", "hsqldb", "derby", "snowflake", "bigquery", "duckdb", "mongodb", "spanner"};
  Kinship out = Kinship::unsaid;
  for (const auto& part : fs::path(folder)) {
    std::string word;
    for (const char c : to_lower(part.string()) + "/") {
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        word += c;
        continue;
      }
      if (kOthers.contains(word)) return Kinship::other;
      if (kTests.contains(word)) out = Kinship::tests;
      if (kOurs.contains(word) && out == Kinship::unsaid) out = Kinship::postgresql;
      word.clear();
    }
  }
  return out;
}

bool is_named(const std::string& folder) { return folder.find("migration") != std::string::npos || folder.find("migrate") != std::string::npos; }

struct Candidate {
  std::string folder;
  Kinship kinship{};
  bool named = false;  // it says what it is
  long long depth = 0, files = 0;
  auto rank() const { return std::tuple(kinship, !named, depth, -files, folder); }
};

// Folders with SQL right in them, or in folders right below (Prisma): PostgreSQL's, named ones, those near the top, the longer history first. At most six levels
// and 20,000 entries are looked at.
std::vector<Candidate> candidates(const fs::path& root) {
  std::map<std::string, long long> found;
  int entries = 0;
  std::error_code failed;
  for (auto it = fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied, failed); !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (++entries > 20'000) break;
    if (it->is_directory(failed)) {
      if (is_skipped(it->path().filename().string()) || it.depth() >= 6 || fs::exists(it->path() / "plan.json", failed)) it.disable_recursion_pending();
      continue;
    }
    if (it->path().extension() != ".sql") continue;
    fs::path folder = it->path().parent_path();
    if (it->path().filename() == "migration.sql") folder = folder.parent_path();
    ++found[folder.lexically_relative(root).generic_string()];
  }
  std::vector<Candidate> out;
  for (const auto& [folder, files] : found) out.push_back({folder, kinship_of(folder), is_named(folder), std::count(folder.begin(), folder.end(), '/'), files});
  std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
  return out;
}

// "url = env("X")" of the datasource, or the variable that .env, compose files and the like set to a PostgreSQL URL. Values are not looked at further, and never shown.
std::vector<std::string> variables_of(const fs::path& root, const std::string& prisma) {
  std::error_code ignored;
  for (const fs::path& file : {root / prisma, root / "prisma.config.ts", root / "prisma.config.js"}) {
    if (!fs::is_regular_file(file, ignored)) continue;
    const std::string text = read_file(file);
    for (const char* mark : {"env(\"", "env('", "process.env."}) {
      const std::size_t at = text.find(mark);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + std::string_view(mark).size();
      const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", begin);
      if (end != begin) return {text.substr(begin, end - begin)};
    }
  }
  std::vector<std::string> out;
  for (const char* name : {".env", ".env.example", ".env.sample", ".envrc", "docker-compose.yml", "compose.yaml"}) {
    if (!fs::is_regular_file(root / name, ignored)) continue;
    for (const std::string& line : split_lines(read_file(root / name))) {
      if (line.find("postgres://") == std::string::npos && line.find("postgresql://") == std::string::npos) continue;
      std::string text(trim(line));
      for (const char* lead : {"export ", "- "}) {
        if (text.starts_with(lead)) text = text.substr(std::string_view(lead).size());
      }
      const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
      if (end == std::string::npos || end == 0 || (text[end] != '=' && text[end] != ':')) continue;
      if (std::find(out.begin(), out.end(), text.substr(0, end)) == out.end()) out.push_back(text.substr(0, end));
    }
  }
  std::stable_partition(out.begin(), out.end(), [](const std::string& name) { return name == "DATABASE_URL"; });
  return out;
}

// What of a candidate could be read.
struct History {
  Candidate found;
  std::string layout;
  std::optional<Error> unread;
  auto rank() const {
    return std::tuple(found.kinship == Kinship::other ? 2 : found.kinship == Kinship::tests ? 1
                                                                                            : 0,
                      layout != "prisma", found.kinship != Kinship::postgresql, layout == "plain" || layout.empty());
  }
};

// V1__name.sql
bool has_flyway_names(const fs::path& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > 2 && name.front() == 'V' && name[1] >= '0' && name[1] <= '9' && name.find("__") != std::string::npos) return true;
  }
  return false;
}

Found look(const fs::path& root, const std::string& given) {
  Found out;
  const auto files = catalog::disk_files();
  std::error_code ignored;
  for (const auto& file : {"prisma/schema.prisma", "schema.prisma", "prisma/schema"}) {
    if (out.prisma.empty() && fs::exists(root / file, ignored)) out.prisma = file;
  }
  const std::vector<Candidate> folders = given.empty() ? candidates(root) : std::vector<Candidate>{{given, Kinship::unsaid, true}};
  std::vector<History> histories;
  for (const Candidate& candidate : folders) {
    try {
      const catalog::Migrations read = catalog::read_migrations(*files, (root / candidate.folder).string());
      // One file of SQL is a schema, not a history; a person may say otherwise.
      if (given.empty() && read.layout == "plain" && read.units.size() < 2 && candidate.folder.find("migrat") == std::string::npos) continue;
      histories.push_back({candidate, read.layout, {}});
    } catch (const Error& error) {
      if (!given.empty()) throw;
      // A history all the same: what is missing is said.
      if (candidate.named && candidate.files > 1) histories.push_back({candidate, has_flyway_names(root / candidate.folder) ? "flyway" : "", error});
    }
  }
  // Prisma's beside its schema, then what says that it is PostgreSQL's, then a runner's history before files that are merely SQL.
  std::stable_sort(histories.begin(), histories.end(), [](const History& a, const History& b) { return a.rank() < b.rank(); });
  for (const History& history : histories) {
    const std::string said = history.layout.empty() ? "" : " (" + history.layout + ")";
    if (!out.migrations.empty() || history.found.kinship == Kinship::other) {
      out.notes.push_back(fmt::format("{} holds migrations, too{}{}", history.found.folder, said, history.found.kinship == Kinship::other ? ", of another database" : ""));
      continue;
    }
    out.migrations = history.found.folder;
    out.layout = history.layout;
    if (!history.unread) continue;
    out.notes.push_back(fmt::format("{} cannot be read as it is: {}{}", out.migrations, history.unread->message(), history.unread->hint().empty() ? "" : ": " + history.unread->hint()));
  }
  if (out.migrations.empty() && !out.prisma.empty()) {
    out.migrations = (fs::path(out.prisma).parent_path() / "migrations").generic_string();
    out.layout = "prisma";
  }
  const std::vector<std::string> variables = variables_of(root, out.prisma);
  if (!variables.empty()) out.variable = variables.front();
  for (std::size_t i = 1; i < variables.size(); ++i) out.notes.push_back(fmt::format("{} is a PostgreSQL URL, too", variables[i]));
  return out;
}

std::string text_of(const Found& found, const std::vector<pg::ServerBinaries>& servers) {
  const auto quoted = [](const std::string& text) { return "\"" + replace_all(replace_all(text, "\\", "\\\\"), "\"", "\\\"") + "\""; };
  std::string out = "# Written by contraflow init. All settings: contraflow.toml in docs/cli.md, or `man contraflow`.\n\n[project]\n";
  out += found.migrations.empty() ? "# migrations = \"db/migrations\"   # none were found\n" : fmt::format("migrations = {}\n", quoted(found.migrations));
  const bool known = plan::find_layout(found.layout) != nullptr;
  if (known && found.layout != "psql") out += fmt::format("layout = {}   # plans are written for this runner; \"psql\" is what contraflow apply runs\n", quoted(found.layout));
  out += "\n[database]\n# Taken from the environment: no password in the file.\n";
  out += fmt::format("url = \"env:{}\"\n", found.variable.empty() ? "DATABASE_URL" : found.variable);
  const auto newest = std::max_element(servers.begin(), servers.end(), [](const pg::ServerBinaries& a, const pg::ServerBinaries& b) { return a.major < b.major; });
  out += "\n[sandbox]\n";
  out += newest == servers.end() ? "# No PostgreSQL server was found: contraflow doctor says what to install.\n# major = 15\n" : fmt::format("major = {}   # that of production\n", newest->major);
  return out + "\n[check]\nfail_on = \"error\"\n";
}

int run(Context& context, const Options& options) {
  const fs::path root = options.folder;
  std::error_code ignored;
  if (!fs::is_directory(root, ignored)) throw Error(ErrorCode::usage, fmt::format("there is no folder \"{}\"", options.folder), "");
  const fs::path target = root / "contraflow.toml";
  if (!options.print && !options.force && fs::exists(target, ignored)) throw Error(ErrorCode::usage, fmt::format("{} is there already", target.string()), "--force writes it anew, --print shows what would be written");
  const Found found = look(root, options.migrations);
  const std::string text = text_of(found, pg::find_servers());
  if (options.print) {
    context.console.print(text);
  } else {
    write_file(target, text);
    context.console.print(fmt::format("wrote {}\n", target.string()));
  }
  context.console.note(found.migrations.empty() ? "no migrations were found: name their folder in [project] migrations, or give --migrations" : fmt::format("migrations: {}{}", found.migrations, found.layout.empty() ? "" : " (" + found.layout + ")"));
  if (!found.prisma.empty()) context.console.note("Prisma schema: " + found.prisma + " (found by contraflow queries and orm by themselves)");
  context.console.note(found.variable.empty() ? "database: env:DATABASE_URL, a guess" : fmt::format("database: env:{}", found.variable));
  for (const std::string& note : found.notes) context.console.note("note: " + note);
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FOLDER", options->folder, "the project")->default_str(".");
  app.add_option("--migrations", options->migrations, "folder of its migrations, relative to the project (default: found)")->type_name("DIR");
  app.add_flag("--force", options->force, "replace a contraflow.toml that is there");
  app.add_flag("--print", options->print, "print it and write nothing");
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command init_command;
const Command init_command{
    "init", "write contraflow.toml: finds the migrations, their runner, the ORM, the server",
    "Looks at names and contents of the project's files. Of the database it writes the name of the environment variable, never a value.",
    "contraflow init\n"
    "contraflow init --print\n"
    "contraflow init services/shop --migrations sql/changes",
    add_options};

}  // namespace contraflow::cli
