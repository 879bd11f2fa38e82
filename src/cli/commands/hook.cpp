// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/direct_ddl.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/protected_databases.h"
#include "pg/connection_target.h"

namespace contraflow::cli {
namespace {

using Json = nlohmann::json;

// Exit code that coding assistants take for "do not run it", with standard error as the reason for the model.
constexpr int kBlocked = 2;

std::string text_in(const Json& json, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (json.is_object() && json.contains(key) && json[key].is_string()) return json[key];
  }
  return "";
}

agent::ProtectedDatabase protected_database(const std::string& url, const std::string& variable) {
  if (url.empty()) return {"", variable, "", "", "", ""};
  const pg::ConnectionTarget target = pg::target_of_conninfo(url);
  return {url, variable, target.host, target.port, target.database, target.service};
}

// Tools whose names say that they run SQL; any other server's tool may have an argument "query" that is none.
bool runs_sql(const std::string& tool) {
  const std::string name = to_lower(tool);
  return name.find("sql") != std::string::npos || name.find("postgres") != std::string::npos || name.find("database") != std::string::npos || name.find("supabase") != std::string::npos || name.find("neon") != std::string::npos;
}

int judge(Context& context) {
  const Json call = Json::parse(read_file("-"), nullptr, false);
  if (!call.is_object() || !call.contains("tool_input")) {
    context.console.error_text("contraflow hook: standard input is no call of a tool; it is not let through\n");
    return kBlocked;
  }
  agent::HookInput input;
  const std::string tool = text_in(call, {"tool_name"});
  input.command = text_in(call["tool_input"], {"command", "cmd", "script"});
  const bool of_ours = to_lower(tool).find("contraflow") != std::string::npos;
  input.surely_sql = runs_sql(tool);
  if (!of_ours && (input.surely_sql || tool.starts_with("mcp__"))) input.sql = text_in(call["tool_input"], {"sql", "query", "statement"});
  for (const std::string& given : protected_databases(context.config)) {
    const bool variable = given.starts_with("env:");
    const char* value = variable ? std::getenv(given.c_str() + 4) : nullptr;
    input.databases.push_back(protected_database(!variable ? given : value == nullptr ? ""
                                                                                      : value,
                                                 variable ? given.substr(4) : ""));
  }
  input.environment = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
  };
  const std::string folder = text_in(call, {"cwd"});
  input.read_file = [folder](const std::string& path) -> std::optional<std::string> {
    try {
      return path == "-" || path.empty() ? std::nullopt : std::optional(read_file(folder.empty() ? std::filesystem::path(path) : std::filesystem::path(folder) / path));
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  input.target_of = [](const std::string& conninfo) -> std::optional<agent::NamedTarget> {
    try {
      const pg::ConnectionTarget target = pg::target_of_conninfo(conninfo);
      return agent::NamedTarget{target.host, target.port, target.database, target.service};
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  const auto why = agent::direct_ddl(input);
  if (!why) return 0;
  context.console.error_text(*why + "\n");
  return kBlocked;
}

// Any other exit code than 2 lets the call run: what goes wrong here may not.
int run(Context& context) {
  try {
    return judge(context);
  } catch (const std::exception& error) {
    context.console.error_text(std::string("contraflow hook: ") + error.what() + "; the call is not let through\n");
    return kBlocked;
  }
}

Runner add_options(CLI::App&) {
  return [](Context& context) { return run(context); };
}

}  // namespace

extern const Command hook_command;
const Command hook_command{
    "hook", "a pre-tool hook for coding assistants: no direct DDL on the databases of the configuration",
    "Reads the call of a tool as JSON (tool_name, tool_input, cwd) on standard input. Exit 2, with the reason for the model on standard error, for psql and migration runners that change the schema of [database] url or one of [agent] protected, "
    "or may: what cannot be seen is not let through. Exit 0: it may run. share/contraflow/assistants has ready configurations.",
    "echo '{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"psql $DATABASE_URL -c \\\"DROP TABLE t\\\"\"}}' | contraflow hook",
    add_options};

}  // namespace contraflow::cli
