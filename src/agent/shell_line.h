// SPDX-License-Identifier: Apache-2.0
//
// A line for a POSIX shell or bash, cut into its simple commands. Nothing is run and nothing is filled in: that is for whoever knows the variables.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace contraflow::agent {

struct ShellPart {
  enum class Kind { text,
                    variable,
                    substitution };
  Kind kind = Kind::text;
  std::string value;     // the text; the variable's name ("1", "@", … too); the commands of $(…), `…`, <(…)
  std::string fallback;  // of ${NAME:-fallback}
  bool quoted = false;
};

struct ShellWord {
  std::vector<ShellPart> parts;
};

struct ShellCommand {
  std::vector<ShellWord> words;
  std::optional<ShellWord> input;        // of a here document or here string
  std::optional<ShellWord> input_file;   // < FILE
  std::optional<ShellWord> output_file;  // > FILE
  bool appends = false;                  // >> FILE
  bool piped = false;                    // reads what the command before it writes
};

// In their order. Reserved words (if, do, {, !) stand at the beginning of a command's words; groups, subshells and lists are taken apart. What does not end is taken to end with the line.
std::vector<ShellCommand> shell_commands(const std::string& line);

}  // namespace contraflow::agent
