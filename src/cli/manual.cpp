// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/config.h"
#include "cli/version.h"

namespace contraflow::cli {
namespace {

struct ExitCode {
  int code;
  const char* meaning;
};

constexpr ExitCode kExitCodes[] = {
    {0, "done"},
    {1, "findings at or above the failing severity, a refuted verdict, or a plan that may not be written"},
    {2, "wrong usage: options, configuration, or input that cannot be read"},
    {3, "the environment failed: connection, missing server binaries, disk"},
    {4, "stopped and resumable"},
};

// Hyphens are what people copy; a line must not begin with a control character.
std::string roff(std::string_view text) {
  std::string out = replace_all(replace_all(text, "\\", "\\e"), "-", "\\-");
  out = replace_all(out, "\n.", "\n\\&.");
  out = replace_all(out, "\n'", "\n\\&'");
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string roff_options(const std::vector<OptionDescription>& options) {
  std::string out;
  for (const OptionDescription& option : options) {
    out += fmt::format(".TP\n.B {}\n{}\n", roff(option_title(option)), roff(option_text(option)));
  }
  return out;
}

std::string to_upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string markdown_options(const std::vector<OptionDescription>& options) {
  std::string out = "| option | meaning |\n| --- | --- |\n";
  for (const OptionDescription& option : options) {
    out += fmt::format("| `{}` | {} |\n", replace_all(option_title(option), "|", "\\|"),
                       replace_all(option_text(option), "|", "\\|"));
  }
  return out;
}

}  // namespace

std::string option_title(const OptionDescription& option) {
  std::string title = join(option.names, ", ");
  if (!option.positional && !option.value.empty()) title += " " + option.value;
  return option.repeatable ? title + " …" : title;
}

std::string option_text(const OptionDescription& option) {
  std::string text = option.text;
  if (!option.default_value.empty()) text += fmt::format(" (default: {})", option.default_value);
  if (option.positional && !option.choices.empty()) text += ": " + join(option.choices, ", ");
  if (option.required) text += " (required)";
  return text;
}

std::string command_usage(const CommandDescription& command) {
  std::string usage = "contraflow " + command.name;
  for (const OptionDescription& option : command.options) {
    if (!option.positional) continue;
    const std::string name = option.names.front() + (option.repeatable ? "…" : "");
    usage += option.required ? " " + name : " [" + name + "]";
  }
  return usage + " [OPTION…]";
}

std::string command_man_page(const CommandDescription& command) {
  std::string out = fmt::format(".TH CONTRAFLOW\\-{} 1 \"\" \"contraflow {}\" \"User Commands\"\n", replace_all(to_upper(command.name), "-", "\\-"), program_version());
  out += fmt::format(".SH NAME\ncontraflow\\-{} \\- {}\n.SH SYNOPSIS\n.B {}\n", roff(command.name), roff(command.summary), roff(command_usage(command)));
  if (!command.details.empty()) out += ".SH DESCRIPTION\n" + roff(command.details) + "\n";
  out += ".SH OPTIONS\n" + roff_options(command.options);
  for (const TermTable& table : command.tables) {
    out += fmt::format(".SH \"{}\"\n", roff(to_upper(table.title)));
    for (const auto& [term, meaning] : table.rows) out += fmt::format(".TP\n.B {}\n{}\n", roff(term), roff(meaning));
  }
  out += ".SH EXAMPLES\n.nf\n" + roff(join(command.examples, "\n")) + "\n.fi\n.SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes) out += fmt::format(".TP\n.B {}\n{}\n", code.code, roff(code.meaning));
  return out + ".SH SEE ALSO\n.BR contraflow (1)\n";
}

std::string man_page(const Description& program) {
  std::string out =
      fmt::format(".TH CONTRAFLOW 1 \"\" \"contraflow {}\" \"User Commands\"\n", program_version());
  out += fmt::format(".SH NAME\ncontraflow \\- {}\n", roff(program.summary));
  out += ".SH SYNOPSIS\n.B contraflow\n.I COMMAND\n[OPTION...]\n";
  out += ".SH OPTIONS\n" + roff_options(program.options) + ".SH COMMANDS\n";
  for (const CommandDescription& command : program.commands) {
    out += fmt::format(".SS {}\n{}\n", roff(command_usage(command)), roff(command.summary));
    if (!command.details.empty()) out += ".PP\n" + roff(command.details) + "\n";
    out += roff_options(command.options);
    for (const TermTable& table : command.tables) {
      out += ".PP\n" + roff(table.title) + "\n";
      for (const auto& [term, meaning] : table.rows) out += fmt::format(".TP\n.B {}\n{}\n", roff(term), roff(meaning));
    }
    out += ".PP\nExamples:\n.PP\n.nf\n.RS\n" + roff(join(command.examples, "\n")) + "\n.RE\n.fi\n";
  }
  out +=
      ".SH CONFIGURATION\ncontraflow.toml, in the working folder or above it; the environment wins over it, "
      "options "
      "win over both.\n";
  for (const ConfigKey& key : config_keys()) {
    const std::string variable = key.variable[0] != '\0' ? fmt::format(", {}", key.variable) : "";
    out += fmt::format(".TP\n.B {}{}\n{}\n", roff(key.name), roff(variable), roff(key.meaning));
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes)
    out += fmt::format(".TP\n.B {}\n{}\n", code.code, roff(code.meaning));
  return out;
}

std::string markdown_manual(const Description& program) {
  std::string out =
      "# Commands\n\nWritten by `contraflow man --format markdown`; a test checks that it is current.\n\n";
  out += fmt::format("contraflow {}.\n\n{}\n", program.summary, markdown_options(program.options));
  for (const CommandDescription& command : program.commands) {
    out += fmt::format("## {}\n\n`{}`\n\n{}.\n\n", command.name, command_usage(command), command.summary);
    if (!command.details.empty()) out += command.details + "\n\n";
    out += markdown_options(command.options);
    for (const TermTable& table : command.tables) {
      out += fmt::format("\n{}\n\n| | |\n| --- | --- |\n", table.title);
      for (const auto& [term, meaning] : table.rows) out += fmt::format("| `{}` | {} |\n", replace_all(term, "|", "\\|"), replace_all(meaning, "|", "\\|"));
    }
    out += "\n```sh\n" + join(command.examples, "\n") + "\n```\n\n";
  }
  out +=
      "## Configuration\n\n`contraflow.toml`, in the working folder or above it; the environment wins over "
      "it, options "
      "win over both.\n\n| setting | variable | meaning |\n| --- | --- | --- |\n";
  for (const ConfigKey& key : config_keys()) {
    const std::string variable = key.variable[0] != '\0' ? fmt::format("`{}`", key.variable) : "";
    out += fmt::format("| `{}` | {} | {} |\n", key.name, variable, key.meaning);
  }
  out += "\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n";
  for (const ExitCode& code : kExitCodes) out += fmt::format("| {} | {} |\n", code.code, code.meaning);
  return out;
}

}  // namespace contraflow::cli
