// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/command.h"
#include "cli/version.h"
#include "pg/connection.h"
#include "pg/sandbox.h"
#include "sql/parser_version.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> bindirs;
  bool no_sandbox = false, no_database = false;
  std::shared_ptr<std::string> format;
};

struct SandboxCheck {
  bool tried = false;
  bool ready = false;
  double seconds = 0;
  std::string problem;
  std::string hint;
  int major = 0;
  bool pgtap = false;  // the extension that the tests of `contraflow tests --run` need
};

// The configured database: what it is, or why it does not answer. Nothing but its version is asked.
struct DatabaseCheck {
  bool configured = false;
  std::string name, version, problem, hint;
  int major = 0;
};

struct Diagnosis {
  std::string config_file;
  std::vector<pg::ServerBinaries> servers;
  std::string cache;
  bool cache_usable = false;
  std::vector<std::pair<std::string, std::string>> programs;  // name, path; empty where it is missing
  SandboxCheck sandbox;
  DatabaseCheck database;
  std::vector<std::string> advice;
};

// The nearest existing folder above decides: the cache itself is made at the first use.
bool is_usable(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

SandboxCheck try_sandbox(const Context& context, const std::vector<std::string>& bindirs) {
  SandboxCheck check{.tried = true};
  const auto begin = std::chrono::steady_clock::now();
  try {
    pg::Sandbox sandbox({.major = context.config.sandbox_major,
                         .bindirs = bindirs,
                         .url = context.config.sandbox_url,
                         .settings = context.config.sandbox_settings});
    pg::Connection connection(sandbox.create_database("doctor"));
    connection.execute("create table t (id int); drop table t");
    check.major = sandbox.major();
    check.pgtap = connection.query("SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pgtap'").rows() > 0;
    check.ready = true;
  } catch (const Error& error) {
    check.problem = error.message();
    check.hint = error.hint();
  }
  check.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return check;
}

DatabaseCheck ask_database(const Context& context) {
  DatabaseCheck check;
  if (context.config.database_url.empty()) return check;
  check.configured = true;
  try {
    pg::Connection connection(context.config.database_url, "contraflow doctor");
    connection.limit_waits({.longest = std::chrono::seconds(10), .cancelled = {}});
    check.name = connection.description();
    const pg::Result row = connection.query("SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000");
    check.version = row.string(0, 0);
    check.major = static_cast<int>(row.integer(0, 1));
  } catch (const Error& error) {
    check.problem = error.message().substr(0, error.message().find('\n'));
    check.hint = error.hint();
  }
  return check;
}

Diagnosis diagnose(const Context& context, const Options& options) {
  Diagnosis found;
  found.config_file = context.config.file.string();
  std::vector<std::string> bindirs = options.bindirs;
  bindirs.insert(bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  found.servers = pg::find_servers(bindirs);
  found.cache = cache_folder().string();
  found.cache_usable = is_usable(found.cache);
  for (const char* name : {"psql", "pg_dump", "pg_prove"})
    found.programs.emplace_back(name, find_program(name).value_or(""));

  const bool has_server = !found.servers.empty() || !context.config.sandbox_url.empty();
  if (!has_server) {
    found.advice.emplace_back(
        "no PostgreSQL server binaries: apt-get install postgresql (Debian, Ubuntu), dnf install "
        "postgresql-server "
        "(Fedora), brew install postgresql (macOS), or name their folder with --pg-bindir");
  } else if (!options.no_sandbox) {
    found.sandbox = try_sandbox(context, bindirs);
  }
  if (!found.cache_usable) {
    found.advice.push_back(fmt::format(
        "{} cannot be written, so that every sandbox runs initdb again: set XDG_CACHE_HOME", found.cache));
  }
  for (const auto& [name, path] : found.programs) {
    if (!path.empty()) continue;
    if (name == "pg_prove") found.advice.emplace_back("pg_prove is missing, contraflow tests --run needs it: apt-get install libtap-parser-sourcehandler-pgtap-perl");
    else found.advice.push_back(fmt::format("{} is missing: apt-get install postgresql-client", name));
  }
  if (found.sandbox.ready && !found.sandbox.pgtap) {
    found.advice.push_back(fmt::format("the sandbox has no extension pgtap, contraflow tests --run needs it: apt-get install postgresql-{}-pgtap", found.sandbox.major));
  }
  if (!options.no_database) found.database = ask_database(context);
  if (!found.database.problem.empty()) found.advice.push_back("the configured database does not answer" + (found.database.hint.empty() ? std::string(": [database] url in contraflow.toml") : ": " + found.database.hint));
  const bool has_major = std::any_of(found.servers.begin(), found.servers.end(), [&](const pg::ServerBinaries& server) { return server.major == found.database.major; });
  if (found.database.major != 0 && !has_major && context.config.sandbox_url.empty()) {
    found.advice.push_back(fmt::format("the configured database is PostgreSQL {0}, and no server of that major is installed to rehearse on: apt-get install postgresql-{0}", found.database.major));
  }
  if (!found.sandbox.problem.empty() && !found.sandbox.hint.empty())
    found.advice.push_back(found.sandbox.hint);
  return found;
}

std::string to_json(const Diagnosis& found) {
  nlohmann::ordered_json json = {{"version", program_version()},
                                 {"parser", std::string(sql::parser_version())},
                                 {"config", found.config_file},
                                 {"cache", {{"path", found.cache}, {"usable", found.cache_usable}}}};
  json["servers"] = nlohmann::ordered_json::array();
  for (const pg::ServerBinaries& server : found.servers) {
    json["servers"].push_back(
        {{"version", server.version}, {"major", server.major}, {"bindir", server.bindir}});
  }
  for (const auto& [name, path] : found.programs) json["programs"][name] = path;
  if (found.sandbox.tried) {
    json["sandbox"] = {{"ready", found.sandbox.ready}, {"seconds", found.sandbox.seconds}};
    if (!found.sandbox.ready) json["sandbox"]["problem"] = found.sandbox.problem;
    else json["sandbox"]["major"] = found.sandbox.major, json["sandbox"]["pgtap"] = found.sandbox.pgtap;
  }
  if (found.database.configured) {
    if (found.database.problem.empty()) json["database"] = {{"name", found.database.name}, {"version", found.database.version}};
    else json["database"] = {{"problem", found.database.problem}};
  }
  json["advice"] = found.advice;
  return json.dump(2) + "\n";
}

std::string to_text(const Diagnosis& found, bool color) {
  const auto good = [&](const std::string& text) { return styled(text, Style::green, color); };
  const auto bad = [&](const std::string& text) { return styled(text, Style::red, color); };
  std::string out = fmt::format("contraflow     {}\n", program_version());
  out += fmt::format("parser         PostgreSQL {}\n", sql::parser_version());
  out += fmt::format("configuration  {}\n", found.config_file.empty() ? "none" : found.config_file);
  std::string label = "servers";
  for (const pg::ServerBinaries& server : found.servers) {
    out += fmt::format("{:<14} {:<8} {}\n", label, server.version, server.bindir);
    label.clear();
  }
  if (found.servers.empty()) out += fmt::format("servers        {}\n", bad("none found"));
  if (found.sandbox.tried) {
    out += found.sandbox.ready
               ? fmt::format("sandbox        {} in {:.1f} s\n", good("ready"), found.sandbox.seconds)
               : fmt::format("sandbox        {}: {}\n", bad("failed"), found.sandbox.problem);
  }
  if (found.database.configured) {
    out += found.database.problem.empty() ? fmt::format("database       {} {}\n", found.database.version, found.database.name) : fmt::format("database       {}: {}\n", bad("does not answer"), found.database.problem);
  }
  out += fmt::format("cache          {}{}\n", found.cache,
                     found.cache_usable ? "" : " " + bad("(not writable)"));
  for (const auto& [name, path] : found.programs) {
    out += fmt::format("{:<14} {}\n", name, path.empty() ? bad("missing") : path);
  }
  for (const std::string& advice : found.advice) {
    out += fmt::format("\n{} {}\n", styled("help:", Style::cyan, color), advice);
  }
  return out;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--pg-bindir", options->bindirs, "folder with initdb and postgres; repeatable")
      ->type_name("DIR");
  app.add_flag("--no-sandbox", options->no_sandbox, "do not start a throwaway server");
  app.add_flag("--no-database", options->no_database, "do not ask the configured database for its version");
  options->format = add_format_option(app, {"text", "json"});
  return [options](Context& context) {
    const Diagnosis found = diagnose(context, *options);
    context.console.print(*options->format == "json" ? to_json(found)
                                                     : to_text(found, context.console.color_out()));
    const bool works = found.sandbox.tried ? found.sandbox.ready : !found.servers.empty();
    return works ? 0 : static_cast<int>(ErrorCode::environment);
  };
}

}  // namespace

extern const Command doctor_command = {"doctor",
                                       "check what this machine has for contraflow, and what is missing",
                                       "Finds the PostgreSQL server binaries, starts a throwaway server, asks the configured database for its version and "
                                       "says what to install. Exits with 3 where no "
                                       "server can be started.",
                                       "contraflow doctor\n"
                                       "contraflow doctor --pg-bindir /opt/pg17/bin\n"
                                       "contraflow doctor --format json",
                                       add_options};

}  // namespace contraflow::cli
