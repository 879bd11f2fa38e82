// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "agent/approval.h"
#include "agent/audit.h"
#include "agent/known_plans.h"
#include "agent/server.h"
#include "agent/tools.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/process.h"
#include "cli/command.h"
#include "cli/error_report.h"
#include "cli/plan_run.h"
#include "cli/version.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string root, audit;
  bool allow_samples = false;
};

constexpr auto kLongestCall = std::chrono::minutes(10);

std::string timestamp() { return fmt::format("{:%Y%m%d%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()))); }

std::string config_hash(const Config& config) { return config.file.empty() ? "" : sha256(config.file.string() + "\n" + read_file(config.file)); }

int run(Context& context, const Options& options) {
  const Config& config = context.config;
  const fs::path folder = !options.root.empty() ? fs::path(options.root) : !config.file.empty() ? config.file.parent_path()
                                                                                                : fs::current_path();
  const agent::ProjectRoot root(folder);
  const fs::path audit_file = options.audit.empty() ? agent::Audit::default_file() : fs::absolute(options.audit);
  agent::Audit audit(audit_file, fmt::format("{}-{}", timestamp(), ::getpid()), hide_passwords);

  agent::ToolOptions tools{root, config.migrations.empty() ? "" : fs::absolute(config.migrations).string(), !config.database_url.empty(), options.allow_samples, {}, {}, timestamp};
  const std::string pinned = config_hash(config);
  // An assistant can edit the project's files. It cannot lead this session to another database by that.
  tools.unchanged = [pinned, file = config.file, root] {
    std::optional<fs::path> explicit_file;
    if (!file.empty()) explicit_file = file;
    std::error_code ignored;
    const bool gone = explicit_file && !fs::is_regular_file(*explicit_file, ignored);
    if (gone || config_hash(read_config(explicit_file, root.path())) != pinned) {
      throw Error(ErrorCode::refused, "contraflow.toml is not what it was when this server started", "a person looks at the change and starts the server again");
    }
  };
  tools.known_plan = agent::is_known_plan;
  // The key is that of the start: an assistant that exchanges the file changes nothing for this session.
  tools.approval = [key = agent::approver_key()](const std::string& hash) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    return agent::judge_approval(agent::read_approval(hash), key, hash, now);
  };
  tools.run = [root, file = config.file](const std::vector<std::string>& arguments, const std::string& input, const std::function<bool()>& cancelled, const std::function<void(std::string_view)>& line) {
    std::vector<std::string> words{"/proc/self/exe", arguments.front(), "--color=never"};
    if (!file.empty()) words.push_back("--config=" + file.string());
    words.insert(words.end(), arguments.begin() + 1, arguments.end());
    ProcessOptions process;
    process.input = input;
    process.folder = root.path().string();
    // A phase takes as long as its tables are large; to cancel it is to ask it to stop at a safe point.
    if (arguments.front() == "apply") process.grace = std::chrono::seconds(30);
    else process.timeout = kLongestCall;
    process.on_line = line;
    process.environment = {{"CONTRAFLOW_PROGRESS_LINES", "1"}};
    process.cancelled = cancelled;
    const ProcessResult result = run_process(words, process);
    if (result.timed_out) throw Error(ErrorCode::environment, "the command took longer than ten minutes and was ended");
    return agent::CommandResult{result.exit_code, result.output, result.error_output};
  };

  const auto stop = std::make_shared<std::atomic<bool>>(false);
  stop_on_signal(stop);
  const agent::ServerOptions server{program_version(), agent::kInstructions, agent::tools(tools), agent::rule_resources(), [tools] { return agent::plan_resources(tools); }, agent::resource_templates(), agent::prompts(), &audit, [stop] { return stop->load(); }};
  audit.record({{"event", "start"}, {"version", server.version}, {"root", root.path().string()}, {"config", config.file.string()}, {"config_sha256", pinned}, {"database", !config.database_url.empty()}, {"allow_samples", options.allow_samples}});
  agent::serve(server, std::cin, std::cout);
  audit.record({{"event", "end"}});
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--root", options->root, "the project: no file outside of it is read or written (default: the folder of contraflow.toml, else the working folder)")->type_name("DIR");
  app.add_option("--audit", options->audit, "file to which every message and outcome is appended (default: contraflow/mcp-audit.jsonl in $XDG_STATE_HOME or ~/.local/state)")->type_name("FILE");
  app.add_flag("--allow-samples", options->allow_samples, "rehearse may tell values of rows that are in a plan's way: three keys each, what the server's errors quote (default: no value of any row)");
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command mcp_command;
const Command mcp_command{
    "mcp", "a server for coding assistants (Model Context Protocol on standard input and output)",
    "Tools: schema_slice, check_migration, plan_change, rehearse, review, find_queries, orm_patch, generate_tests, status, and apply_phase for what a person approved with contraflow approve. The database is the configured one; no tool runs SQL of the assistant on it, returns rows (see --allow-samples), or reads outside of the project. docs/mcp.md has the setup.",
    "contraflow mcp --root /srv/shop   # what an assistant's configuration starts",
    add_options};

}  // namespace contraflow::cli
