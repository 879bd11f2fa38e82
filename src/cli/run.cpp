// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/helpers.h"
#include "base/keep.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/describe.h"
#include "cli/error_report.h"
#include "cli/help.h"
#include "cli/version.h"

namespace contraflow::cli {
namespace {

constexpr int kDone = 0;
constexpr int kInternalError = 70;  // sysexits.h: EX_SOFTWARE; none of the documented codes fits

ColorMode color_mode(const std::string& name) {
  if (name == "always") return ColorMode::always;
  return name == "never" ? ColorMode::never : ColorMode::automatic;
}

const Command* command_named(std::string_view name) {
  for (const Command* command : commands()) {
    if (command->name == name) return command;
  }
  return nullptr;
}

// The first word that is no option: what the user took for a command.
std::string intended_command(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--color" || arguments[i] == "--config") {
      ++i;
    } else if (!arguments[i].starts_with('-')) {
      return arguments[i];
    }
  }
  return {};
}

Error usage_error(const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const std::string name = intended_command(arguments);
  if (!name.empty() && command_named(name) == nullptr) {
    std::vector<std::string> names;
    for (const Command* command : commands()) names.emplace_back(command->name);
    const std::string near = nearest(name, names);
    return Error(
        ErrorCode::usage, fmt::format("there is no command '{}'", name),
        near.empty() ? "contraflow --help lists the commands" : fmt::format("did you mean '{}'?", near));
  }
  const std::string help = name.empty() ? "contraflow --help" : fmt::format("contraflow {} --help", name);
  return Error(ErrorCode::usage, error.what(), fmt::format("{} shows the options, with examples", help));
}

// Errors before the options are parsed should be coloured as asked, too.
ColorMode early_color_mode(const std::vector<std::string>& arguments) {
  const auto named = std::find(arguments.begin(), arguments.end(), "--color");
  if (named != arguments.end() && named + 1 != arguments.end()) return color_mode(*(named + 1));
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--color=")) return color_mode(argument.substr(8));
  }
  return ColorMode::automatic;
}

// Whether `check` has work for a second thread: many files, a folder, a long file.
bool wants_helper(const std::vector<std::string>& arguments) {
  constexpr std::size_t kManyFiles = 64;
  constexpr off_t kLongFile = 8 * 1024;
  if (arguments.size() > kManyFiles) return true;
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    struct stat found {};
    return !argument.starts_with('-') && ::stat(argument.c_str(), &found) == 0 && (S_ISDIR(found.st_mode) || found.st_size >= kLongFile);
  });
}

int dispatch(const std::vector<std::string>& arguments, Console& console) {
  GlobalOptions global;
  const Command* command = nullptr;
  Runner runner;
  const std::string intended = intended_command(arguments);
  if (intended == "check" && wants_helper(arguments)) Helpers::expect();  // it begins while the options are read
  const auto selected = [&](const Command& chosen, const Runner& run_it) {
    command = &chosen;
    runner = run_it;
  };
  // The options of all commands take longer to set up than a small file takes to check.
  auto app = make_app(global, selected, command_named(intended) != nullptr ? intended : "");
  try {
    app->parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes the last one first
  } catch (const CLI::CallForVersion&) {
    console.print(version_text());
    return kDone;
  } catch (const CLI::Success&) {
    console.use_color(early_color_mode(arguments));
    console.print(help_text(describe(), command_named(intended) != nullptr ? intended : "", console.width_out(), console.color_out()));
    return kDone;
  } catch (const CLI::ParseError& error) {
    throw usage_error(error, arguments);
  }
  console.use_color(color_mode(global.color));
  if (command == nullptr) {
    console.error_text(help_text(describe(), "", console.width_out(), console.color_err()));
    return static_cast<int>(ErrorCode::usage);
  }
  std::optional<std::filesystem::path> config_file;
  if (!global.config_file.empty()) config_file = global.config_file;
  Context context{console, read_config(config_file, std::filesystem::current_path())};
  const int code = runner(context);
  if (process_ends) keep_until_exit(std::move(app));
  return code;
}

}  // namespace

int run(const std::vector<std::string>& arguments, Console& console) {
  try {
    console.use_color(early_color_mode(arguments));
    const int code = dispatch(arguments, console);
    console.flush();
    return code;
  } catch (const BrokenPipe&) {
    return kDone;
  } catch (const Error& error) {
    console.error_text(render_error(error, console.color_err()));
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    console.error_text(
        render_error(Error(ErrorCode::environment, fmt::format("internal error: {}", error.what()),
                           "this is a fault in contraflow: please report it with the command and its input"),
                     console.color_err()));
    return kInternalError;
  }
}

}  // namespace contraflow::cli
