// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace contraflow::cli {

// The command line as data, read from the parser's own descriptions: completions, man page and docs/cli.md
// are made of this and of nothing else.
struct OptionDescription {
  std::vector<std::string> names;  // "--format", "-h"; one upper-case word for a positional
  std::string value;               // placeholder of its value; empty for a flag
  std::vector<std::string> choices;
  std::string text;
  std::string default_value;
  bool positional = false;
  bool required = false;
  bool repeatable = false;
};

struct CommandDescription {
  std::string name;
  std::string summary;
  std::string details;
  std::vector<std::string> examples;
  std::vector<OptionDescription> options;
  std::vector<TermTable> tables;
};

struct Description {
  std::string summary;
  std::vector<OptionDescription> options;  // of the program itself
  std::vector<CommandDescription> commands;
};

Description describe();

}  // namespace contraflow::cli
