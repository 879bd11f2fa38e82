// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/client_target.h"
#include "agent/direct_ddl.h"
#include "agent/shell_line.h"

namespace contraflow::agent {

using Variables = std::map<std::string, SeenWord>;

// "psql" of /usr/bin/psql, in lower case.
std::string program_of(const std::string& word);
// How a protected database's variable stands in a word that it was filled into.
std::string as_variable(const std::string& name);
// Whether a name stands in a text as a whole word.
bool mentions(const std::string& text, const std::string& name);
// The words from one on, with a blank between them.
std::string texts(const std::vector<SeenWord>& words, std::size_t from = 0);
SeenWord joined(const std::vector<SeenWord>& words);

bool is_assignment(const ShellWord& word);  // NAME=value
void assign(Variables& variables, SeenWord assignment);

// What a shell knows while it goes through a line: the variables that the line set, and the files that it wrote.
class ShellState {
 public:
  explicit ShellState(const HookInput& input) : input_(input) {}

  Variables variables;
  std::map<std::string, std::optional<std::string>> made;  // files that the line writes, or may: what they hold, where that is known

  void change_folder(const SeenWord& to);  // cd

  // A word as the command gets it: more than one where a variable that is not quoted holds blanks. `own`: variables for this command alone.
  std::vector<SeenWord> expand(const ShellWord& word, const Variables& own) const;
  // In one, with its line ends.
  SeenWord text_of(const ShellWord& word, const Variables& own) const;
  // What echo, printf and cat FILE write.
  std::optional<SeenWord> written_by(const std::vector<SeenWord>& words) const;
  // What a file holds when the command runs: one before it in the line may write it.
  std::optional<std::string> file(const SeenWord& path) const;
  // A variable as a program finds it in its environment; "" for none.
  std::string setting(const char* name, const Variables& own) const;
  bool is_protected(const std::string& variable) const;

 private:
  SeenWord value_of(const ShellPart& part, const Variables& own) const;
  SeenWord output_of(const std::string& commands) const;

  const HookInput& input_;
  std::string folder_;  // from which relative paths of files go; empty: where the line began
  bool folder_known_ = true;
  mutable int expanding_ = 0;
};

}  // namespace contraflow::agent
