// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
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
constexpr std::uintmax_t kLargestFile = 8 << 20;

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

// A call as assistants write it: `tool_input` is an object (Claude Code, Gemini CLI) or JSON in a text; Cursor's beforeShellExecution has `command` beside its name.
struct Call {
  std::string event, tool, folder;
  Json input;
  bool shell = false;
};

std::optional<Call> read_call(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Call out{text_in(json, {"hook_event_name"}), text_in(json, {"tool_name"}), text_in(json, {"cwd"}), {}, false};
  if (out.event == "beforeShellExecution") {
    out.shell = true;
    out.input = json;
  } else if (json.contains("tool_input")) {
    out.input = json["tool_input"].is_string() ? Json::parse(json["tool_input"].get<std::string>(), nullptr, false) : json["tool_input"];
  }
  if (out.event == "beforeShellExecution" && text_in(json, {"command"}).empty()) return std::nullopt;
  return out.input.is_object() ? std::optional(out) : std::nullopt;
}

// What the assistant reads besides the exit code.
int answer(Context& context, const Call& call, const std::optional<std::string>& why) {
  if (call.event == "beforeShellExecution" || call.event == "beforeMCPExecution") {
    Json said{{"permission", why ? "deny" : "allow"}};
    if (why) said["user_message"] = said["agent_message"] = *why;
    context.console.print(said.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
  } else if (call.event == "BeforeTool" && !why) {
    context.console.print("{}\n");
  }
  if (!why) return 0;
  context.console.error_text(*why + "\n");
  return kBlocked;
}

int judge(Context& context) {
  const std::optional<Call> read = read_call(read_file("-"));
  if (!read) {
    context.console.error_text("contraflow hook: standard input is no call of a tool; it is not let through\n");
    return kBlocked;
  }
  const Call& call = *read;
  agent::HookInput input;
  const std::string& tool = call.tool;
  input.command = text_in(call.input, {"command", "cmd", "script"});
  const bool of_ours = to_lower(tool).find("contraflow") != std::string::npos;
  input.surely_sql = runs_sql(tool);
  const bool of_a_server = tool.starts_with("mcp_") || call.event == "beforeMCPExecution";
  if (!call.shell && !of_ours && (input.surely_sql || of_a_server)) input.sql = text_in(call.input, {"sql", "query", "statement"});
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
  input.read_file = [folder = call.folder](const std::string& path) -> std::optional<std::string> {
    try {
      const std::filesystem::path file = folder.empty() ? std::filesystem::path(path) : std::filesystem::path(folder) / path;
      // A pipe or a device would keep the answer waiting, and what does not come in time lets the call run.
      if (!std::filesystem::is_regular_file(file) || std::filesystem::file_size(file) > kLargestFile) return std::nullopt;
      return read_file(file);
    } catch (const std::exception&) {
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
  return answer(context, call, agent::direct_ddl(input));
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
    "Reads the call of a tool as JSON on standard input, as Claude Code, Cursor and Gemini CLI write it. Exit 2, with the reason for the model on standard error, for psql and migration runners that change the schema of [database] url or one of [agent] protected, "
    "or may: what cannot be seen is not let through. Exit 0: it may run. share/contraflow/assistants has ready configurations.",
    "echo '{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"psql $DATABASE_URL -c \\\"DROP TABLE t\\\"\"}}' | contraflow hook",
    add_options};

}  // namespace contraflow::cli
