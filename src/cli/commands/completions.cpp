// SPDX-License-Identifier: Apache-2.0
#include "cli/completions.h"

#include "cli/command.h"

namespace contraflow::cli {
namespace {

Runner add_options(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "the shell")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh", "fish"}));
  return [shell](Context& context) {
    const Description program = describe();
    if (*shell == "bash") context.console.print(bash_completions(program));
    if (*shell == "zsh") context.console.print(zsh_completions(program));
    if (*shell == "fish") context.console.print(fish_completions(program));
    return 0;
  };
}

}  // namespace

extern const Command completions_command = {
    "completions", "print a completion script for a shell", "",
    "contraflow completions bash > /etc/bash_completion.d/contraflow\n"
    "contraflow completions zsh > \"${fpath[1]}/_contraflow\"\n"
    "contraflow completions fish > ~/.config/fish/completions/contraflow.fish",
    add_options};

}  // namespace contraflow::cli
