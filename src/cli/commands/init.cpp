// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

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

// Folders with SQL right in them, or in folders right below (Prisma), near the top first. At most six levels and 20,000 entries are looked at.
std::vector<std::string> candidates(const fs::path& root) {
  std::map<std::pair<int, std::string>, bool> found;
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
    const std::string relative = folder.lexically_relative(root).generic_string();
    found.emplace(std::pair{static_cast<int>(std::count(relative.begin(), relative.end(), '/')), relative}, true);
  }
  std::vector<std::string> out;
  for (const auto& [key, ignored] : found) out.push_back(key.second);
  // A folder that says what it is goes before one that is merely higher up.
  std::stable_sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    const auto named = [](const std::string& path) { return path.find("migration") != std::string::npos || path.find("migrate") != std::string::npos; };
    return named(a) && !named(b);
  });
  return out;
}

// "url = env("X")" of the datasource, or the variable that .env, compose files and the like set to a PostgreSQL URL. Values are not looked at further, and never shown.
std::string variable_of(const fs::path& root, const std::string& prisma) {
  std::error_code ignored;
  for (const fs::path& file : {root / prisma, root / "prisma.config.ts", root / "prisma.config.js"}) {
    if (!fs::is_regular_file(file, ignored)) continue;
    const std::string text = read_file(file);
    for (const char* mark : {"env(\"", "env('", "process.env."}) {
      const std::size_t at = text.find(mark);
      if (at == std::string::npos) continue;
      const std::size_t begin = at + std::string_view(mark).size();
      const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", begin);
      if (end != begin) return text.substr(begin, end - begin);
    }
  }
  for (const char* name : {".env", ".env.example", ".env.sample", ".envrc", "docker-compose.yml", "compose.yaml"}) {
    if (!fs::is_regular_file(root / name, ignored)) continue;
    for (const std::string& line : split_lines(read_file(root / name))) {
      if (line.find("postgres://") == std::string::npos && line.find("postgresql://") == std::string::npos) continue;
      std::string text(trim(line));
      for (const char* lead : {"export ", "- "}) {
        if (text.starts_with(lead)) text = text.substr(std::string_view(lead).size());
      }
      const std::size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
      if (end != std::string::npos && end > 0 && (text[end] == '=' || text[end] == ':')) return text.substr(0, end);
    }
  }
  return "";
}

Found look(const fs::path& root, const std::string& given) {
  Found out;
  const auto files = catalog::disk_files();
  std::error_code ignored;
  for (const auto& file : {"prisma/schema.prisma", "schema.prisma", "prisma/schema"}) {
    if (out.prisma.empty() && fs::exists(root / file, ignored)) out.prisma = file;
  }
  const std::vector<std::string> folders = given.empty() ? candidates(root) : std::vector<std::string>{given};
  for (const std::string& folder : folders) {
    try {
      const catalog::Migrations read = catalog::read_migrations(*files, (root / folder).string());
      if (!out.migrations.empty()) {
        out.notes.push_back(fmt::format("{} holds migrations, too ({})", folder, read.layout));
        continue;
      }
      // One file of SQL is a schema, not a history; a person may say otherwise.
      if (given.empty() && read.layout == "plain" && read.units.size() < 2 && folder.find("migrat") == std::string::npos) continue;
      out.migrations = folder;
      out.layout = read.layout;
    } catch (const Error& error) {
      if (!given.empty()) throw;
    }
  }
  if (out.migrations.empty() && !out.prisma.empty()) {
    out.migrations = (fs::path(out.prisma).parent_path() / "migrations").generic_string();
    out.layout = "prisma";
  }
  out.variable = variable_of(root, out.prisma);
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
  context.console.note(found.migrations.empty() ? "no migrations were found: name their folder in [project] migrations, or give --migrations" : fmt::format("migrations: {} ({})", found.migrations, found.layout));
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
