// SPDX-License-Identifier: Apache-2.0
#include "cli/completions.h"

#include <fmt/format.h>

#include "base/text.h"

namespace contraflow::cli {
namespace {

std::string shell_quote(std::string_view text) { return "'" + replace_all(text, "'", "'\\''") + "'"; }

std::string words_of(const std::vector<OptionDescription>& options) {
  std::vector<std::string> words;
  for (const OptionDescription& option : options) {
    if (!option.positional) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return join(words, " ");
}

std::string command_words(const Description& program) {
  std::vector<std::string> names;
  for (const CommandDescription& command : program.commands) names.push_back(command.name);
  return join(names, " ");
}

// What a positional takes where it is one of a few words, such as the shell of `completions`.
std::string positional_words(const CommandDescription& command) {
  for (const OptionDescription& option : command.options) {
    if (option.positional && !option.choices.empty()) return join(option.choices, " ");
  }
  return {};
}

// Options that take one of a few words; those that take a file or a name leave the rest to the shell.
std::string bash_choices(const std::string& command, const std::vector<OptionDescription>& options) {
  std::string cases;
  for (const OptionDescription& option : options) {
    if (option.positional || option.value.empty()) continue;
    for (const std::string& name : option.names) {
      cases += fmt::format("    {}:{}) words='{}'; values=1 ;;\n", command, name, join(option.choices, " "));
    }
  }
  return cases;
}

// In a zsh specification brackets and colons separate the parts.
std::string zsh_escape(std::string_view text) {
  std::string out(text);
  for (const char* special : {"\\", "[", "]", ":"})
    out = replace_all(out, special, std::string("\\") + special);
  return out;
}

std::string zsh_option(const OptionDescription& option) {
  const std::string action =
      option.choices.empty() ? "_files" : fmt::format("({})", join(option.choices, " "));
  if (option.positional) {
    return fmt::format("'{}:{}:{}'", option.repeatable ? "*" : "", zsh_escape(option.names.front()), action);
  }
  std::vector<std::string> specs;
  for (const std::string& name : option.names) {
    const std::string value =
        option.value.empty() ? "" : fmt::format(":{}:{}", zsh_escape(option.names.back()), action);
    specs.push_back(shell_quote(
        fmt::format("{}{}[{}]{}", option.repeatable ? "*" : "", name, zsh_escape(option.text), value)));
  }
  return join(specs, " ");
}

}  // namespace

std::string bash_completions(const Description& program) {
  std::string by_command;
  std::string choices = bash_choices("", program.options);
  for (const CommandDescription& command : program.commands) {
    by_command += fmt::format("      {}) words='{}'; plain='{}' ;;\n", command.name,
                              words_of(command.options), positional_words(command));
    choices += bash_choices(command.name, command.options);
  }
  return fmt::format(R"(# bash completion for contraflow: `contraflow completions bash`
_contraflow() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command='' word words='' plain='' values=''
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {0} " in *" $word "*) command="$word"; break ;; esac
  done
  case "$command:$previous" in
{1}    *) ;;
  esac
  if [ -z "$values" ]; then
    case "$command" in
{2}      *) words='{3}'; plain='{0}' ;;
    esac
    case "$current" in -*) ;; *) words="$plain" ;; esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _contraflow contraflow
)",
                     command_words(program), choices, by_command, words_of(program.options));
}

std::string zsh_completions(const Description& program) {
  std::string names;
  std::string cases;
  for (const CommandDescription& command : program.commands) {
    names += "    " + shell_quote(command.name + ":" + zsh_escape(command.summary)) + "\n";
    std::string options;
    for (const OptionDescription& option : command.options) options += " \\\n        " + zsh_option(option);
    cases += fmt::format("    {}) _arguments{} ;;\n", command.name, options);
  }
  std::string options;
  for (const OptionDescription& option : program.options) options += "    " + zsh_option(option) + " \\\n";
  return fmt::format(R"(#compdef contraflow
# zsh completion for contraflow: `contraflow completions zsh`
_contraflow() {{
  local -a commands
  commands=(
{}  )
  local context state state_descr line
  _arguments -C \
{}    '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
{}    esac ;;
  esac
}}
if [ "$funcstack[1]" = "_contraflow" ]; then _contraflow "$@"; else compdef _contraflow contraflow; fi
)",
                     names, options, cases);
}

std::string fish_completions(const Description& program) {
  std::string out = "# fish completion for contraflow: `contraflow completions fish`\n";
  const auto add = [&](const OptionDescription& option, const std::string& condition) {
    std::string line = "complete -c contraflow -n " + shell_quote(condition);
    if (option.positional && option.choices.empty()) return;
    for (const std::string& name : option.names) {
      if (option.positional) break;
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.choices.empty()) {
      line += option.positional ? " -f -a " : " -x -a ";
      line += shell_quote(join(option.choices, " "));
    } else if (!option.value.empty()) {
      line += " -r";
    }
    out += line + " -d " + shell_quote(option.text) + "\n";
  };
  for (const OptionDescription& option : program.options) add(option, "__fish_use_subcommand");
  for (const CommandDescription& command : program.commands) {
    out += fmt::format("complete -c contraflow -n '__fish_use_subcommand' -f -a {} -d {}\n", command.name,
                       shell_quote(command.summary));
    for (const OptionDescription& option : command.options)
      add(option, "__fish_seen_subcommand_from " + command.name);
  }
  return out;
}

}  // namespace contraflow::cli
