// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace contraflow::agent {

// A database that nobody changes but through contraflow, by what a command can name it with.
struct ProtectedDatabase {
  std::string url;       // may be empty: then only the variable is known
  std::string variable;  // "DATABASE_URL", that holds it
  std::string host, database;
};

struct HookInput {
  std::string command;  // of a shell
  std::string sql;      // of a tool that runs SQL
  std::vector<ProtectedDatabase> databases;
  std::function<std::string(const char*)> environment;                          // "" for what is not set
  std::function<std::optional<std::string>(const std::string& path)> read_file;  // empty: cannot be read
};

// Why the call is not let through; empty: it may run. A shell command is refused where it reaches a protected database with a client or a migration runner and changes the schema
// there, or may: SQL that cannot be seen (standard input, a file that is not there, `\i`) is not let through. No sandbox: a script that hides what it does is not seen.
std::optional<std::string> direct_ddl(const HookInput& input);

}  // namespace contraflow::agent
