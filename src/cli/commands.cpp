// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"

// The table of commands. To add one:
//   1. write src/cli/commands/NAME.cpp, which defines `extern const Command NAME_command` with its
//      summary, examples and options (doctor.cpp is a short one to start from);
//   2. add its row here, where the help should show it.
// Help, completions, the man page and docs/cli.md follow from the descriptions; command_test.cpp checks
// every row.
#define CONTRAFLOW_COMMANDS(ROW) \
  ROW(init)                      \
  ROW(plan)                      \
  ROW(rehearse)                  \
  ROW(review)                    \
  ROW(check)                     \
  ROW(fix)                       \
  ROW(rules)                     \
  ROW(apply)                     \
  ROW(rollback)                  \
  ROW(next)                      \
  ROW(status)                    \
  ROW(pause)                     \
  ROW(resume)                    \
  ROW(throttle)                  \
  ROW(queries)                   \
  ROW(orm)                       \
  ROW(tests)                     \
  ROW(snapshot)                  \
  ROW(context)                   \
  ROW(mcp)                       \
  ROW(ask)                       \
  ROW(approve)                   \
  ROW(hook)                      \
  ROW(doctor)                    \
  ROW(completions)               \
  ROW(man)

namespace contraflow::cli {

#define DECLARE(NAME) extern const Command NAME##_command;
CONTRAFLOW_COMMANDS(DECLARE)
#undef DECLARE

const std::vector<const Command*>& commands() {
#define ADDRESS(NAME) &NAME##_command,
  static const std::vector<const Command*> table = {CONTRAFLOW_COMMANDS(ADDRESS)};
#undef ADDRESS
  return table;
}

std::shared_ptr<std::string> add_format_option(CLI::App& app, const std::vector<std::string>& formats) {
  auto format = std::make_shared<std::string>(formats.front());
  // The option keeps the pointer alive through its own callback.
  app.add_option_function<std::string>(
         "--format", [format](const std::string& value) { *format = value; }, "form of the output")
      ->check(CLI::IsMember(formats))
      ->default_str(formats.front());
  return format;
}

namespace {

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("--color", global.color, "colour the output")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "always", "never"}))
      ->default_str("auto")
      ->group("General");
  app.add_option("--config", global.config_file,
                 "configuration file (default: contraflow.toml here or above)")
      ->type_name("FILE")
      ->group("General");
  app.set_help_flag("-h,--help", "say what this does, with examples")->group("General");
}

}  // namespace

std::unique_ptr<CLI::App> make_app(GlobalOptions& global, const std::function<void(const Command&, const Runner&)>& selected, std::string_view only) {
  auto app = std::make_unique<CLI::App>(
      "changes the schema of a live PostgreSQL database without stopping it", "contraflow");
  app->require_subcommand(0, 1);
  add_global_options(*app, global);
  app->set_version_flag(
         "--version", [] { return std::string(); }, "versions of this program, its parser, the servers found")
      ->group("General");
  for (const Command* command : commands()) {
    if (!only.empty() && only != command->name) continue;
    CLI::App* sub = app->add_subcommand(command->name, command->summary);
    const Runner runner = command->add_options(*sub);
    add_global_options(*sub, global);
    sub->final_callback([command, runner, selected] { selected(*command, runner); });
  }
  return app;
}

}  // namespace contraflow::cli
