// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/config.h"
#include "cli/console.h"

namespace contraflow::cli {

// What every command gets: where to write and what the configuration says.
struct Context {
  Console& console;
  Config config;
};

// Exit codes are ErrorCode's numbers; 0 is done. Failures are thrown as Error.
using Runner = std::function<int(Context&)>;

// Terms of a small language of the command's own (the intents of `plan --do`), for help, man page and docs/cli.md.
struct TermTable {
  std::string title;
  std::vector<std::pair<std::string, std::string>> rows;  // term, meaning
};

// A row of the table in commands.cpp.
struct Command {
  const char* name;
  const char* summary;   // one line, lower case, no full stop
  const char* details;   // more for --help and the man page; may be empty
  const char* examples;  // one command a line, `# comment` behind it where it helps; never empty
  // Adds options and positionals and returns what runs after parsing; both share the command's own options
  // struct (std::make_shared). Help, completions and the man page are made from the descriptions given here.
  Runner (*add_options)(CLI::App&);
  std::vector<TermTable> (*tables)() = nullptr;
};

// All commands, in the order of the help.
const std::vector<const Command*>& commands();

// `--format` with the formats that this command knows; the first is the default.
std::shared_ptr<std::string> add_format_option(CLI::App& app, const std::vector<std::string>& formats);

// Options that every command takes, bound to this.
struct GlobalOptions {
  std::string color = "auto";
  std::string config_file;
};

// A parser with every command in it, or with the one named `only`. `global` must outlive it; `selected` runs when a command was named.
std::unique_ptr<CLI::App> make_app(GlobalOptions& global, const std::function<void(const Command&, const Runner&)>& selected, std::string_view only = {});

}  // namespace contraflow::cli
